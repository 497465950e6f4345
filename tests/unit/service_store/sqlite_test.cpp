#include "service/store/database.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "service/base/errors.h"

using namespace kiyome;
using namespace kiyome::store;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kiyome-sqlite-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file() const { return (path / "test.sqlite").string(); }
};

std::int64_t count(Database& database) {
  std::int64_t out = -1;
  Statement(database, "SELECT count(*) FROM t").one([&](const Row& row) { out = row.integer(0); });
  return out;
}

constexpr const char* kSteps[] = {"CREATE TABLE t (a INTEGER, b TEXT, c BLOB)",
                                  "ALTER TABLE t ADD COLUMN d REAL"};

}  // namespace

TEST_CASE("sqlite: values come back as they were bound, octets and emptiness included") {
  Folder folder;
  Database database(folder.file());
  database.migrate(kSteps);
  Statement insert(database, "INSERT INTO t VALUES (?, ?, ?, ?)");
  const std::string octets("a\0b\xff", 4);
  insert.run(std::int64_t{-5}, "清め", Blob{octets}, 1.5);
  insert.run(7, std::string(), Blob{{}}, Null{});
  std::vector<std::string> seen;
  Statement(database, "SELECT a, b, c, d FROM t ORDER BY a").each([&](const Row& row) {
    seen.push_back(std::to_string(row.integer(0)) + "/" + std::string(row.text(1)) + "/" +
                   std::to_string(row.blob(2).size()) + "/" + std::to_string(row.null(2)) +
                   std::to_string(row.null(3)));
    if (row.integer(0) == -5) CHECK(row.blob(2) == octets);
  });
  CHECK(seen == std::vector<std::string>{"-5/清め/4/00", "7//0/01"});
}

TEST_CASE("sqlite: a transaction that was not committed leaves nothing") {
  Folder folder;
  Database database(folder.file());
  database.migrate(kSteps);
  Statement insert(database, "INSERT INTO t(a) VALUES (?)");
  {
    Transaction transaction(database);
    insert.run(1);
  }
  CHECK(count(database) == 0);
  {
    Transaction transaction(database);
    insert.run(1);
    transaction.commit();
  }
  CHECK(count(database) == 1);
}

TEST_CASE("sqlite: a statement is ready again after its user threw") {
  Folder folder;
  Database database(folder.file());
  database.migrate(kSteps);
  database.execute("INSERT INTO t(a) VALUES (1), (2)");
  Statement select(database, "SELECT a FROM t WHERE a >= ? ORDER BY a");
  CHECK_THROWS_AS(select.each([](const Row&) { throw std::runtime_error("stop"); }, 1), std::runtime_error);
  std::int64_t first = 0;
  CHECK(select.one([&](const Row& row) { first = row.integer(0); }, 2));
  CHECK(first == 2);
  CHECK_FALSE(select.one([&](const Row&) {}, 3));
}

TEST_CASE("sqlite: migration goes on from where the file stands, and a newer file is refused") {
  Folder folder;
  {
    Database database(folder.file());
    database.migrate(std::span(kSteps).first(1));
    CHECK(database.user_version() == 1);
    database.execute("INSERT INTO t(a) VALUES (1)");
  }
  {
    Database database(folder.file());
    database.migrate(kSteps);
    CHECK(database.user_version() == 2);
    CHECK(count(database) == 1);
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  Database database(folder.file());
  CHECK_THROWS_AS(database.migrate(std::span(kSteps).first(1)), TemporaryFailure);
}

TEST_CASE("sqlite: a step that fails leaves its version where it was") {
  Folder folder;
  Database database(folder.file());
  const std::array<const char*, 2> steps = {kSteps[0],
                                            "INSERT INTO t(a) VALUES (1); INSERT INTO nowhere VALUES (1)"};
  CHECK_THROWS_AS(database.migrate(steps), TemporaryFailure);
  CHECK(database.user_version() == 1);
  CHECK(count(database) == 0);
}

TEST_CASE("sqlite: a folder that is not there is a TemporaryFailure") {
  CHECK_THROWS_AS(Database("no-such-folder/test.sqlite"), TemporaryFailure);
}

TEST_CASE("sqlite: a relative name works below a folder that may not be searched") {
  Folder folder;
  const std::filesystem::path inner = folder.path / "closed" / "own";
  std::filesystem::create_directories(inner);
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(inner);
  std::filesystem::permissions(folder.path / "closed", std::filesystem::perms::none);
  const uid_t user = ::geteuid();
  if (user == 0) {
    REQUIRE(::chown(".", 61399, 61399) == 0);
    REQUIRE(::seteuid(61399) == 0);
  }
  {
    Database database("./test.sqlite");
    database.migrate(kSteps);
    database.execute("INSERT INTO t(a) VALUES (1)");
    CHECK(count(database) == 1);
  }
  if (user == 0) REQUIRE(::seteuid(0) == 0);
  std::filesystem::permissions(folder.path / "closed", std::filesystem::perms::owner_all);
  std::filesystem::current_path(before);
  CHECK(std::filesystem::exists(inner / "test.sqlite"));
}
