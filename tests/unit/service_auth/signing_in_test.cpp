#include <doctest/doctest.h>
#include <sys/stat.h>
#include <time.h>

#include <atomic>
#include <thread>

#include "proto/base/limits.h"
#include "tests/unit/service_auth/accounts_fixture.h"

using namespace kiyome;
using namespace kiyome::auth;

TEST_CASE("signing in: the right password gives a session, which the token names and nothing else") {
  Desk desk;
  desk.add("yamada");
  const auto in = desk.sign_in("YAMADA");
  CHECK(in.session.step == Step::signed_in);
  CHECK(in.token.size() == 43);
  const auto session = desk.accounts->session(in.token);
  REQUIRE(session);
  CHECK(session->account.login == "yamada");
  CHECK(session->account.has(Role::sender));
  CHECK(session->csrf == in.session.csrf);
  CHECK(session->csrf != in.token);
  CHECK_FALSE(desk.accounts->session(""));
  CHECK_FALSE(desk.accounts->session(in.session.csrf));
  CHECK_FALSE(desk.accounts->session(in.token.substr(1)));
  CHECK_FALSE(desk.accounts->session(in.token + "A"));
  CHECK(desk.told("sign-in") == 1);
}

TEST_CASE(
    "signing in: unknown, wrong, disabled and without a password are one answer and no event names a "
    "stranger") {
  Desk desk;
  desk.add("yamada");
  desk.add("tanaka");
  desk.add("program", {Role::sender}, "");
  desk.accounts->set_disabled("tanaka", true, "operator");
  CHECK(desk.refusal([&] { desk.sign_in("nobody"); }) == "sign-in-refused");
  CHECK(desk.refusal([&] { desk.sign_in("yamada", "wrong"); }) == "sign-in-refused");
  CHECK(desk.refusal([&] { desk.sign_in("tanaka"); }) == "sign-in-refused");
  CHECK(desk.refusal([&] { desk.sign_in("program", ""); }) == "sign-in-refused");
  CHECK(desk.refusal([&] { desk.sign_in("my secret pass", "x"); }) == "sign-in-refused");
  CHECK(desk.refusal([&] { desk.sign_in("", ""); }) == "sign-in-refused");
  CHECK(desk.refusal([&] { desk.sign_in("yamada", std::string(5000, 'x')); }) == "sign-in-refused");
  for (const Event& each : desk.events)
    CHECK_MESSAGE(each.login.find("secret") == std::string::npos, each.login);
  CHECK(desk.refusal([&] { desk.sign_in("yamada"); }).empty());
}

// Processor time of this thread: others on the machine do not count.
double worked_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

TEST_CASE("signing in: an unknown login costs as much as a wrong password") {
  Desk desk;
  desk.config.tries = 100;
  desk.reopen();
  desk.add("yamada");
  desk.add("tanaka");
  desk.add("program", {Role::sender}, "");
  desk.accounts->set_disabled("tanaka", true, "operator");
  const auto cost_of = [&](const std::string& login) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const double begin = worked_ms();
      desk.refusal([&] { desk.sign_in(login, "wrong"); });
      best = std::min(best, worked_ms() - begin);
    }
    return best;
  };
  const double known = cost_of("yamada");
  for (const std::string login : {"nobody", "tanaka", "program", "not a login"}) {
    CAPTURE(login);
    const double other = cost_of(login);
    CHECK(other > known * 0.6);
    CHECK(other < known * 1.7);
  }
}

TEST_CASE("tries: the last one locks, also for the right password and for a login that nobody has") {
  for (const std::string login : {"yamada", "nobody"}) {
    CAPTURE(login);
    Desk desk;
    desk.add("yamada");
    for (int i = 0; i < 4; ++i) CHECK(desk.refusal([&] { desk.sign_in(login, "x"); }) == "sign-in-refused");
    CHECK(desk.told("locked") == 0);
    CHECK(desk.refusal([&] { desk.sign_in(login, "x"); }) == "sign-in-refused");
    CHECK(desk.told("locked") == 1);
    CHECK(desk.refusal([&] { desk.sign_in(login); }) == "too-many-tries");
    CHECK(desk.last.retry_after_seconds == 15 * 60);
    desk.reopen();  // a restart forgets nothing
    desk.minutes(14);
    CHECK(desk.refusal([&] { desk.sign_in(login); }) == "too-many-tries");
    CHECK(desk.last.retry_after_seconds == 60);
    desk.minutes(1);
    CHECK(desk.refusal([&] { desk.sign_in(login); }) == (login == "yamada" ? "" : "sign-in-refused"));
  }
}

