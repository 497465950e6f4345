// Signs people in through service/auth as a role does, for ldap_test.py: directory_sign_in CONFIG FOLDER.
// Each line of standard input is words parted by TAB; each gives one JSON line.
//   sign-in LOGIN PASSWORD    add LOGIN PASSWORD    disable LOGIN
#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "service/auth/accounts.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace {

using namespace kiyome;

std::string told(const auth::Session& session) {
  std::string roles;
  for (const auth::Role role : session.account.roles)
    roles += fmt::format("{}\"{}\"", roles.empty() ? "" : ",", auth::name_of(role));
  return fmt::format(
      R"({{"outcome":"in","step":{},"number":{},"login":{},"name":{},"mail":{},"department":{},"roles":[{}])",
      static_cast<int>(session.step), session.account.number, log::json_string(session.account.login),
      log::json_string(session.account.name), log::json_string(session.account.mail),
      log::json_string(session.account.department), roles);
}

std::string act(auth::Accounts& accounts, const std::string& line) {
  std::istringstream words(line);
  std::string what, login, password;
  std::getline(words, what, '\t');
  std::getline(words, login, '\t');
  std::getline(words, password, '\t');
  try {
    if (what == "sign-in") return told(accounts.sign_in(login, password, "192.0.2.1").session);
    auth::Account account;
    account.login = login;
    if (what == "add") accounts.add(account, password, "test");
    if (what == "disable") accounts.set_disabled(login, true, "test");
    return R"({"outcome":"done")";
  } catch (const auth::Refusal& refusal) {
    return fmt::format(R"({{"outcome":"{}")", refusal.code);
  } catch (const TemporaryFailure& trouble) {
    return fmt::format(R"({{"outcome":"unavailable","why":{})", log::json_string(trouble.what()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  ::signal(SIGPIPE, SIG_IGN);  // as roles do
  Config config = load_config(argv[1]);
  if (!config.auth.ldap.ca.empty()) {
    std::ifstream file(config.auth.ldap.ca, std::ios::binary);
    config.auth.ldap.ca_pem.assign(std::istreambuf_iterator<char>(file), {});
  }
  auth::Accounts accounts(argv[2], config.auth, [](const auth::Event&) {});
  for (std::string line; std::getline(std::cin, line);) {
    const auto begin = Steady::now();
    const std::string answer = act(accounts, line);
    std::puts(fmt::format("{},\"ms\":{:.0f}}}", answer, milliseconds_since(begin)).c_str());
    std::fflush(stdout);
  }
  return 0;
}
