#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <set>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/store/arrivals.h"
#include "service/store/original_format.h"
#include "service/store/originals_schema.h"
#include "service/store/row_values.h"
#include "service/store/shared_folder.h"
#include "tests/unit/service_store/original_fixture.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using namespace kiyome::store;
using namespace kiyome::store::test;
using namespace std::chrono_literals;

// Where a server is only: in a file there is nothing to share.
#define ON_POSTGRES() \
  if (!tests_on_postgres()) return

namespace {

// Shared originals of one test; with `in_folder` their octets are there.
struct Shared {
  explicit Shared(bool in_folder = false) : blobs(in_folder) {
    std::filesystem::create_directory(folder.path() + "/shared");
  }
  Place place() const { return test_place(folder.path() + "/originals"); }
  SharedOriginals where() const { return {place(), blobs ? folder.path() + "/shared" : std::string()}; }
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
      if (entry.path().extension() == ".seg") out.push_back(entry.path());
    return out;
  }
  std::int64_t number(const std::string& sql) const {
    Database database(place());
    std::int64_t out = -1;
    Statement(database, sql).one([&](const Row& row) { out = row.integer(0); });
    return out;
  }
  void execute(const std::string& sql) const { Database(place()).execute(sql.c_str()); }
  // The item store's table, as far as a sweep asks it.
  std::string items() const {
    execute("CREATE TABLE item_segments (segment INTEGER NOT NULL, id BLOB NOT NULL)");
    return place().schema;
  }
  bool blobs;
  Folder folder;
};

std::vector<transfer::Announce> arrived(const Shared& shared) {
  Arrivals arrivals(shared.place());
  std::vector<transfer::Announce> out;
  for (const Arrival& each : arrivals.take("test", 10'000, 1h)) out.push_back(each.item);
  return out;
}

}  // namespace

TEST_CASE("shared originals: what was written is read, in rows and in a folder, and arrives") {
  ON_POSTGRES();
  for (const bool in_folder : {false, true}) {
    const Shared shared(in_folder);
    OriginalLog log(shared.where(), key_pair().public_key);
    OriginalReader reader(shared.where(), key_pair());
    constexpr std::size_t kBuffer = limits::kOriginalBuffer;
    std::vector<transfer::Announce> written;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{5000}, kBuffer - 200, kBuffer, kBuffer + 1, 3 * kBuffer + 77}) {
      const ItemId id = new_item_id();
      const std::string content = octets(size);
      const auto where = put(log, id, content, 70000);
      REQUIRE(where);
      written.push_back(*where);
      const auto original = reader.read(*where);
      REQUIRE(original);
      CHECK(text_of(*original) == content);
      CHECK(original->sha256 == sha256(content));
      CHECK(original->envelope.id == id);
      CHECK(original->envelope.sender == "yamada@example.jp");
      CHECK(original->segments.back() == where->segment);
    }
    CHECK(arrived(shared) == written);
    CHECK(shared.files().size() == (in_folder ? 6 : 0));
    CHECK((shared.number("SELECT count(*) FROM chunks") > 0) == !in_folder);
    CHECK(reader.segments().size() == 6);
    // A host to which the folder is not there holds nothing for damaged.
    if (in_folder) {
      OriginalReader without({shared.place(), {}}, key_pair());
      CHECK_THROWS_AS(without.read(written[1]), TemporaryFailure);
    }
    // A folder that is configured later: what is in rows is still found.
    if (!in_folder) {
      SharedOriginals both{shared.place(), shared.folder.path() + "/shared"};
      CHECK(OriginalReader(std::move(both), key_pair()).read(written[1]));
    }
  }
}

TEST_CASE("shared originals: a large item spans segments, comes back whole, and is one arrival") {
  ON_POSTGRES();
  const Shared shared;
  OriginalLog log(shared.where(), key_pair().public_key);
  const ItemId id = new_item_id();
  const std::string content = octets(20u << 20);
  const auto where = put(log, id, content, 1u << 20);
  REQUIRE(where);
  CHECK(arrived(shared) == std::vector{*where});
  const auto original = OriginalReader(shared.where(), key_pair()).read(*where);
  REQUIRE(original);
  CHECK(text_of(*original) == content);
  CHECK(original->segments.size() >= 4);
  // No plaintext in the rows.
  CHECK(shared.number(
            "SELECT count(*) FROM chunks WHERE position(convert_to('yamada', 'UTF8') in octets) > 0") == 0);
  CHECK(shared.number("SELECT max(length(octets)) FROM chunks") == static_cast<std::int64_t>(kOriginalRow));
}

