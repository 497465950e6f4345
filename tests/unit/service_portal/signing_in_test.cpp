// Signing in over HTTP: who is let in, with which cookie, and what a foreign page can do about it.
#include <doctest/doctest.h>

#include <ctime>

#include "tests/unit/service_portal/portal_fixture.h"

using namespace kiyome;
using namespace kiyome::testing;

namespace {

std::string code_now(const std::string& base32) {
  std::string secret;
  unsigned bits = 0, value = 0;
  for (const char c : base32) {
    value = value << 5 | static_cast<unsigned>(c >= 'A' ? c - 'A' : c - '2' + 26);
    if ((bits += 5) >= 8) secret += static_cast<char>(value >> (bits -= 8));
  }
  return auth::totp(secret, std::time(nullptr) / 30);
}

std::string code(const Answer& answer) { return Browser::member(answer, "code"); }

}  // namespace

TEST_CASE("portal: login and password give a session, a cookie that scripts cannot read, and a CSRF token") {
  Town town;
  town.add("yamada");
  Browser browser = town.browser();
  CHECK(browser.ask({}).status == 401);
  const Answer answer = browser.sign_in("yamada");
  CHECK(answer.status == 200);
  CHECK(Browser::member(answer, "state") == "signed-in");
  CHECK(Browser::member(answer, "mail") == "yamada@city.example.jp");
  CHECK(answer.content.find(R"("name":"山田 \u003c/script>")") != std::string::npos);
  CHECK(answer.content.find(R"("roles":["sender"],"second_factor":false,"idle_seconds":1800)") !=
        std::string::npos);
  CHECK(browser.set_cookie.starts_with("kiyome="));
  CHECK(browser.set_cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"));
  CHECK(!browser.csrf.empty());
  CHECK(browser.ask({}).status == 200);
  CHECK(browser.ask({"POST", "/api/v1/mine", "x"}).content == R"({"who":"yamada","body":"x"})");
}

TEST_CASE("portal: a wrong login and a wrong password are one answer") {
  Town town;
  town.add("yamada");
  Browser browser = town.browser();
  const Answer unknown = browser.sign_in("suzuki");
  const Answer wrong = browser.sign_in("yamada", "wrong horse battery");
  CHECK(unknown.status == 401);
  CHECK(code(unknown) == "sign-in-refused");
  CHECK(unknown.content == wrong.content);
  CHECK(browser.cookie.empty());
  CHECK(browser.sign_in("yamada").status == 200);
}

TEST_CASE("portal: too many tries are told to wait, with the time") {
  Town town;
  town.add("yamada");
  Browser browser = town.browser();
  Answer answer;
  for (int tries = 0; tries < 20 && answer.status != 429; ++tries)
    answer = browser.sign_in("yamada", "wrong wrong wrong");
  CHECK(answer.status == 429);
  CHECK(code(answer) == "too-many-tries");
  CHECK(std::stoi(answer.headers.at("retry-after")) > 0);
  CHECK(browser.sign_in("yamada").status == 429);
}

TEST_CASE("portal: a sign-in that is no JSON of ours is refused by name") {
  Town town;
  Browser browser = town.browser();
  CHECK(browser.ask({"POST", "/api/v1/session", "login=yamada"}).status == 400);
  CHECK(browser.ask({"POST", "/api/v1/session", "{}", {{"Content-Type", "text/plain"}}}).status == 415);
  CHECK(browser.ask({"POST", "/api/v1/session", R"({"login":"a","password":"b","admin":true})"})
            .content.find(R"("fields":["admin"])") != std::string::npos);
  CHECK(browser.ask({"POST", "/api/v1/session", R"({"login":["a"],"password":""})"})
            .content.find(R"("fields":["login","password"])") != std::string::npos);
  CHECK(browser.ask({"POST", "/api/v1/session", R"({"login":"a\u0000b","password":"x"})"}).status == 422);
  CHECK(browser.ask({"PUT", "/api/v1/session", "{}"}).status == 405);
}

TEST_CASE("portal: writing takes the CSRF token and comes from our own page") {
  Town town;
  town.add("yamada");
  Browser browser = town.browser();
  browser.sign_in("yamada");
  const auto post = [&](std::map<std::string, std::string> headers) {
    return browser.ask({"POST", "/api/v1/mine", "x", std::move(headers)});
  };
  CHECK(post({}).status == 200);
  CHECK(post({{"Sec-Fetch-Site", "same-origin"}, {"Origin", "https://files.example"}}).status == 200);
  for (const std::map<std::string, std::string>& headers :
       std::vector<std::map<std::string, std::string>>{{{"X-Kiyome-CSRF", ""}},
                                                       {{"X-Kiyome-CSRF", "0"}},
                                                       {{"X-Kiyome-CSRF", browser.csrf + "0"}},
                                                       {{"Sec-Fetch-Site", "cross-site"}},
                                                       {{"Sec-Fetch-Site", "same-site"}},
                                                       {{"Sec-Fetch-Site", "none"}},
                                                       {{"Origin", "null"}},
                                                       {{"Origin", "https://evil.example"}},
                                                       {{"Origin", "https://files.example.evil.example"}},
                                                       {{"Origin", "https://files.example:444"}}}) {
    const Answer answer = post(headers);
    CHECK_MESSAGE(answer.status == 403, headers.begin()->second);
    CHECK(code(answer) == "csrf");
  }
  CHECK(browser.ask({"GET", "/api/v1/mine", "", {{"X-Kiyome-CSRF", ""}}}).status == 200);
  Browser foreign = town.browser();
  CHECK(foreign
            .ask({"POST",
                  "/api/v1/session",
                  R"({"login":"yamada","password":"correct horse battery"})",
                  {{"Sec-Fetch-Site", "cross-site"}}})
            .status == 403);
  CHECK(foreign.cookie.empty());
}

TEST_CASE("portal: the token of another session's page does not fit") {
  Town town;
  town.add("yamada");
  town.add("suzuki");
  Browser yamada = town.browser(), suzuki = town.browser();
  yamada.sign_in("yamada");
  suzuki.sign_in("suzuki");
  CHECK(yamada.ask({"POST", "/api/v1/mine", "x", {{"X-Kiyome-CSRF", suzuki.csrf}}}).status == 403);
}

TEST_CASE("portal: a session that was there before the sign-in is worth nothing after it") {
  Town town;
  town.add("yamada");
  town.add("suzuki");
  Browser victim = town.browser(), attacker = town.browser();
  attacker.sign_in("suzuki");
  victim.cookie = attacker.cookie;
  CHECK(victim.sign_in("yamada").status == 200);
  CHECK(victim.cookie != attacker.cookie);
  CHECK(attacker.ask({}).status == 401);
  Browser invented = town.browser();
  invented.cookie = "kiyome=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  CHECK(invented.ask({}).status == 401);
  invented.cookie = "kiyome=" + std::string(5000, 'A');
  CHECK(invented.ask({}).status == 401);
}

TEST_CASE("portal: signing out ends the session and takes the cookie away") {
  Town town;
  town.add("yamada");
  Browser browser = town.browser();
  browser.sign_in("yamada");
  const std::string before = browser.cookie;
  CHECK(browser.ask({"DELETE", "/api/v1/session", "", {{"X-Kiyome-CSRF", ""}}}).status == 403);
  CHECK(browser.ask({"DELETE"}).status == 204);
  CHECK(browser.set_cookie.find("kiyome=; Path=/") == 0);
  CHECK(browser.set_cookie.find("Max-Age=0") != std::string::npos);
  browser.cookie = before;
  CHECK(browser.ask({}).status == 401);
}

TEST_CASE("portal: roles") {
  Town town;
  town.add("yamada", {auth::Role::sender});
  town.add("suzuki", {auth::Role::reviewer});
  Browser yamada = town.browser(), suzuki = town.browser(), nobody = town.browser();
  yamada.sign_in("yamada");
  suzuki.sign_in("suzuki");
  const Ask approvals{"GET", "/api/v1/approvals"};
  CHECK(yamada.ask(approvals).status == 403);
  CHECK(code(yamada.ask(approvals)) == "forbidden");
  CHECK(suzuki.ask(approvals).status == 200);
  CHECK(nobody.ask(approvals).status == 401);
  town.accounts->set_disabled("suzuki", true, "operator");
  CHECK(suzuki.ask(approvals).status == 401);
}

TEST_CASE("portal: a second factor is enrolled, asked for, and nothing else is open before it is given") {
  Town town({"sender"});
  town.add("yamada");
  Browser browser = town.browser();
  const Answer first = browser.sign_in("yamada");
  CHECK(first.status == 200);
  CHECK(Browser::member(first, "state") == "enrolment");
  CHECK(first.content.find("mail") == std::string::npos);
  CHECK(code(browser.ask({"GET", "/api/v1/mine"})) == "not-signed-in");

  const Answer enrolment = browser.ask({"GET", "/api/v1/session/enrolment"});
  CHECK(enrolment.status == 200);
  CHECK(Browser::member(enrolment, "uri").starts_with("otpauth://totp/"));
  CHECK(Browser::member(enrolment, "qr").find("1111111") != std::string::npos);
  const std::string secret = Browser::member(enrolment, "secret");
  const Answer wrong = browser.ask({"POST", "/api/v1/session/enrolment", R"({"code":"abcdef"})"});
  CHECK(wrong.status == 422);
  CHECK(code(wrong) == "wrong-code");
  const std::string before = browser.cookie;
  const Answer enrolled =
      browser.ask({"POST", "/api/v1/session/enrolment", R"({"code":")" + code_now(secret) + R"("})"});
  CHECK(enrolled.status == 200);
  CHECK(Browser::member(enrolled, "state") == "signed-in");
  CHECK(browser.cookie != before);
  CHECK(browser.ask({"GET", "/api/v1/mine"}).status == 200);
  const std::size_t codes = enrolled.content.find("\"recovery_codes\":[\"");
  REQUIRE(codes != std::string::npos);
  const std::string recovery =
      enrolled.content.substr(codes + 19, enrolled.content.find('"', codes + 19) - codes - 19);

  Browser again = town.browser();
  CHECK(Browser::member(again.sign_in("yamada"), "state") == "second-factor");
  CHECK(again.ask({"GET", "/api/v1/mine"}).status == 401);
  CHECK(again.ask({"POST", "/api/v1/session/second-factor", R"({"code":"short"})"}).status == 422);
  CHECK(again
            .ask({"POST",
                  "/api/v1/session/second-factor",
                  R"({"code":")" + recovery + R"("})",
                  {{"X-Kiyome-CSRF", "x"}}})
            .status == 403);
  const std::string waiting = again.cookie;
  CHECK(again.ask({"POST", "/api/v1/session/second-factor", R"({"code":")" + recovery + R"("})"}).status ==
        200);
  CHECK(again.ask({"GET", "/api/v1/mine"}).status == 200);
  again.cookie = waiting;
  CHECK(again.ask({}).status == 401);
}

TEST_CASE("portal: a password is changed, and the other sessions end") {
  Town town;
  town.add("yamada");
  Browser one = town.browser(), other = town.browser();
  one.sign_in("yamada");
  other.sign_in("yamada");
  const auto change = [&](const std::string& old_one, const std::string& new_one) {
    return one.ask(
        {"PUT", "/api/v1/session/password", R"({"old":")" + old_one + R"(","new":")" + new_one + R"("})"});
  };
  const Answer wrong = change("wrong wrong wrong", "another horse battery");
  CHECK(wrong.status == 422);  // 401 would say that the session has ended
  CHECK(code(wrong) == "wrong-password");
  CHECK(one.ask({"GET", "/api/v1/mine"}).status == 200);
  CHECK(code(change(kPassword, "short")) == "weak-password");
  CHECK(change(kPassword, "another horse battery").status == 200);
  CHECK(one.ask({"GET", "/api/v1/mine"}).status == 200);
  CHECK(other.ask({}).status == 401);
  CHECK(other.sign_in("yamada").status == 401);
  CHECK(other.sign_in("yamada", "another horse battery").status == 200);
}

TEST_CASE("portal: a program's token needs no CSRF token, and cannot sign out or enrol") {
  Town town;
  town.add("robot");
  const std::string token = town.accounts->add_program_token("robot", "test", "operator");
  Browser program = town.browser();
  const std::map<std::string, std::string> with{{"Authorization", "Bearer " + token}};
  CHECK(program.ask({"POST", "/api/v1/mine", "x", with}).content == R"({"who":"robot","body":"x"})");
  CHECK(program.ask({"DELETE", "/api/v1/session", "", with}).status == 403);
  CHECK(program.ask({"GET", "/api/v1/session/enrolment", "", with}).status >= 401);
  for (const std::string& header : {"Bearer " + token + "x", "Basic " + token, std::string("Bearer"),
                                    "Bearer  " + token, "Bearer " + std::string(1000, 'a')}) {
    const Answer answer = program.ask({"GET", "/api/v1/mine", "", {{"Authorization", header}}});
    CHECK_MESSAGE(answer.status == 401, header);
    CHECK(answer.headers.at("www-authenticate") == "Bearer");
  }
  program.sign_in("robot");  // a wrong token is not helped by a right cookie
  CHECK(program.ask({"GET", "/api/v1/mine", "", {{"Authorization", "Bearer x"}}}).status == 401);
}

TEST_CASE("portal: where only some roles come, others are refused as if the password were wrong") {
  Town town;
  town.portal->only({auth::Role::reviewer, auth::Role::auditor});
  town.add("sender");
  town.add("suzuki", {auth::Role::sender, auth::Role::reviewer});
  Browser wrong = town.browser(), right = town.browser();
  const Answer refused = wrong.sign_in("sender");
  CHECK(refused.status == 401);
  CHECK(code(refused) == "sign-in-refused");
  CHECK(wrong.set_cookie.empty());
  CHECK(refused.content == wrong.sign_in("sender", "wrong wrong wrong").content);
  CHECK(right.sign_in("suzuki").status == 200);
  CHECK(right.ask({"GET", "/api/v1/mine"}).status == 200);
}
