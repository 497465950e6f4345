#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "service/auth/secrets.h"
#include "tests/unit/service_auth/accounts_fixture.h"

using namespace kiyome;
using namespace kiyome::auth;

TEST_CASE("totp: the codes of RFC 6238 appendix B") {
  const std::string secret = "12345678901234567890";
  CHECK(totp(secret, 59 / 30) == "287082");
  CHECK(totp(secret, 1111111109 / 30) == "081804");
  CHECK(totp(secret, 1111111111 / 30) == "050471");
  CHECK(totp(secret, 1234567890 / 30) == "005924");
  CHECK(totp(secret, 2000000000 / 30) == "279037");
  CHECK(totp(secret, 20000000000 / 30) == "353130");
}

TEST_CASE("totp: one step to either side, no further, and no code twice") {
  const std::string secret = "12345678901234567890";
  const std::int64_t now = 1'234'567'890'000, step = now / kTotpStepMs;
  for (const int off : {-1, 0, 1}) CHECK(totp_step(secret, totp(secret, step + off), now, 0) == step + off);
  for (const int off : {-2, 2}) CHECK_FALSE(totp_step(secret, totp(secret, step + off), now, 0));
  CHECK_FALSE(totp_step(secret, totp(secret, step), now, step));
  CHECK_FALSE(totp_step(secret, totp(secret, step - 1), now, step));
  CHECK(totp_step(secret, totp(secret, step + 1), now, step) == step + 1);
  CHECK_FALSE(totp_step("", "000000", now, 0));
  CHECK_FALSE(totp_step(secret, "", now, 0));
  CHECK_FALSE(totp_step(secret, totp(secret, step) + "0", now, 0));
}

TEST_CASE("base32: RFC 4648 section 10") {
  CHECK(base32("") == "");
  CHECK(base32("f") == "MY");
  CHECK(base32("fo") == "MZXQ");
  CHECK(base32("foo") == "MZXW6");
  CHECK(base32("foob") == "MZXW6YQ");
  CHECK(base32("fooba") == "MZXW6YTB");
  CHECK(base32("foobar") == "MZXW6YTBOI");
}

TEST_CASE("codes: as a Japanese keyboard gives them") {
  CHECK(typed_code("１２３４５６") == "123456");
  CHECK(typed_code(" 123 456 ") == "123456");
  CHECK(typed_code("ＡＢＣＤ－efgh　ijkl‐mnop") == "abcdefghijklmnop");
  CHECK(typed_code("ー\xEF\xBC") == "\xEF\xBC");
  CHECK(typed_code(std::string(1000, '1')).empty());
}

TEST_CASE(
    "second factor: a role that needs one gets enrolment and nothing else, then a new token at each step") {
  Desk desk;
  desk.add("kanri", {Role::administrator});
  const auto in = desk.sign_in("kanri");
  CHECK(in.session.step == Step::enrolment);
  CHECK(desk.told("sign-in") == 0);
  CHECK(desk.refusal([&] { desk.accounts->second_factor(in.token, "000000", kClient); }) == "forbidden");
  CHECK(desk.refusal([&] {
    desk.accounts->change_password(in.token, kPassword, "another good one", kClient);
  }) == "forbidden");
  const Enrolment enrolment = desk.accounts->enrolment(in.token);
  CHECK(desk.accounts->enrolment(in.token).secret_base32 == enrolment.secret_base32);
  CHECK(enrolment.secret_base32.size() == 32);
  CHECK(enrolment.uri.starts_with("otpauth://totp/Kiyome:kanri?secret=" + enrolment.secret_base32));
  CHECK(desk.refusal([&] { desk.accounts->enrol(in.token, "000000", kClient); }) == "wrong-code");
  const auto enrolled = desk.enrol(in.token);
  CHECK(enrolled.signed_in.session.step == Step::signed_in);
  CHECK(enrolled.signed_in.session.account.second_factor);
  CHECK(enrolled.recovery_codes.size() == limits::kRecoveryCodes);
  CHECK_FALSE(desk.accounts->session(in.token));
  CHECK(desk.told("sign-in") == 1);

  const auto again = desk.sign_in("kanri");
  CHECK(again.session.step == Step::second_factor);
  CHECK(desk.refusal([&] { desk.accounts->enrolment(again.token); }) == "forbidden");
  CHECK(desk.refusal([&] { desk.accounts->second_factor(again.token, desk.code(), kClient); }) ==
        "wrong-code");
  desk.minutes(0.5);
  const auto done = desk.accounts->second_factor(again.token, desk.code(), kClient);
  CHECK(done.session.step == Step::signed_in);
  CHECK(done.token != again.token);
  CHECK(done.session.csrf != again.session.csrf);
  CHECK_FALSE(desk.accounts->session(again.token));
  CHECK(desk.refusal([&] { desk.accounts->second_factor(again.token, desk.code(1), kClient); }) ==
        "not-signed-in");
}

TEST_CASE("second factor: a recovery code serves once, and only its account") {
  Desk desk;
  desk.add("kanri", {Role::administrator});
  desk.add("other", {Role::administrator});
  const auto codes = desk.enrol(desk.sign_in("kanri").token).recovery_codes;
  desk.enrol(desk.sign_in("other").token);
  const auto stranger = desk.sign_in("other");
  CHECK(desk.refusal([&] { desk.accounts->second_factor(stranger.token, codes[0], kClient); }) ==
        "wrong-code");
  const auto in = desk.sign_in("kanri");
  CHECK(desk.accounts->second_factor(in.token, codes[0], kClient).session.step == Step::signed_in);
  const auto again = desk.sign_in("kanri");
  CHECK(desk.refusal([&] { desk.accounts->second_factor(again.token, codes[0], kClient); }) == "wrong-code");
  CHECK(desk.accounts->second_factor(again.token, codes[9], kClient).session.step == Step::signed_in);
  CHECK(desk.events.back().detail == "recovery code; left: 8");
}

