#include "service/store/postgres.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "tests/unit/service_store/lossy_wire.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using namespace kiyome::store;

// These run where a server is (unit.service_store_postgres); elsewhere there is nothing to look at.
#define ON_POSTGRES() \
  if (!tests_on_postgres()) return

namespace {

constexpr std::array kSteps{
    "CREATE TABLE t (number INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER, b TEXT, c BLOB, d REAL, "
    "offset INTEGER NOT NULL DEFAULT 0); CREATE INDEX t_a ON t (a) WHERE a > 0"};

std::int64_t count(Database& database) {
  std::int64_t out = -1;
  Statement(database, "SELECT count(*) FROM t").one([&](const Row& row) { out = row.integer(0); });
  return out;
}

// Ends the sessions of everybody else, as a server that goes down does.
void end_sessions(Database& mine) {
  Statement(mine,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='kiyome' AND pid<>"
            "pg_backend_pid()")
      .each([](const Row&) {});
}

}  // namespace

TEST_CASE("postgres: values come back as they were bound, octets, emptiness and sums included") {
  ON_POSTGRES();
  Database database(test_place("values"));
  database.migrate(kSteps);
  Statement insert(database, "INSERT INTO t (a, b, c, d, offset) VALUES (?, ?, ?, ?, 9) RETURNING number");
  const std::string octets("a\0b\xff", 4);
  std::int64_t number = 0;
  const auto numbered = [&](const Row& row) { number = row.integer(0); };
  CHECK(insert.one(numbered, -5, "清め", Blob{octets}, 1.5));
  CHECK(insert.one(numbered, 7, std::string(), Blob{{}}, Null{}));
  CHECK(number == 2);
  CHECK(insert.one(numbered, INT64_MIN, "①㈱髙", Null{}, 0.25));
  std::vector<std::string> seen;
  Statement(database, "SELECT a, b, c, d, offset FROM t ORDER BY number").each([&](const Row& row) {
    seen.push_back(std::to_string(row.integer(0)) + "/" + std::string(row.text(1)) + "/" +
                   std::to_string(row.blob(2).size()) + "/" + std::to_string(row.null(2)) +
                   std::to_string(row.null(3)) + "/" + std::to_string(row.real(3)) +
                   std::to_string(row.integer(4)));
    if (row.integer(0) == -5) CHECK(row.blob(2) == octets);
  });
  CHECK(seen == std::vector<std::string>{"-5/清め/4/00/1.5000009", "7//0/01/0.0000009",
                                         "-9223372036854775808/①㈱髙/0/10/0.2500009"});
  for (const std::int64_t value : {1, 123456789, 100000000})
    Statement(database, "INSERT INTO t (a, b) VALUES (?, 'sum')").run(value);
  Statement(database, "SELECT sum(a), -sum(a), count(*) > 2 FROM t WHERE b='sum'").each([](const Row& row) {
    CHECK(row.integer(0) == 223456790);
    CHECK(row.integer(1) == -223456790);
    CHECK(row.integer(2) == 1);
  });
}

TEST_CASE("postgres: text that is no text becomes some") {
  ON_POSTGRES();
  Database database(test_place("sound"));
  database.migrate(kSteps);
  Statement insert(database, "INSERT INTO t (b) VALUES (?)");
  insert.run(std::string("a\0b", 3));
  insert.run("\xff清\xe6");
  std::vector<std::string> seen;
  Statement(database, "SELECT b FROM t ORDER BY number").each([&](const Row& row) {
    seen.emplace_back(row.text(0));
  });
  CHECK(seen == std::vector<std::string>{"a\uFFFDb", "\uFFFD清\uFFFD"});
}

TEST_CASE("postgres: a transaction is the only writer, and what was not committed is not there") {
  ON_POSTGRES();
  const Place place = test_place("alone");
  Database one(place), two(place);
  one.migrate(kSteps);
  two.migrate(kSteps);  // nothing is left to do
  CHECK(two.user_version() == 1);
  // Everyone adds one to what he finds; with two writers at once some would be lost.
  one.execute("INSERT INTO t (a) VALUES (0)");
  const auto add = [](Database& database) {
    for (int i = 0; i < 50; ++i) {
      Transaction transaction(database);
      std::int64_t found = 0;
      database.kept("SELECT a FROM t").one([&](const Row& row) { found = row.integer(0); });
      database.kept("UPDATE t SET a=?").run(found + 1);
      transaction.commit();
    }
  };
  std::thread other([&] { add(two); });
  add(one);
  other.join();
  std::int64_t sum = 0;
  one.kept("SELECT a FROM t").one([&](const Row& row) { sum = row.integer(0); });
  CHECK(sum == 100);
  {
    Transaction dropped(one);
    one.kept("INSERT INTO t (a) VALUES (?)").run(1);
  }
  CHECK(count(two) == 1);
}

TEST_CASE("postgres: two that only add run beside each other") {
  ON_POSTGRES();
  const Place place = test_place("beside");
  Database one(place), two(place);
  one.migrate(kSteps);
  Transaction first(one, Writers::beside);
  one.kept("INSERT INTO t (a) VALUES (?)").run(1);
  Transaction second(two, Writers::beside);
  two.kept("INSERT INTO t (a) VALUES (?)").run(2);
  second.commit();
  CHECK(count(two) == 1);
  first.commit();
  CHECK(count(two) == 2);
}