TEST_CASE("tries: a right password in between begins anew, and one below the bound locks nobody") {
  Desk desk;
  desk.add("yamada");
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) desk.refusal([&] { desk.sign_in("yamada", "x"); });
    CHECK(desk.refusal([&] { desk.sign_in("yamada"); }).empty());
  }
  CHECK(desk.told("locked") == 0);
}

TEST_CASE("tries: an address that goes through many logins waits, another one does not; an IPv6 /64 is one") {
  Desk desk;
  desk.config.tries = 1;
  desk.reopen();
  desk.add("yamada");
  for (std::uint32_t i = 0; i < limits::kClientTries; ++i)
    CHECK(desk.refusal([&] {
      desk.sign_in("nobody" + std::to_string(i), "x", "2001:db8::" + std::to_string(i + 1));
    }) == "sign-in-refused");
  CHECK(desk.refusal([&] { desk.sign_in("yamada", kPassword, "2001:db8::ffff"); }) == "too-many-tries");
  CHECK(desk.refusal([&] { desk.sign_in("yamada", kPassword, "2001:db8:0:1::1"); }).empty());
  CHECK(desk.told("locked") >= 1);
}

TEST_CASE("tries: a password of everybody in an office from one address locks nobody out") {
  Desk desk;
  desk.config.tries = 1;
  desk.reopen();
  desk.add("yamada");
  for (std::uint32_t i = 0; i < limits::kClientTries + 5; ++i)
    CHECK(desk.refusal([&] { desk.sign_in("yamada"); }).empty());
}

