#include "service/auth/admin_commands.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "service/base/log.h"
#include "tests/unit/service_auth/accounts_fixture.h"

using namespace kiyome;
using namespace kiyome::auth;

namespace {

struct Answer {
  std::vector<std::string> lines;
  std::string error;
  bool ours = false;
};

Answer ask(Desk& desk, const std::string& request) {
  Answer out;
  try {
    out.ours = handle_admin(*desk.accounts, request, [&](std::string_view line) {
      out.lines.emplace_back(line);
      return true;
    });
  } catch (const std::exception& trouble) {
    out.error = trouble.what();
  }
  return out;
}

std::string import(const std::string& csv) {
  return R"({"command":"user.import","actor":"suzuki","csv":)" + log::json_string(csv) + "}";
}

}  // namespace

TEST_CASE("admin: an account's whole life") {
  Desk desk;
  CHECK(ask(desk,
            R"({"command":"user.add","actor":"suzuki","login":"yamada","name":"山田","mail":"y@b.example",)"
            R"("department":"総務部","roles":["sender","staff"],"password":"correct horse battery"})")
            .ours);
  CHECK(desk.sign_in("yamada").session.step == Step::new_password);
  CHECK(ask(desk, R"({"command":"user.role","login":"yamada","roles":["auditor"]})").ours);
  CHECK(ask(desk, R"({"command":"user.department","login":"yamada","department":"税務部"})").ours);
  const Answer list = ask(desk, R"({"command":"user.list"})");
  REQUIRE(list.lines.size() == 1);
  CHECK(list.lines[0].starts_with(
      R"({"login":"yamada","name":"山田","mail":"y@b.example","tenant":"","department":"税務部","roles":["auditor"],)"
      R"("disabled":false,"second_factor":false,"new_password":true,"local":true,"created_at":")"));
  CHECK(ask(desk, R"({"command":"user.passwd","login":"yamada","password":"another good one"})").ours);
  CHECK(desk.sign_in("yamada", "another good one").session.step == Step::new_password);
  const Answer token = ask(desk, R"({"command":"user.token","login":"yamada","for":"夜間連携"})");
  REQUIRE(token.lines.size() == 1);
  CHECK(desk.accounts->program(token.lines[0].substr(10, 43)));
  CHECK(ask(desk, R"({"command":"user.tokens","login":"yamada"})")
            .lines[0]
            .starts_with(R"({"number":1,"for":"夜間連携",)"));
  CHECK(ask(desk, R"({"command":"user.token.end","login":"yamada","number":1})").ours);
  CHECK(ask(desk, R"({"command":"user.tokens","login":"yamada"})").lines.empty());
  CHECK(ask(desk, R"({"command":"user.totp","login":"yamada"})").ours);
  CHECK(ask(desk, R"({"command":"user.disable","login":"yamada"})").ours);
  CHECK(desk.accounts->find("yamada")->disabled);
  CHECK(ask(desk, R"({"command":"user.enable","login":"yamada"})").ours);
  CHECK_FALSE(desk.accounts->find("yamada")->disabled);
  CHECK(desk.events.front().actor == "suzuki");
  CHECK(desk.events.back().actor == "operator");
}

TEST_CASE("admin: where there are tenants an account has to fit one, alone and in a list") {
  Desk desk;
  desk.accounts->set_tenants({.trouble = [](const Account& account) -> std::string {
                                if (account.tenant.empty()) return "";
                                if (account.tenant != "甲市") return "tenant";
                                return account.mail.ends_with("@kou.example") ? "" : "mail";
                              },
                              .of = {}});
  const auto add = [&](const std::string& login, const std::string& tenant, const std::string& mail) {
    return ask(desk, R"({"command":"user.add","login":")" + login + R"(","mail":")" + mail +
                         R"(","tenant":")" + tenant + "\"}")
        .error;
  };
  CHECK(add("a", "甲市", "a@kou.example").empty());
  CHECK(desk.accounts->find("a")->tenant == "甲市");
  CHECK(add("b", "乙市", "b@kou.example").ends_with(": tenant"));
  CHECK(add("b", "甲市", "b@otsu.example").ends_with(": mail"));
  CHECK(add("b", "", "b@otsu.example").empty());
  const Answer list =
      ask(desk, import("login,mail,tenant,roles\nc,c@kou.example,甲市,staff\nd,d@x.example,甲市,staff\n"));
  REQUIRE(list.lines.size() == 1);
  CHECK(list.lines[0].starts_with("{\"line\":3,"));
  CHECK_FALSE(desk.accounts->find("c"));
}

TEST_CASE("admin: what is not ours is left, what cannot be done is said in words") {
  Desk desk;
  CHECK_FALSE(ask(desk, R"({"command":"queue.list"})").ours);
  CHECK_FALSE(ask(desk, R"({"command":"user.dance"})").ours);
  CHECK(ask(desk, R"({"command":"user.disable","login":"nobody"})").error ==
        "見つかりません / there is no such one: nobody");
  CHECK(ask(desk, R"({"command":"user.add","login":"a","password":"short"})").error.find("too short") !=
        std::string::npos);
  CHECK(ask(desk, R"({"command":"user.add","login":"a b"})").error.find("login") != std::string::npos);
  CHECK(ask(desk, R"({"command":"user.add","login":"a","roles":["king"]})").error.find("king") !=
        std::string::npos);
  CHECK_FALSE(ask(desk, "nonsense").error.empty());
  CHECK_FALSE(ask(desk, "[]").error.empty());
  CHECK_FALSE(desk.accounts->find("a"));
}

TEST_CASE("admin: an import takes all, or tells every mistake in the order of lines and takes none") {
  Desk desk;
  desk.add("yamada");
  const Answer bad = ask(desk, import("login,mail,department,roles,password\n"
                                      "aoki,aoki@b.example,総務部,staff,correct horse battery\n"
                                      "yamada,,,,\n"
                                      "inoue,i@b.example,総務部//課,staff,\n"
                                      "ueda,u@b.example,総務部,king,\n"
                                      "endo,e@b.example,総務部,staff,short\n"));
  CHECK(bad.error == "1 件も登録していません / nothing was imported");
  REQUIRE(bad.lines.size() == 4);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK_MESSAGE(bad.lines[i].starts_with("{\"line\":" + std::to_string(i + 3) + ","), bad.lines[i]);
  CHECK_FALSE(desk.accounts->find("aoki"));
  const Answer good = ask(desk, import("login,mail,department,roles,password\n"
                                       "aoki,aoki@b.example,総務部,staff,correct horse battery\n"
                                       "endo,e@b.example,総務部,staff,\n"));
  CHECK(good.error.empty());
  CHECK(good.lines == std::vector<std::string>{R"({"imported":2})"});
  CHECK(desk.sign_in("aoki").session.step == Step::new_password);
  CHECK_FALSE(desk.accounts->find("endo")->local);
}

TEST_CASE(
    "admin: an import with more passwords than are hashed within an asker's patience is refused at once") {
  Desk desk;
  std::string csv = "login,password\n";
  for (std::size_t i = 0; i <= limits::kAccountListPasswords; ++i)
    csv += "p" + std::to_string(i) + ",correct horse battery\n";
  const Answer answer = ask(desk, import(csv));
  REQUIRE(answer.lines.size() == 1);
  CHECK(answer.lines[0].starts_with("{\"line\":" + std::to_string(limits::kAccountListPasswords + 2)));
}
