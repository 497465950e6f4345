// A store of every earlier version, with what stood in it, under the present program.
#include <doctest/doctest.h>

#include "service/base/errors.h"
#include "service/store/item_schema.h"
#include "service/store/item_store.h"
#include "service/store/row_values.h"
#include "tests/unit/service_store/original_fixture.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using namespace kiyome::store;

namespace {

// Entries as programs of that time wrote them: before the trail had a base, there was the table alone.
void add_entry(Database& database, audit::Hash& head, std::uint64_t sequence, const ItemId& item) {
  const audit::Entry entry{sequence, 1700000000000, "verdict", item, "cleaner", R"({"verdict":"held"})"};
  head = audit::link(head, entry);
  Statement(database, "INSERT INTO audit VALUES (?,?,?,?,?,?,?)")
      .run(entry.sequence, entry.unix_ms, entry.event, blob(item), entry.actor, entry.detail, blob(head));
}

void add_item(Database& database, const transfer::Announce& where, std::size_t bytes) {
  Statement(
      database,
      "INSERT INTO items (id, received_ms, decided_ms, sender, client, envid, subject, header, report, "
      "bytes, sha256, "
      "segment, offset, length, original_kept) VALUES (?,?,?,?,'','','題名',x'','{}',?,zeroblob(32),?,?,?,1)")
      .run(blob(where.id), 1700000000000, 1700000000000, "a@outside.example", bytes, where.segment,
           where.offset, where.length);
  Statement(database,
            "INSERT INTO recipients VALUES (?,0,'b@city.example',0,'',1,1,'encrypted',0,'',0,1700000000000)")
      .run(blob(where.id));
  Statement(database, "INSERT INTO item_segments VALUES (?,?)").run(where.segment, blob(where.id));
}

}  // namespace

TEST_CASE("upgrade: items, trail and originals of every earlier version are there, and work goes on") {
  for (std::size_t version = 1; version <= kItemSchema.size(); ++version) {
    CAPTURE(version);
    const test::Folder folder, originals;
    const ItemId id = new_item_id();
    const std::string content = test::octets(300'000);
    transfer::Announce where;
    {
      OriginalLog log(originals.path(), test::key_pair().public_key, test::unexpected);
      const Result<transfer::Announce> put = test::put(log, id, content);
      REQUIRE(put);
      where = *put;
      Database database(items_at(folder.path()).place);
      database.migrate(std::span<const char* const>(kItemSchema).first(version));
      add_item(database, where, content.size());
      audit::Hash head{};
      for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) add_entry(database, head, sequence, id);
      if (version >= 7) database.execute("UPDATE audit_base SET last = 3");
    }
    ItemStore items(items_at(folder.path()), [] {});
    const std::optional<ItemRow> row = items.find(id);
    REQUIRE(row);
    CHECK(row->subject == "題名");
    CHECK(row->original_kept);
    REQUIRE(items.recipients(id).size() == 1);
    CHECK(items.recipients(id)[0].state == State::held);
    CHECK(items.recipients(id)[0].reasons == "encrypted");
    OriginalReader reader(originals.path(), test::key_pair());
    const Result<Original> original = reader.read(row->where);
    REQUIRE(original);
    CHECK(test::text_of(*original) == content);
    // The trail goes on where it stood.
    const auto removed = wait_for_answer<unsigned>(std::chrono::seconds(30),
                                                   [&](auto answer) { items.remove(id, "tester", answer); });
    CHECK(removed == 1U);
    std::uint64_t entries = 0;
    CHECK_FALSE(walk_trail(*items.audit_book().open(), {}, entries));
    CHECK(entries == 4);
  }
}

TEST_CASE("upgrade: a store of a newer version is refused with both versions, and stays as it was") {
  const test::Folder folder;
  {
    const ItemStore items(items_at(folder.path()), [] {});
  }
  const int newer = static_cast<int>(kItemSchema.size()) + 1;
  {
    Database database(items_at(folder.path()).place);
    database.engine().set_version(newer);
  }
  std::string said;
  try {
    const ItemStore items(items_at(folder.path()), [] {});
  } catch (const TemporaryFailure& refusal) {
    said = refusal.what();
  }
  CHECK(said.find(std::to_string(newer)) != std::string::npos);
  CHECK(said.find("newer") != std::string::npos);
  Database database(items_at(folder.path()).place);
  CHECK(database.user_version() == newer);
}
