#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "service/auth/password.h"
#include "service/store/database.h"
#include "tests/unit/service_auth/accounts_fixture.h"

using namespace kiyome;
using namespace kiyome::auth;

namespace {

Account person(const std::string& login, const std::string& department, const std::set<Role>& roles,
               const std::string& tenant = "") {
  Account out;
  out.login = login;
  out.department = department;
  out.roles = roles;
  out.tenant = tenant;
  return out;
}

std::vector<std::string> logins(const std::vector<Account>& accounts) {
  std::vector<std::string> out;
  for (const Account& each : accounts) out.push_back(each.login);
  return out;
}

}  // namespace

TEST_CASE("weak passwords: too short, the login, the most common ones; nothing else is asked") {
  CHECK(is_weak("elevenchars", "x", 12));
  CHECK_FALSE(is_weak("twelve chars", "x", 12));
  CHECK_FALSE(is_weak("あいうえおかきくけこさし", "x", 12));
  CHECK(is_weak("あいうえおかきくけこさ", "x", 12));
  CHECK(is_weak("Yamada.Taro.1", "yamada.taro.1", 12));
  CHECK_FALSE(is_weak("Yamada.Taro.12", "yamada.taro.1", 12));
  CHECK(is_weak("Password1234", "x", 12));
  CHECK(is_weak("1qaz2wsx3edc", "x", 12));
  CHECK_FALSE(is_weak("aaaaaaaaaaab", "x", 12));
}

TEST_CASE("roles: names and numbers fit both ways") {
  for (const char* name : {"sender", "staff", "approver", "reviewer", "auditor", "administrator"})
    CHECK(name_of(*role_of(name)) == name);
  CHECK_FALSE(role_of("root"));
  CHECK_FALSE(role_of(""));
}

TEST_CASE("accounts: found by login and mail in any case, listed by login") {
  Desk desk;
  desk.add("Yamada");
  desk.add("aoki");
  REQUIRE(desk.accounts->find("YAMADA"));
  CHECK(desk.accounts->find("yamada")->name == "山田 Yamada");
  REQUIRE(desk.accounts->find_by_mail("YAMADA@city.example.jp"));
  CHECK_FALSE(desk.accounts->find("nobody"));
  CHECK_FALSE(desk.accounts->find_by_mail("nobody@city.example.jp"));
  std::vector<std::string> seen;
  desk.accounts->list([&](const Account& account) {
    seen.push_back(account.login);
    desk.accounts->find(account.login);  // may be asked from within
    return true;
  });
  CHECK(seen == std::vector<std::string>{"aoki", "yamada"});
}

TEST_CASE("accounts: of many, a listing gives each once and ends when it is told to") {
  Desk desk;
  std::vector<NewAccount> many;
  for (std::size_t i = 0; i < 2 * limits::kAccountsAsked + 1; ++i)
    many.push_back({person("p" + std::to_string(i), "", {}), ""});
  desk.accounts->add_all(many, "operator");
  std::size_t count = 0;
  desk.accounts->list([&](const Account&) { return ++count, true; });
  CHECK(count == many.size());
  count = 0;
  desk.accounts->list([&](const Account&) { return ++count < 3; });
  CHECK(count == 3);
  // An account without a mail address is nobody's recipient.
  CHECK_FALSE(desk.accounts->find_by_mail(""));
}

TEST_CASE("accounts: what cannot be one is refused, with the field; its twin is taken") {
  Desk desk;
  const auto add = [&](const Account& account, const std::string& password = "") {
    return desk.refusal([&] { desk.accounts->add(account, password, "operator"); });
  };
  CHECK(add(person("", "", {})) == "invalid");
  CHECK(add(person("with blank", "", {})) == "invalid");
  CHECK(add(person("山田", "", {})) == "invalid");
  CHECK(add(person(std::string(limits::kAccountText + 1, 'a'), "", {})) == "invalid");
  CHECK(add(person(std::string(limits::kAccountText, 'a'), "", {})).empty());
  CHECK(add(person("a", "総務部//課", {})) == "invalid");
  CHECK(desk.last.detail == "department");
  CHECK(add(person("a", "/総務部", {})) == "invalid");
  CHECK(add(person("a", "総務部\n課", {})) == "invalid");
  Account account = person("a", "総務部/総務課", {});
  account.mail = "no address";
  CHECK(add(account) == "invalid");
  account.mail = "a@b.example";
  account.name = "a\x01";
  CHECK(add(account) == "invalid");
  account.name = "青木";
  CHECK(add(account, "short") == "weak-password");
  CHECK(add(account, kPassword).empty());
  CHECK(add(account, kPassword) == "exists");
  account.login = "b";
  CHECK(add(account, kPassword) == "exists");  // the mail address
  CHECK(desk.last.detail == "a@b.example");
  account.mail = "B@b.example";
  CHECK(add(account, kPassword).empty());
}

TEST_CASE("accounts: of a list with one mistake nothing is taken") {
  Desk desk;
  const std::vector<NewAccount> list = {{person("a", "", {}), ""}, {person("b", "", {}), "short"}};
  CHECK(desk.refusal([&] { desk.accounts->add_all(list, "operator"); }) == "weak-password");
  CHECK_FALSE(desk.accounts->find("a"));
  const std::vector<NewAccount> twice = {{person("a", "", {}), ""}, {person("A", "", {}), ""}};
  CHECK(desk.refusal([&] { desk.accounts->add_all(twice, "operator"); }) == "exists");
  CHECK_FALSE(desk.accounts->find("a"));
  CHECK(desk.told("account-added") == 0);
}