TEST_CASE("shared originals: many writers share commits, on two edges, and nothing is lost or mixed up") {
  ON_POSTGRES();
  const Shared shared;
  OriginalLog one(shared.where(), key_pair().public_key), two(shared.where(), key_pair().public_key);
  OriginalReader reader(shared.where(), key_pair());
  constexpr int kThreads = 16, kEach = 40;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  const auto start = std::chrono::steady_clock::now();
  for (unsigned t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < kEach; ++i) {
        const ItemId id = new_item_id();
        const std::string content = octets(i % 20 == 7 ? 400000 : 5000, t * 1000 + i);
        const auto where = put(t % 2 == 0 ? one : two, id, content);
        const auto original = where ? reader.read(*where) : Result<Original>(failure("not written"));
        if (!original || text_of(*original) != content) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK(wrong == 0);
  const double rate = kThreads * kEach / seconds;
  MESSAGE(rate << " items/s written and read back, in " << shared.number("SELECT count(*) FROM segments")
               << " segments");
  CHECK(arrived(shared).size() == kThreads * kEach);
  CHECK(shared.number("SELECT count(*) FROM segments") < kThreads * kEach);  // commits were shared
}

TEST_CASE("shared originals: anything missing or altered is an error, in rows as in a folder") {
  ON_POSTGRES();
  for (const bool in_folder : {false, true}) {
    const Shared shared(in_folder);
    OriginalLog log(shared.where(), key_pair().public_key);
    const auto first = put(log, new_item_id(), octets(5000)), second = put(log, new_item_id(), octets(5000));
    REQUIRE(first);
    REQUIRE(second);
    const auto damaged = [&](const transfer::Announce& where) {
      return !OriginalReader(shared.where(), key_pair()).read(where);
    };
    CHECK_FALSE(damaged(*first));
    transfer::Announce none = *first;
    none.segment = 4711;
    CHECK(damaged(none));
    none = *first;
    none.id = second->id;
    CHECK(damaged(none));
    none = *first;
    none.offset += 1;
    CHECK(damaged(none));
    const std::string chosen = std::to_string(first->segment);
    if (in_folder) {
      for (const auto& file : shared.files())
        if (original::segment_of_name(file.filename().string()) == first->segment) {
          std::string text = read_file(file);
          text[first->offset + 300] ^= 1;
          write_file(file, text);
        }
    } else {
      shared.execute(
          "UPDATE chunks SET octets = set_byte(octets, 500, get_byte(octets, 500) # 1) WHERE segment = " +
          chosen);
    }
    CHECK(damaged(*first));
    CHECK_FALSE(damaged(*second));
    OriginalReader(shared.where(), key_pair()).remove(std::array{first->segment});
    CHECK(damaged(*first));
    CHECK(OriginalReader(shared.where(), key_pair()).segments() == std::vector{second->segment});
    CHECK(shared.files().size() == (in_folder ? 1 : 0));
    OriginalReader(shared.where(), key_pair()).remove(std::array{first->segment});  // a repeat does no harm
  }
}

TEST_CASE("shared originals: a segment is swept when nobody needs it, and never while somebody may") {
  ON_POSTGRES();
  const Shared shared;
  const std::string items = shared.items();
  OriginalLog log(shared.where(), key_pair().public_key);
  OriginalReader reader(shared.where(), key_pair());
  const auto sweep = [&] { return reader.sweep(items, 0).unneeded; };
  const auto small = put(log, new_item_id(), "x");
  auto open = log.begin(new_item_id());
  open->append(octets(9u << 20));  // two batches of it are there already, of no item yet
  const auto large = put(log, new_item_id(), octets(9u << 20));
  REQUIRE(small);
  REQUIRE(large);
  CHECK(sweep().empty());
  shared.execute("DELETE FROM arrivals");
  // `small` is over. Of the large one and the open one only time can tell.
  std::vector<std::uint64_t> gone = sweep();
  CHECK(std::find(gone.begin(), gone.end(), small->segment) != gone.end());
  const auto old =
      "UPDATE segments SET created_ms = created_ms - " + std::to_string(kOriginalsUncommittedMs + 1000);
  const std::int64_t all = shared.number("SELECT count(*) FROM segments");
  shared.execute(old);
  CHECK(sweep().size() == static_cast<std::size_t>(all));
  // One arrival with octets from the first to the last keeps all that is between them.
  Database database(shared.place());
  Statement(database,
            "INSERT INTO arrivals (id, first_segment, segment, offset, length, came_ms) VALUES (?, ?, ?, "
            "112, 60, 1)")
      .run(blob(large->id), small->segment + 1, large->segment);
  gone = sweep();
  CHECK(std::find(gone.begin(), gone.end(), small->segment) != gone.end());
  for (const std::uint64_t each : gone) CHECK((each < small->segment + 1 || each > large->segment));
  // The cleaner's table says the same by itself.
  Statement(database, "INSERT INTO item_segments (segment, id) VALUES (?, ?)")
      .run(small->segment, blob(small->id));
  gone = sweep();
  CHECK(std::find(gone.begin(), gone.end(), small->segment) == gone.end());
  reader.remove(gone);
  CHECK(reader.read(*small));
}

TEST_CASE("shared originals: an abandoned item and a refused envelope arrive nowhere") {
  ON_POSTGRES();
  const Shared shared;
  OriginalLog log(shared.where(), key_pair().public_key);
  {
    auto abandoned = log.begin(new_item_id());
    abandoned->append(octets(1u << 20));
  }
  Envelope large = envelope(new_item_id());
  large.sender.assign(limits::kSmtpPath + 1, 'a');
  bool refused = false;
  log.commit(log.begin(large.id), large,
             [&](const Result<transfer::Announce>& result) { refused = !result; });
  CHECK(refused);
  const auto last = put(log, new_item_id(), "y");
  REQUIRE(last);
  CHECK(arrived(shared) == std::vector{*last});
  CHECK(shared.number("SELECT sum(length(octets)) FROM chunks") < 4096);  // the abandoned one was not written
}

TEST_CASE("shared originals: the same item committed again is one arrival") {
  ON_POSTGRES();
  const Shared shared;
  OriginalLog log(shared.where(), key_pair().public_key);
  const ItemId id = new_item_id();
  const auto first = put(log, id, "once"), second = put(log, id, "once");
  REQUIRE(first);
  REQUIRE(second);
  CHECK(arrived(shared) == std::vector{*first});
}

TEST_CASE("shared originals: another host's key is refused at the start, not found out by its mails") {
  ON_POSTGRES();
  const Shared shared;
  { const OriginalLog log(shared.where(), key_pair().public_key); }
  const Folder other;
  const CleanerKeyPair wrong = load_or_make_cleaner_key(other.path());
  CHECK_THROWS_AS(OriginalLog(shared.where(), wrong.public_key), ConfigError);
  CHECK_THROWS_AS(OriginalReader(shared.where(), wrong), ConfigError);
  CHECK_NOTHROW(OriginalReader(shared.where(), key_pair()));
}

TEST_CASE("shared originals: a database that goes away costs refusals, not mails, and needs no restart") {
  ON_POSTGRES();
  const Shared shared;
  OriginalLog log(shared.where(), key_pair().public_key);
  REQUIRE(put(log, new_item_id(), "before"));
  Database killer(shared.place());
  std::set<ItemId> acknowledged;
  std::atomic<bool> over{false};
  std::thread kills([&] {
    while (!over) {
      Statement(
          killer,
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name='kiyome' AND "
          "pid<>pg_backend_pid()")
          .each([](const Row&) {});
      std::this_thread::sleep_for(7ms);
    }
  });
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    const ItemId id = new_item_id();
    if (const auto where = put(log, id, octets(2000)))
      acknowledged.insert(id);
    else
      ++refused;
  }
  over = true;
  kills.join();
  const auto after = put(log, new_item_id(), "after");
  CHECK(after.has_value());
  MESSAGE(acknowledged.size() << " acknowledged, " << refused << " refused");
  CHECK(!acknowledged.empty());
  OriginalReader reader(shared.where(), key_pair());
  std::set<ItemId> there;
  for (const transfer::Announce& each : arrived(shared)) {
    there.insert(each.id);
    CHECK(reader.read(each).has_value());
  }
  for (const ItemId& id : acknowledged) CHECK(there.contains(id));
}