TEST_CASE(
    "second factor: guessing locks it across sessions and ends the session; signing in anew does not help") {
  Desk desk;
  desk.add("kanri", {Role::administrator});
  desk.enrol(desk.sign_in("kanri").token);
  desk.minutes(1);
  std::string last;
  for (int i = 0; i < 5; ++i) {
    last = desk.sign_in("kanri").token;
    CHECK(desk.refusal([&] { desk.accounts->second_factor(last, "000000", kClient); }) == "wrong-code");
  }
  CHECK(desk.told("locked") == 1);
  CHECK_FALSE(desk.accounts->session(last));
  const auto in = desk.sign_in("kanri");
  CHECK(desk.refusal([&] { desk.accounts->second_factor(in.token, desk.code(), kClient); }) ==
        "too-many-tries");
  CHECK(desk.last.retry_after_seconds == 900);
  desk.minutes(15);
  const auto later = desk.sign_in("kanri");
  CHECK(desk.accounts->second_factor(later.token, desk.code(), kClient).session.step == Step::signed_in);
}

TEST_CASE("second factor: a step that is left waits ten minutes, no longer") {
  Desk desk;
  desk.add("kanri", {Role::administrator});
  const auto in = desk.sign_in("kanri");
  desk.now_ms += limits::kSignInStepMs;
  CHECK(desk.accounts->session(in.token));
  desk.now_ms += 1;
  CHECK_FALSE(desk.accounts->session(in.token));
  CHECK(desk.refusal([&] { desk.accounts->enrolment(in.token); }) == "not-signed-in");
}

TEST_CASE(
    "second factor: who has the password only cannot put his own over one that was enrolled meanwhile") {
  Desk desk;
  desk.add("kanri", {Role::administrator});
  const auto thief = desk.sign_in("kanri");
  const std::string thiefs = Desk::octets_of(desk.accounts->enrolment(thief.token).secret_base32);
  desk.enrol(desk.sign_in("kanri").token);
  CHECK(desk.refusal([&] {
    desk.accounts->enrol(thief.token, totp(thiefs, desk.now_ms / kTotpStepMs), kClient);
  }) == "not-signed-in");
}

TEST_CASE("second factor: one's own may be exchanged within five minutes of the password") {
  Desk desk;
  desk.add("yamada");
  const auto in = desk.sign_in("yamada");
  CHECK(in.session.step == Step::signed_in);
  desk.now_ms += limits::kFreshPasswordMs;
  CHECK(desk.refusal([&] { desk.accounts->enrolment(in.token); }).empty());
  desk.now_ms += 1;
  CHECK(desk.refusal([&] { desk.accounts->enrolment(in.token); }) == "forbidden");
  const auto enrolled = desk.enrol(desk.sign_in("yamada").token);
  CHECK(enrolled.signed_in.session.step == Step::signed_in);
  CHECK(desk.sign_in("yamada").session.step == Step::second_factor);
}

TEST_CASE("second factor: what an operator forgets has to be enrolled again, and sessions end") {
  Desk desk;
  desk.add("kanri", {Role::administrator});
  const auto in = desk.enrol(desk.sign_in("kanri").token).signed_in;
  desk.accounts->forget_second_factor("kanri", "operator");
  CHECK_FALSE(desk.accounts->session(in.token));
  CHECK(desk.sign_in("kanri").session.step == Step::enrolment);
}

TEST_CASE("second factor: a session whose account gets a role that needs one stands before enrolment") {
  Desk desk;
  desk.add("yamada");
  const auto in = desk.sign_in("yamada");
  desk.accounts->set_roles("yamada", {Role::sender, Role::administrator}, "operator");
  REQUIRE(desk.accounts->session(in.token));
  CHECK(desk.accounts->session(in.token)->step == Step::enrolment);
  desk.accounts->set_roles("yamada", {Role::sender}, "operator");
  CHECK(desk.accounts->session(in.token)->step == Step::signed_in);
}

TEST_CASE("second factor: then the new password, in this order") {
  Desk desk;
  desk.add("kanri", {Role::administrator});
  desk.enrol(desk.sign_in("kanri").token);
  desk.accounts->set_password("kanri", "set by operator 1", "operator");
  desk.minutes(1);
  const auto in = desk.sign_in("kanri", "set by operator 1");
  REQUIRE(in.session.step == Step::second_factor);
  CHECK(desk.refusal([&] {
    desk.accounts->change_password(in.token, "set by operator 1", "another good one", kClient);
  }) == "forbidden");
  const auto next = desk.accounts->second_factor(in.token, desk.code(), kClient);
  REQUIRE(next.session.step == Step::new_password);
  const auto done =
      desk.accounts->change_password(next.token, "set by operator 1", "another good one", kClient);
  CHECK(done.session.step == Step::signed_in);
}

TEST_CASE("qr code: rows of one length with the three finders; a text too long is refused") {
  const std::string rows = qr_rows("otpauth://totp/Kiyome:yamada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  const std::size_t side = rows.find('\n');
  REQUIRE(side >= 21);
  CHECK((side - 17) % 4 == 0);
  CHECK(rows.size() == side * (side + 1) - 1);
  CHECK(rows.starts_with("11111110"));
  CHECK(rows.substr(side - 8, 8) == "01111111");
  CHECK(rows.substr((side - 1) * (side + 1), 8) == "11111110");
  CHECK(rows.find_first_not_of("01\n") == std::string::npos);
  CHECK_FALSE(qr_rows(std::string(limits::kQrText, 'x')).empty());
  CHECK_THROWS(qr_rows(std::string(limits::kQrText + 1, 'x')));
}