TEST_CASE("approvers: of the department, else of the nearest above, of the same tenant, not disabled") {
  Desk desk;
  const auto add = [&](const Account& account) { desk.accounts->add(account, "", "operator"); };
  add(person("bucho", "総務部", {Role::approver}));
  add(person("kacho", "総務部/総務課", {Role::approver}));
  add(person("staff", "総務部/総務課", {Role::staff}));
  add(person("jinji", "総務部/人事課", {Role::staff}));
  add(person("shicho", "", {Role::approver}));
  add(person("elsewhere", "総務部/総務課", {Role::approver}, "B町"));
  const auto of = [&](const std::string& department, const std::string& tenant = "") {
    return logins(desk.accounts->approvers_of(tenant, department));
  };
  CHECK(of("総務部/総務課") == std::vector<std::string>{"kacho"});
  CHECK(of("総務部/総務課/庶務係") == std::vector<std::string>{"kacho"});
  CHECK(of("総務部/人事課") == std::vector<std::string>{"bucho"});
  CHECK(of("総務部") == std::vector<std::string>{"bucho"});
  CHECK(of("消防本部") == std::vector<std::string>{"shicho"});
  CHECK(of("総務部/総務課", "B町") == std::vector<std::string>{"elsewhere"});
  CHECK(of("消防本部", "B町").empty());
  desk.accounts->set_disabled("kacho", true, "operator");
  CHECK(of("総務部/総務課") == std::vector<std::string>{"bucho"});
}

TEST_CASE("administration: changes are told with who made them, and of nobody they are refused") {
  Desk desk;
  desk.add("yamada");
  desk.accounts->set_roles("yamada", {Role::staff, Role::approver}, "suzuki");
  desk.accounts->set_department("yamada", "税務部", "suzuki");
  CHECK(desk.accounts->find("yamada")->has(Role::approver));
  CHECK_FALSE(desk.accounts->find("yamada")->has(Role::sender));
  CHECK(desk.accounts->find("yamada")->department == "税務部");
  CHECK(desk.events.back().actor == "suzuki");
  CHECK(desk.events.back().detail == "department: 総務部/総務課 -> 税務部");
  CHECK(desk.refusal([&] { desk.accounts->set_department("yamada", "a//b", "suzuki"); }) == "invalid");
  CHECK(desk.refusal([&] { desk.accounts->set_roles("nobody", {}, "suzuki"); }) == "not-found");
  CHECK(desk.refusal([&] { desk.accounts->set_department("nobody", "", "suzuki"); }) == "not-found");
  CHECK(desk.refusal([&] { desk.accounts->set_password("nobody", kPassword, "suzuki"); }) == "not-found");
  CHECK(desk.refusal([&] { desk.accounts->set_disabled("nobody", true, "suzuki"); }) == "not-found");
  CHECK(desk.refusal([&] { desk.accounts->forget_second_factor("nobody", "suzuki"); }) == "not-found");
  CHECK(desk.refusal([&] { desk.accounts->add_program_token("nobody", "x", "suzuki"); }) == "not-found");
}

TEST_CASE("program tokens: listed without themselves, ended one by one, not too many") {
  Desk desk;
  desk.add("yamada");
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < limits::kProgramTokens; ++i)
    tokens.push_back(desk.accounts->add_program_token("yamada", "夜間連携" + std::to_string(i), "operator"));
  CHECK(desk.refusal([&] { desk.accounts->add_program_token("yamada", "x", "operator"); }) == "invalid");
  const auto list = desk.accounts->program_tokens("yamada");
  REQUIRE(list.size() == limits::kProgramTokens);
  CHECK(list[0].what_for == "夜間連携0");
  CHECK(list[0].used_ms == 0);
  CHECK(desk.accounts->program(tokens[0]));
  CHECK(desk.accounts->program_tokens("yamada")[0].used_ms > 0);
  desk.accounts->end_program_token("yamada", list[0].number, "operator");
  CHECK_FALSE(desk.accounts->program(tokens[0]));
  CHECK(desk.accounts->program(tokens[1]));
  desk.add("tanaka");
  CHECK(desk.refusal([&] { desk.accounts->end_program_token("tanaka", list[1].number, "operator"); }) ==
        "not-found");
  CHECK(desk.accounts->program(tokens[1]));
}

TEST_CASE(
    "program tokens: a store that cannot be written, as on a full disk, keeps no program and no session "
    "out") {
  if (store::tests_on_postgres()) return;  // what is one statement waits there for nobody
  Desk desk;
  desk.add("yamada");
  const std::string token = desk.accounts->add_program_token("yamada", "x", "operator");
  const auto in = desk.sign_in("yamada");
  store::Database other(desk.folder.string() + "/accounts.sqlite");
  const store::Transaction writing(other);  // nobody else writes meanwhile
  CHECK(desk.accounts->program(token));
  desk.minutes(2);
  CHECK(desk.accounts->session(in.token));
}

TEST_CASE("reload: new rules count at once, for those who are signed in too") {
  Desk desk;
  desk.add("yamada");
  const auto in = desk.sign_in("yamada");
  desk.minutes(20);
  desk.config.idle_minutes = 10;
  desk.accounts->reload(desk.config);
  CHECK_FALSE(desk.accounts->session(in.token));
}