TEST_CASE("shared originals: writers may outlive the log") {
  ON_POSTGRES();
  const Shared shared;
  std::unique_ptr<OriginalWriter> small, large;
  {
    OriginalLog log(shared.where(), key_pair().public_key);
    small = log.begin(new_item_id());
    large = log.begin(new_item_id());
    large->append(octets(1u << 20));
  }
  small->append("x");
  CHECK_THROWS_AS(large->append(octets(1u << 20)), TemporaryFailure);
}

TEST_CASE("shared folder: the first host marks it, the next ones know it, and another one is not used") {
  const Folder folder;
  const Place place = test_place(folder.path() + "/t.sqlite");
  Database one(place);
  one.migrate(std::array{KIYOME_SHARED_FOLDER});
  const std::string path = folder.path() + "/mounted";
  CHECK_THROWS_AS(open_shared_folder(one, path), TemporaryFailure);
  CHECK(!std::filesystem::exists(path));
  std::filesystem::create_directory(path);
  std::array<std::string, 6> seen;
  {
    std::vector<std::jthread> hosts;
    for (std::string& mark : seen)
      hosts.emplace_back([&] {
        Database other(place);
        if (open_shared_folder(other, path)) mark = mark_of_folder(path);
      });
  }
  CHECK(!seen[0].empty());
  for (const std::string& mark : seen) CHECK(mark == seen[0]);
  CHECK(std::distance(std::filesystem::directory_iterator(path), {}) == 1);
  // What was mounted there is away.
  std::filesystem::rename(path, path + ".away");
  std::filesystem::create_directory(path);
  CHECK_THROWS_AS(open_shared_folder(one, path), TemporaryFailure);
  CHECK(std::filesystem::is_empty(path));
  std::filesystem::remove(path);
  std::filesystem::rename(path + ".away", path);
  CHECK(open_shared_folder(one, path));
  // A folder of another installation.
  Database other(test_place(folder.path() + "/other.sqlite"));
  other.migrate(std::array{KIYOME_SHARED_FOLDER});
  other.execute("INSERT INTO shared_folder VALUES (1, '0191f3a0-0000-7000-8000-000000000000')");
  CHECK_THROWS_AS(open_shared_folder(other, path), TemporaryFailure);
}
