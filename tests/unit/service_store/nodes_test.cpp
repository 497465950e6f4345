#include "service/store/nodes.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "service/base/clock.h"
#include "service/store/arrivals.h"
#include "service/store/row_values.h"
#include "tests/unit/service_store/original_fixture.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using namespace kiyome::store;

namespace {

ItemsAt named(ItemsAt at, const char* node) {
  at.node = node;
  return at;
}

// A bundle as `node` wrote it.
void add_bundle(Database& database, const ItemId& id, const char* node) {
  Statement(database, "INSERT INTO bundles (id, part, frame, sent_by) VALUES (?,1,?,?)")
      .run(blob(id), Blob{"frame"}, node);
}

void fall_silent(Database& database, const char* node) {
  Statement(database, "UPDATE nodes SET seen_ms=seen_ms-60000 WHERE node=?").run(node);
}

}  // namespace

TEST_CASE("nodes: a name is made once and kept") {
  const test::Folder folder;
  const std::string name = node_name(folder.path());
  CHECK(name.find('/') != std::string::npos);
  CHECK(node_name(folder.path()) == name);
  const test::Folder other;
  CHECK(node_name(other.path()) != name);
}

TEST_CASE("nodes: of those who live one keeps house, and who falls silent loses it") {
  if (!tests_on_postgres()) return;
  const test::Folder folder;
  const ItemsAt at = items_at(folder.path());
  const ItemStore items(at, [] {});
  Database database(at.place);
  Nodes a(named(at, "a")), b(named(at, "b"));
  CHECK(b.beat());  // nobody else is there
  CHECK(a.beat());
  CHECK_FALSE(b.beat());
  fall_silent(database, "a");
  CHECK(b.beat());
  CHECK(a.beat());  // back again
  CHECK_FALSE(b.beat());
}

TEST_CASE("nodes: bundles of nobody and of the dead are taken once, those of the living stay theirs") {
  if (!tests_on_postgres()) return;
  const test::Folder folder;
  const ItemsAt at = items_at(folder.path());
  const ItemStore items(at, [] {});
  Database database(at.place);
  Nodes a(named(at, "a")), b(named(at, "b"));
  a.beat();
  b.beat();
  const ItemId of_a = new_item_id(), of_nobody = new_item_id(), of_b = new_item_id();
  add_bundle(database, of_a, "a");
  add_bundle(database, of_nobody, "");
  add_bundle(database, of_b, "b");
  CHECK(b.take_bundles(10) == std::vector<Nodes::Key>{{of_nobody, 1}});
  CHECK(b.take_bundles(10).empty());
  fall_silent(database, "a");
  CHECK(b.take_bundles(10) == std::vector<Nodes::Key>{{of_a, 1}});
  a.beat();
  CHECK(a.take_bundles(10).empty());
  b.release_bundles();
  CHECK(a.take_bundles(2).size() == 2);
  CHECK(a.take_bundles(10).size() == 1);
}

TEST_CASE("nodes: of two cleaners that decide one item the second is too late, and its bundle is not there") {
  if (!tests_on_postgres()) return;
  const test::Folder folder;
  const ItemsAt at = items_at(folder.path());
  ItemStore one(named(at, "a"), [] {}), two(named(at, "b"), [] {});
  DecidedItem item;
  item.envelope.id = item.where.id = new_item_id();
  item.envelope.recipients.resize(1);
  DecidedGroup group;
  group.recipients = {0};
  group.bundle.emplace();
  group.bundle->id = item.envelope.id;
  group.bundle->part = 1;
  item.groups.push_back(group);
  const auto decide = [](ItemStore& items, DecidedItem what) {
    const auto late = std::make_shared<bool>();  // as the store wants it
    what.too_late = late;
    const auto written = wait_for_answer<bool>(std::chrono::seconds(10),
                                               [&](auto answer) { items.decide(std::move(what), answer); });
    CHECK(written.value_or(false));
    return *late;
  };
  CHECK_FALSE(decide(one, item));
  item.groups[0].verdict = Verdict::held;  // it came to another end
  item.groups[0].bundle.reset();
  CHECK(decide(two, item));
  CHECK(two.recipients(item.envelope.id).front().verdict == Verdict::clean);
  CHECK(one.unaccepted_bundles().size() == 1);
  CHECK(two.unaccepted_bundles().empty());
}

TEST_CASE("nodes: a verdict ends its arrival, of a mail and of a dropped file") {
  if (!tests_on_postgres()) return;
  const test::Folder folder;
  const ItemsAt at = items_at(folder.path());
  ItemStore items(at, [] {});
  Database database(Place{{}, at.place.url, schema::kOriginals});
  for (const bool drop : {false, true}) {
    DecidedItem item;
    item.envelope.id = item.where.id = new_item_id();
    item.envelope.recipients.resize(1);
    DecidedGroup group;
    group.recipients = {0};
    group.verdict = Verdict::held;
    item.groups.push_back(group);
    if (drop) {
      item.drop.emplace();
      item.drop->id = item.envelope.id;
      item.drop->part = 1;
    }
    Statement(
        database,
        "INSERT INTO arrivals (id, first_segment, segment, offset, length, came_ms) VALUES (?,1,1,0,1,1)")
        .run(blob(item.envelope.id));
    const auto written =
        wait_for_answer<bool>(std::chrono::seconds(10), [&](auto answer) { items.decide(item, answer); });
    CHECK(written.value_or(false));
    CHECK_FALSE(Statement(database, "SELECT 1 FROM arrivals WHERE id=?")
                    .one([](const Row&) {}, blob(item.envelope.id)));
  }
}

TEST_CASE("nodes: two hosts that release to two recipients at once use two mails") {
  if (!tests_on_postgres()) return;
  const test::Folder folder;
  const ItemsAt at = items_at(folder.path());
  ItemStore one(named(at, "a"), [] {}), two(named(at, "b"), [] {});
  const auto decide = [](ItemStore& items, const DecidedItem& what) {
    return wait_for_answer<bool>(std::chrono::seconds(10), [&](auto answer) { items.decide(what, answer); })
        .value_or(false);
  };
  DecidedItem item;
  item.envelope.id = item.where.id = new_item_id();
  item.envelope.recipients.resize(2);
  item.envelope.recipients[1].index = 1;
  DecidedGroup group;
  group.recipients = {0, 1};
  group.verdict = Verdict::held;
  item.groups = {group};
  REQUIRE(decide(one, item));
  const auto release = [&](std::uint32_t recipient) {
    DecidedItem out = item;
    out.released = true;
    out.groups[0].verdict = Verdict::clean;
    out.groups[0].recipients = {recipient};
    out.groups[0].bundle.emplace();
    out.groups[0].bundle->id = item.envelope.id;
    out.groups[0].bundle->part = 1;  // both asked before the other wrote
    out.groups[0].bundle->recipients = {item.envelope.recipients[recipient]};
    return out;
  };
  CHECK(decide(one, release(0)));
  CHECK_FALSE(decide(two, release(1)));
  CHECK(two.recipients(item.envelope.id)[1].state == State::held);
  DecidedItem anew = release(1);
  anew.groups[0].bundle->part = two.next_part(item.envelope.id);
  CHECK(decide(two, anew));
  CHECK(two.recipients(item.envelope.id)[1].state == State::sending);
}