TEST_CASE("postgres: a refused statement undoes its transaction, and the connection goes on") {
  ON_POSTGRES();
  Database database(test_place("refused"));
  database.migrate(kSteps);
  {
    Transaction transaction(database);
    database.kept("INSERT INTO t (number, a) VALUES (?, 1)").run(5);
    CHECK_THROWS_AS(database.kept("INSERT INTO t (number, a) VALUES (?, 1)").run(5), TemporaryFailure);
    CHECK_THROWS_AS(transaction.commit(), TemporaryFailure);
  }
  CHECK(count(database) == 0);
  Transaction transaction(database);
  database.kept("INSERT INTO t (number, a) VALUES (?, 1)").run(5);
  transaction.commit();
  CHECK(count(database) == 1);
}

TEST_CASE("postgres: rows that are read one by one make room for another statement, and may be left") {
  ON_POSTGRES();
  Database database(test_place("stream"));
  database.migrate(kSteps);
  database.execute("INSERT INTO t (a) SELECT generate_series(1, 20000)");
  Statement all(database, "SELECT a FROM t ORDER BY a");
  std::int64_t sum = 0, asked = 0;
  while (all.step()) {
    sum += all.row().integer(0);
    if (all.row().integer(0) % 5000 == 0) asked += count(database);
  }
  CHECK(sum == 20000LL * 20001 / 2);
  CHECK(asked == 4 * 20000);
  all.reset();
  CHECK(all.step());
  all.reset();
  CHECK(count(database) == 20000);
  {
    Statement left(database, "SELECT a FROM t");
    CHECK(left.step());
  }
  CHECK(count(database) == 20000);
}

TEST_CASE("postgres: a connection that was lost is made anew, but not in the middle of a transaction") {
  ON_POSTGRES();
  const Place place = test_place("lost");
  Database database(place), killer(place);
  database.migrate(kSteps);
  Statement insert(database, "INSERT INTO t (a) VALUES (?)");
  Statement read(database, "SELECT a FROM t");
  insert.run(1);
  end_sessions(killer);
  std::int64_t found = 0;
  CHECK(read.one([&](const Row& row) { found = row.integer(0); }));
  CHECK(found == 1);
  end_sessions(killer);
  {
    Transaction transaction(database);  // found out here, where nothing is begun
    insert.run(2);
    transaction.commit();
  }
  CHECK(count(database) == 2);
  {
    Transaction transaction(database);
    insert.run(3);
    end_sessions(killer);
    CHECK_THROWS_AS(insert.run(4), TemporaryFailure);
    CHECK_THROWS_AS(insert.run(5), TemporaryFailure);
    CHECK_THROWS_AS(transaction.commit(), TemporaryFailure);
  }
  CHECK(count(database) == 2);
}

TEST_CASE("postgres: a commit whose answer was lost is known to be one, and one that never came is not") {
  ON_POSTGRES();
  test::LossyWire wire;
  Place place = test_place("asked");
  place.url = wire.url();
  Database database(place);
  database.migrate(kSteps);
  const auto add = [&] {
    Transaction transaction(database);
    database.kept("INSERT INTO t (a) VALUES (?)").run(1);
    transaction.commit();
  };
  add();
  wire.lose(test::LossyWire::Lose::answer);
  add();
  CHECK(count(database) == 2);
  wire.lose(test::LossyWire::Lose::question);
  CHECK_THROWS_AS(add(), TemporaryFailure);
  CHECK(count(database) == 2);
  add();
  CHECK(count(database) == 3);
}

TEST_CASE("postgres: a database that is newer than the program is refused") {
  ON_POSTGRES();
  const Place place = test_place("newer");
  Database database(place);
  const std::array two{kSteps[0], "ALTER TABLE t ADD COLUMN e INTEGER NOT NULL DEFAULT 0"};
  database.migrate(two);
  CHECK(database.user_version() == 2);
  CHECK_THROWS_AS(Database(place).migrate(kSteps), TemporaryFailure);
}

TEST_CASE("postgres: a bell rings for its channel") {
  ON_POSTGRES();
  const Place place = test_place("bell");
  Bell bell(place, "kiyome_test");
  bell.wait(std::chrono::milliseconds(10));  // it listens now
  Database database(place);
  auto began = Steady::now();
  std::thread late([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    Statement(database, "SELECT pg_notify('kiyome_test', '')").each([](const Row&) {});
  });
  bell.wait(std::chrono::seconds(20));
  CHECK(Steady::now() - began < std::chrono::seconds(10));
  late.join();
  began = Steady::now();
  std::thread ringer([&] { bell.ring(); });
  bell.wait(std::chrono::seconds(20));
  CHECK(Steady::now() - began < std::chrono::seconds(10));
  ringer.join();
}

TEST_CASE("postgres: nobody there is trouble that passes") {
  CHECK_THROWS_AS(Database(Place{"", "postgresql://kiyome@127.0.0.1:1/none?connect_timeout=2", "s"}),
                  TemporaryFailure);
}