TEST_CASE("tries: many at once are no way around the bound") {
  Desk desk;
  desk.add("yamada");
  std::atomic<int> judged{0}, locked{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] {
      try {
        desk.accounts->sign_in("yamada", "wrong", kClient);
      } catch (const Refusal& refused) {
        ++(refused.code == "sign-in-refused" ? judged : locked);
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(judged == 5);
  CHECK(locked == 11);
}

TEST_CASE("sessions: idle, absolute, and both one moment before") {
  Desk desk;
  desk.add("yamada");
  SUBCASE("idle") {
    const auto in = desk.sign_in("yamada");
    desk.minutes(30);
    CHECK(desk.accounts->session(in.token));
    desk.minutes(29.9);
    CHECK(desk.accounts->session(in.token));  // a request began the time anew
    desk.now_ms += 30 * 60'000 + 1;
    CHECK_FALSE(desk.accounts->session(in.token));
    CHECK_FALSE(desk.accounts->session(in.token));
  }
  SUBCASE("absolute, whatever happens") {
    const auto in = desk.sign_in("yamada");
    for (int i = 0; i < 12 * 6; ++i) {
      desk.minutes(10);
      CHECK(desk.accounts->session(in.token));
    }
    desk.now_ms += 1;
    CHECK_FALSE(desk.accounts->session(in.token));
  }
  SUBCASE("a restart keeps them") {
    const auto in = desk.sign_in("yamada");
    desk.minutes(20);
    CHECK(desk.accounts->session(in.token));
    desk.reopen();
    desk.minutes(20);
    CHECK(desk.accounts->session(in.token));
  }
}

TEST_CASE("sessions: the oldest of an account ends when there are too many") {
  Desk desk;
  desk.add("yamada");
  const auto first = desk.sign_in("yamada");
  std::string last;
  for (std::size_t i = 1; i < limits::kAccountSessions; ++i) {
    desk.now_ms += 1;
    last = desk.sign_in("yamada").token;
  }
  CHECK(desk.accounts->session(last));
  desk.now_ms += 1;
  const auto more = desk.sign_in("yamada");
  CHECK(desk.accounts->session(more.token));
  CHECK(desk.accounts->session(last));
  CHECK_FALSE(desk.accounts->session(first.token));
}

TEST_CASE("sessions: signing out ends one, disabling all and the programs' tokens, at once") {
  Desk desk;
  desk.add("yamada");
  const auto one = desk.sign_in("yamada"), two = desk.sign_in("yamada");
  const std::string program = desk.accounts->add_program_token("yamada", "夜間連携", "operator");
  REQUIRE(desk.accounts->program(program));
  CHECK(desk.accounts->program(program)->step == Step::signed_in);
  CHECK_FALSE(desk.accounts->program(one.token));
  CHECK_FALSE(desk.accounts->session(program));
  desk.accounts->sign_out(one.token);
  CHECK_FALSE(desk.accounts->session(one.token));
  CHECK(desk.accounts->session(two.token));
  std::vector<std::string> called;
  desk.accounts->on_disabled([&](const Account& account) { called.push_back(account.login); });
  desk.accounts->set_disabled("yamada", true, "operator");
  CHECK(called == std::vector<std::string>{"yamada"});
  CHECK_FALSE(desk.accounts->session(two.token));
  CHECK_FALSE(desk.accounts->program(program));
  desk.accounts->set_disabled("yamada", false, "operator");
  CHECK(called.size() == 1);
  CHECK_FALSE(desk.accounts->session(two.token));  // what has ended does not come back
  CHECK_FALSE(desk.accounts->program(program));
  CHECK(desk.refusal([&] { desk.sign_in("yamada"); }).empty());
}

TEST_CASE("sessions: whoever reads the store finds no token, and nobody else reads it") {
  Desk desk;
  desk.add("yamada");
  const auto in = desk.sign_in("yamada");
  const std::string program = desk.accounts->add_program_token("yamada", "x", "operator");
  desk.accounts.reset();
  std::string all;
  for (const auto& file : std::filesystem::directory_iterator(desk.folder)) {
    struct stat status {};
    REQUIRE(::stat(file.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 077) == 0);
    FILE* stream = std::fopen(file.path().c_str(), "rb");
    char buffer[65536];
    for (std::size_t count; (count = std::fread(buffer, 1, sizeof buffer, stream)) > 0;)
      all.append(buffer, count);
    std::fclose(stream);
  }
  if (!store::tests_on_postgres()) CHECK(all.find("yamada") != std::string::npos);  // a file it is
  CHECK(all.find(in.token) == std::string::npos);
  CHECK(all.find(program) == std::string::npos);
  CHECK(all.find(kPassword) == std::string::npos);
}

TEST_CASE("password: one that an operator set has to be changed first, with a new token") {
  Desk desk;
  desk.add("yamada");
  desk.accounts->set_password("yamada", "set by operator 1", "operator");
  const auto in = desk.sign_in("yamada", "set by operator 1");
  CHECK(in.session.step == Step::new_password);
  const auto change = [&](const std::string& old, const std::string& fresh) {
    return desk.refusal([&] { desk.accounts->change_password(in.token, old, fresh, kClient); });
  };
  CHECK(change("wrong", "another good one") == "wrong-password");
  CHECK(change("set by operator 1", "set by operator 1") == "weak-password");
  CHECK(change("set by operator 1", "short") == "weak-password");
  CHECK(change("set by operator 1", std::string(2000, 'x')) == "weak-password");
  CHECK(desk.accounts->session(in.token)->step == Step::new_password);
  const auto after =
      desk.accounts->change_password(in.token, "set by operator 1", "another good one", kClient);
  CHECK(after.session.step == Step::signed_in);
  CHECK(after.token != in.token);
  CHECK_FALSE(desk.accounts->session(in.token));
  CHECK(desk.accounts->session(after.token));
  CHECK(desk.sign_in("yamada", "another good one").session.step == Step::signed_in);
}

TEST_CASE("password: changing it ends the other sessions, and guessing the old one locks") {
  Desk desk;
  desk.add("yamada");
  const auto mine = desk.sign_in("yamada"), other = desk.sign_in("yamada");
  for (int i = 0; i < 5; ++i)
    CHECK(desk.refusal([&] {
      desk.accounts->change_password(other.token, "guess", "another good one", kClient);
    }) == "wrong-password");
  CHECK(desk.refusal([&] {
    desk.accounts->change_password(mine.token, kPassword, "another good one", kClient);
  }) == "too-many-tries");
  desk.minutes(15);
  const auto after = desk.accounts->change_password(mine.token, kPassword, "another good one", kClient);
  CHECK(desk.accounts->session(after.token));
  CHECK_FALSE(desk.accounts->session(other.token));
  CHECK_FALSE(desk.accounts->session(mine.token));
}

TEST_CASE("password: a full house of sign-ins is told to come again, and that counts as no try") {
  Desk desk;
  desk.config.tries = 100;
  desk.reopen();
  desk.add("yamada");
  // More than the turns serve within the patience: some are told so, none is lost, nobody is locked.
  std::atomic<int> in{0}, busy{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 40; ++i)
    threads.emplace_back([&] {
      try {
        desk.accounts->sign_in("yamada", kPassword, kClient);
        ++in;
      } catch (const Refusal& refused) {
        busy += refused.code == "too-many-tries" && refused.retry_after_seconds <= 3 ? 1 : 0;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(in + busy == 40);
  CHECK(in > 0);
  CHECK(desk.told("locked") == 0);
}

TEST_CASE("guests: an account without a password is admitted by other proof, anybody else is not") {
  Desk desk;
  desk.config.second_factor = {"sender"};
  desk.reopen();
  desk.add("guest", {Role::sender}, "");
  desk.add("yamada");
  const auto in = desk.accounts->admit("guest", kClient, "invitation");
  CHECK(in.session.step == Step::signed_in);
  REQUIRE(desk.accounts->session(in.token));
  CHECK(desk.accounts->session(in.token)->step == Step::signed_in);  // although senders need a second factor
  CHECK(desk.refusal([&] { desk.accounts->enrolment(in.token); }) == "forbidden");
  CHECK(desk.refusal([&] { desk.accounts->change_password(in.token, "", "another good one", kClient); }) ==
        "wrong-password");
  CHECK(desk.refusal([&] { desk.sign_in("guest", ""); }) == "sign-in-refused");
  CHECK(desk.refusal([&] { desk.accounts->admit("yamada", kClient, "invitation"); }) == "forbidden");
  CHECK(desk.refusal([&] { desk.accounts->admit("nobody", kClient, "invitation"); }) == "not-found");
  desk.accounts->set_disabled("guest", true, "operator");
  CHECK_FALSE(desk.accounts->session(in.token));
  CHECK(desk.refusal([&] { desk.accounts->admit("guest", kClient, "invitation"); }) == "forbidden");
  Account directory;
  directory.login = "tanaka";
  directory.local = false;
  desk.accounts->add(directory, "", "operator");
  CHECK(desk.refusal([&] { desk.accounts->admit("tanaka", kClient, "invitation"); }) == "forbidden");
}

TEST_CASE("two hosts, one store: sessions, tries and ends of both are known at each") {
  Desk desk;
  desk.add("yamada");
  Accounts other(
      desk.folder.string(), desk.config, [](const Event&) {}, "Kiyome", [&] { return desk.now_ms; },
      store::test_place(desk.folder.string() + "/accounts.sqlite"));
  const auto in = desk.sign_in("yamada");
  CHECK(other.session(in.token));
  // Who works at one of them is not idle at the other.
  for (int i = 0; i < 4; ++i) {
    desk.minutes(20);
    CHECK((i % 2 == 0 ? other.session(in.token) : desk.accounts->session(in.token)));
  }
  other.sign_out(in.token);
  CHECK_FALSE(desk.accounts->session(in.token));
  const auto again = desk.sign_in("yamada");
  other.set_disabled("yamada", true, "operator");
  CHECK_FALSE(desk.accounts->session(again.token));
  other.set_disabled("yamada", false, "operator");
  // Tries are counted together.
  for (std::uint32_t i = 0; i < desk.config.tries; ++i)
    CHECK(desk.refusal([&] {
      if (i % 2 == 0)
        desk.sign_in("yamada", "wrong horse battery");
      else
        other.sign_in("yamada", "wrong horse battery", kClient);
    }) == "sign-in-refused");
  CHECK(desk.refusal([&] { desk.sign_in("yamada"); }) == "too-many-tries");
  CHECK(desk.refusal([&] { other.sign_in("yamada", kPassword, kClient); }) == "too-many-tries");
}
