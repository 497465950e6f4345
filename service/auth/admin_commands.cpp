#include "service/auth/admin_commands.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "proto/base/limits.h"
#include "service/auth/account_list.h"
#include "service/base/clock.h"
#include "service/base/log.h"

namespace kiyome::auth {
namespace {

using Json = Poco::JSON::Object::Ptr;

std::string text_of(const Json& request, const char* key) { return request->optValue<std::string>(key, ""); }

// A refusal as a person reads it. The hostile part of it is escaped where it is printed.
std::string words_of(const Refusal& refusal) {
  if (refusal.code == "exists")
    return fmt::format("すでに使われています / is in use already: {}", refusal.detail);
  if (refusal.code == "not-found")
    return fmt::format("見つかりません / there is no such one: {}", refusal.detail);
  if (refusal.code == "invalid")
    return fmt::format("この項目は正しくありません / this is not right: {}", refusal.detail);
  if (refusal.code == "weak-password")
    return "パスワードが短すぎるか、よくあるものか、ログイン名と同じです / the password is too short, too "
           "common, or the "
           "login";
  if (refusal.code == "too-many-tries") return "混み合っています。もう一度実行してください / busy: try again";
  return refusal.code;
}

std::set<Role> roles_of(const Json& request) {
  std::set<Role> out;
  const Poco::JSON::Array::Ptr array = request->getArray("roles");
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    const auto name = array->getElement<std::string>(static_cast<unsigned>(i));
    const auto role = role_of(name);
    if (!role)
      throw std::runtime_error(fmt::format(
          "知らない役割です / unknown role: {} (sender staff approver reviewer auditor administrator)",
          name));
    out.insert(*role);
  }
  return out;
}

std::string line_of(const Account& account) {
  std::string roles;
  for (const Role role : account.roles)
    roles += fmt::format("{}\"{}\"", roles.empty() ? "" : ",", name_of(role));
  return fmt::format(
      R"({{"login":{},"name":{},"mail":{},"tenant":{},"department":{},"roles":[{}],"disabled":{},)"
      R"("second_factor":{},"new_password":{},"local":{},"created_at":"{}","changed_at":"{}"}})",
      log::json_string(account.login), log::json_string(account.name), log::json_string(account.mail),
      log::json_string(account.tenant), log::json_string(account.department), roles, account.disabled,
      account.second_factor, account.new_password, account.local, iso_time(account.created_ms),
      iso_time(account.changed_ms));
}

std::string line_of(const ProgramToken& token) {
  return fmt::format(R"({{"number":{},"for":{},"created_at":"{}","used_on":"{}"}})", token.number,
                     log::json_string(token.what_for), iso_time(token.created_ms),
                     token.used_ms == 0 ? "" : iso_time(token.used_ms).substr(0, 10));
}

void add(Accounts& accounts, const Json& request, const std::string& actor) {
  Account account;
  account.login = text_of(request, "login");
  account.name = text_of(request, "name");
  account.mail = text_of(request, "mail");
  account.tenant = text_of(request, "tenant");
  account.department = text_of(request, "department");
  account.roles = roles_of(request);
  account.local = request->optValue<bool>("local", true);
  account.new_password = request->optValue<bool>("new_password", true);
  accounts.add(account, account.local ? text_of(request, "password") : "", actor);
}

// Every mistake with its line; then nothing is imported.
void import(Accounts& accounts, const Json& request, const std::string& actor, const AdminReply& reply) {
  AccountList list = read_account_list(text_of(request, "csv"));
  std::vector<NewAccount> fresh;
  std::size_t hashed = 0;
  for (const AccountList::Entry& entry : list.entries) {
    if (list.mistakes.size() >= limits::kAccountListMistakes) break;
    const Refusal trouble = accounts.trouble_with(entry.account);
    if (!trouble.code.empty()) list.mistakes.push_back({entry.line, words_of(trouble)});
    if (!entry.account.password.empty() && ++hashed == limits::kAccountListPasswords + 1)
      list.mistakes.push_back(
          {entry.line, fmt::format("パスワード付きは一度に {} 件までです / at most {} passwords at once",
                                   limits::kAccountListPasswords, limits::kAccountListPasswords)});
    fresh.push_back(entry.account);
  }
  if (!list.mistakes.empty()) {
    std::stable_sort(list.mistakes.begin(), list.mistakes.end(),
                     [](const ListMistake& a, const ListMistake& b) { return a.line < b.line; });
    for (const ListMistake& each : list.mistakes)
      reply(fmt::format(R"({{"line":{},"mistake":{}}})", each.line, log::json_string(each.what)));
    throw std::runtime_error("1 件も登録していません / nothing was imported");
  }
  accounts.add_all(fresh, actor);
  reply(fmt::format(R"({{"imported":{}}})", fresh.size()));
}

bool handle(Accounts& accounts, const std::string& command, const Json& request, const AdminReply& reply) {
  const std::string actor = request->optValue<std::string>("actor", "operator");
  const std::string login = text_of(request, "login");
  if (command == "user.list") {
    accounts.list([&](const Account& account) { return reply(line_of(account)); });
  } else if (command == "user.add") {
    add(accounts, request, actor);
  } else if (command == "user.passwd") {
    accounts.set_password(login, text_of(request, "password"), actor);
  } else if (command == "user.totp") {
    accounts.forget_second_factor(login, actor);
  } else if (command == "user.role") {
    accounts.set_roles(login, roles_of(request), actor);
  } else if (command == "user.department") {
    accounts.set_department(login, text_of(request, "department"), actor);
  } else if (command == "user.disable" || command == "user.enable") {
    accounts.set_disabled(login, command == "user.disable", actor);
  } else if (command == "user.token") {
    const std::string token = accounts.add_program_token(login, text_of(request, "for"), actor);
    reply(fmt::format(R"({{"token":"{}"}})", token));
  } else if (command == "user.tokens") {
    for (const ProgramToken& each : accounts.program_tokens(login)) reply(line_of(each));
  } else if (command == "user.token.end") {
    accounts.end_program_token(login, request->optValue<std::int64_t>("number", 0), actor);
  } else if (command == "user.import") {
    import(accounts, request, actor, reply);
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool handle_admin(Accounts& accounts, const std::string& request_json, const AdminReply& reply) {
  Poco::JSON::Parser parser;
  const Json request = parser.parse(request_json).extract<Json>();
  const std::string command = text_of(request, "command");
  if (!command.starts_with("user.")) return false;
  try {
    return handle(accounts, command, request, reply);
  } catch (const Refusal& refusal) {
    throw std::runtime_error(words_of(refusal));
  }
}

}  // namespace kiyome::auth
