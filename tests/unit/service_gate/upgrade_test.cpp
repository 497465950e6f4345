// The gate's store of every earlier version, with what stood in it, under the present program.
#include <doctest/doctest.h>

#include "service/base/errors.h"
#include "service/gate/gate_schema.h"
#include "service/gate/gate_store.h"
#include "service/store/row_values.h"
#include "tests/unit/service_gate/gate_fixture.h"

using namespace kiyome;
using namespace kiyome::gate;
using kiyome::store::blob;
using kiyome::store::Blob;
using kiyome::store::Database;
using kiyome::store::Statement;

namespace {

constexpr std::int64_t kThen = 1700000000000;
const std::string kDigest(32, 'd');

void fill_mail(Database& db, const ItemId& id) {
  Statement(db, "INSERT INTO accepted VALUES (?,1,?)").run(blob(id), kThen);
  Statement(
      db,
      "INSERT INTO pending (bundle, id, part, kind, sender, ret, envid, attempts, received_ms, next_ms, "
      "delay_told, size, file) VALUES (7,?,1,1,'a@outside.example',1,'e1',3,?,?,0,5,'')")
      .run(blob(id), kThen, kThen + 60'000);
  Statement(db, "INSERT INTO contents VALUES (7,?)").run(Blob{"mail\n"});
  db.execute("INSERT INTO deliveries VALUES (7,0,'b@city.example.jp',4,'','4.3.0')");
  Statement(db, "INSERT INTO results VALUES (9,?,1,1,1,2,0,0)").run(blob(id));
}

// A delivery of one clean file that waits for a decision, and a delegation.
void fill_drop(Database& db, const ItemId& submission, const ItemId& item, bool tenants) {
  Statement(
      db,
      "INSERT INTO submissions (submission, count, sender, sender_name, title, message, importance, words, "
      "received_ms, changed_ms, next_file, look_ms, gone) VALUES (?,1,'s@outside.example','佐藤',"
      "'題名','','','題名',?,?,1,?,0)")
      .run(blob(submission), kThen, kThen, kThen);
  Statement(db,
            "INSERT INTO drops VALUES (3,?,1,?,1,'図面.pdf','pdf',9,?,1,'','規則'||char(10),?,'図面',?,0)")
      .run(blob(item), blob(submission), Blob{kDigest}, Blob{kDigest}, kThen);
  Statement(db, "INSERT INTO drop_files VALUES (3,0,'図面.pdf',1,5,?,77,'',?)")
      .run(Blob{kDigest}, Blob{"%PDF\n"});
  db.execute(
      "INSERT INTO drop_recipients (row, recipient, address, stage, available_ms, decision) VALUES "
      "(3,0,'taro@city.example.jp',1,0,0)");
  Statement(db, "INSERT INTO drop_people VALUES ('taro@city.example.jp',?)").run(blob(submission));
  Statement(db, "INSERT INTO drop_waiting VALUES (?)").run(blob(submission));
  db.execute("INSERT INTO delegations VALUES ('taro','jiro',1900000000000)");
  Statement(db, "INSERT INTO drop_results VALUES (11,?,1,0,1)").run(blob(item));
  if (tenants) Statement(db, "UPDATE submissions SET tenants = ?").run(std::string_view("kita\n"));
}

}  // namespace

TEST_CASE(
    "upgrade: what the gate of every earlier version had taken is there, is delivered, and is taken once") {
  constexpr std::size_t kPickUp = 2, kPutOut = 3, kTenants = 4, kDoors = 6;
  for (std::size_t version = 1; version <= std::size(kGateSchema); ++version) {
    CAPTURE(version);
    const testing::Folder folder;
    const ItemId mail = new_item_id(), submission = new_item_id(), item = new_item_id();
    {
      Database db(folder.path.string() + "/gate.sqlite");
      db.migrate(std::span<const char* const>(kGateSchema).first(version));
      fill_mail(db, mail);
      if (version >= kPickUp) fill_drop(db, submission, item, version >= kTenants);
      if (version >= kPutOut)
        Statement(db, "INSERT INTO put_out VALUES (3,?,2,1,5,'a.pdf',?)").run(blob(item), Blob{kDigest});
      if (version >= kDoors)
        Statement(db,
                  "INSERT INTO door_marks (id, recipient, part, mark, changed_ms, until_ms, attempt) VALUES "
                  "(?,0,0,1,?,?,0)")
            .run(blob(item), kThen, kThen);
    }
    GateStore store(folder.path.string());
    std::vector<PendingBundle> waiting;
    store.pending([&](const PendingBundle& one) { waiting.push_back(one); });
    REQUIRE(waiting.size() == 1);
    CHECK(waiting[0].id == mail);
    CHECK(waiting[0].attempts == 3);
    CHECK(waiting[0].next_ms == kThen + 60'000);
    const std::optional<LoadedBundle> loaded = store.load(waiting[0].row);
    REQUIRE(loaded);
    CHECK(loaded->sender == "a@outside.example");
    CHECK(loaded->content->view() == "mail\n");
    REQUIRE(loaded->recipients.size() == 1);
    CHECK(loaded->recipients[0].address == "b@city.example.jp");
    CHECK(store.results_after(0, 10).size() == (version >= kPickUp ? 2 : 1));

    // Taken once, and never again; what is new has a number of its own.
    store.begin();
    CHECK_FALSE(store.insert(testing::make_bundle(1, 100, mail), kThen));
    const std::optional<std::int64_t> fresh = store.insert(testing::make_bundle(), kThen);
    store.commit();
    REQUIRE(fresh);
    CHECK(*fresh > waiting[0].row);
    if (version < kPickUp) continue;

    const std::optional<DropView> drop = store.drops().load(submission);
    REQUIRE(drop);
    CHECK(drop->title == "題名");
    CHECK(drop->tenants ==
          (version >= kTenants ? std::vector<std::string>{"kita"} : std::vector<std::string>{}));
    REQUIRE(drop->items.size() == 1);
    CHECK(drop->items[0].approval == std::vector<std::string>{"規則"});
    REQUIRE(drop->items[0].recipients.size() == 1);
    CHECK(drop->items[0].recipients[0].stage == Stage::waiting);
    CHECK(drop->items[0].recipients[0].approval.empty());
    CHECK(store.drops().content(3, 0)->view() == "%PDF\n");
    CHECK(store.drops().waiting(10) == std::vector<ItemId>{submission});
    REQUIRE(store.drops().delegation_of("taro"));
    CHECK(store.drops().delegation_of("taro")->delegate == "jiro");
    CHECK(store.drops().put_out(3).has_value() == (version >= kPutOut));
    // The delivery goes on: a decision is taken and told.
    Decision decision;
    decision.submission = submission;
    decision.seen_by = decision.about = {"taro@city.example.jp"};
    decision.digest = digest_of(*drop, {&drop->items[0]});
    decision.approve = true;
    decision.login = "hanako";
    std::vector<NumberedResult> results;
    store.begin();
    CHECK(store.drops().decide(decision, kThen + 1, results) == DropStore::Decided::done);
    store.commit();
    REQUIRE(results.size() == 1);
    CHECK(results[0].number > 11);
    CHECK(store.drops().load(submission)->items[0].recipients[0].stage == Stage::delivered);
  }
}

TEST_CASE("upgrade: a gate's store of a newer version is refused, and stays as it was") {
  const testing::Folder folder;
  { const GateStore store(folder.path.string()); }
  const std::string newer = std::to_string(std::size(kGateSchema) + 1);
  Database(folder.path.string() + "/gate.sqlite").execute(("PRAGMA user_version=" + newer).c_str());
  CHECK_THROWS_AS(GateStore(folder.path.string()), TemporaryFailure);
  CHECK(std::to_string(Database(folder.path.string() + "/gate.sqlite").user_version()) == newer);
}

TEST_CASE("clock set back: a delivery that was to be looked after tomorrow is looked after now") {
  const testing::Folder folder;
  const ItemId submission = new_item_id(), item = new_item_id();
  {
    Database db(folder.path.string() + "/gate.sqlite");
    db.migrate(kGateSchema);
    fill_drop(db, submission, item, true);
  }
  GateStore store(folder.path.string());
  constexpr std::int64_t kDay = 86'400'000;
  CHECK(store.drops().due(kThen, 10) == std::vector<ItemId>{submission});
  CHECK(store.drops().due(kThen - 1000, 10).empty());                             // not yet
  CHECK(store.drops().due(kThen - kDay, 10) == std::vector<ItemId>{submission});  // never put off for so long
}
