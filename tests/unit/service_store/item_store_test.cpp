#include "service/store/item_store.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "service/base/clock.h"
#include "service/store/shared_folder.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using store::DecidedItem;
using store::ItemStore;
using store::State;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/kiyome-items-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

transfer::Bundle bundle(const ItemId& id, std::uint16_t part, std::size_t octets = 100) {
  transfer::Bundle out;
  out.id = id;
  out.part = part;
  out.sender = "a@outside.example";
  out.recipients = {{0, "b@city.example", 0, ""}};
  out.content = std::string(octets, 'x');
  return out;
}

DecidedItem decided(Verdict verdict, std::size_t octets = 100) {
  DecidedItem item;
  item.envelope.id = item.where.id = new_item_id();
  item.envelope.received_ms = unix_ms_now();
  item.envelope.sender = "a@outside.example";
  item.envelope.recipients = {{0, "b@city.example", 0, ""}};
  item.where.segment = 7;
  item.segments = {7};
  item.report = "{}";
  store::DecidedGroup group;
  group.verdict = verdict;
  group.recipients = {0};
  if (verdict == Verdict::clean)
    group.bundle = bundle(item.envelope.id, 1, octets);
  else
    group.reasons = {clean::Finding::kEncrypted, clean::Finding::kPolicyVerdictHeld};
  item.groups.push_back(std::move(group));
  return item;
}

bool written(ItemStore& items, DecidedItem item) {
  std::promise<bool> done;
  items.decide(std::move(item), [&](bool ok) { done.set_value(ok); });
  return done.get_future().get();
}

bool heard(ItemStore& items, const ItemId& id, transfer::ResultClass result, const std::string& notice = "") {
  std::promise<bool> done;
  transfer::DeliveryResult message;
  message.id = id;
  message.part = 1;
  message.result = result;
  items.delivery(message, notice, [&](bool ok) { done.set_value(ok); });
  return done.get_future().get();
}

std::size_t audit_entries(ItemStore& items) {
  std::uint64_t count = 0;
  CHECK_FALSE(walk_trail(*items.audit_book().open(), {}, count));
  return count;
}

void nothing() {}

}  // namespace

TEST_CASE("item store: a clean verdict is there after a restart, with its bundle and an intact audit trail") {
  const Folder folder;
  const DecidedItem item = decided(Verdict::clean);
  const ItemId id = item.envelope.id;
  {
    ItemStore items(store::items_at(folder.path), nothing);
    CHECK_FALSE(items.knows(id));
    CHECK(written(items, item));
  }
  ItemStore items(store::items_at(folder.path), nothing);
  CHECK(items.knows(id));
  REQUIRE(items.unaccepted_bundles().size() == 1);
  CHECK(std::get<transfer::Bundle>(*items.load_bundle(id, 1)).content == item.groups[0].bundle->content);
  CHECK(items.recipients(id)[0].state == State::sending);
  CHECK(audit_entries(items) == 1);
}

TEST_CASE("item store: the same item decided twice stays as it was") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  const DecidedItem item = decided(Verdict::clean);
  CHECK(written(items, item));
  CHECK(written(items, item));
  CHECK(items.recipients(item.envelope.id).size() == 1);
  CHECK(audit_entries(items) == 1);
}

TEST_CASE("item store: a large bundle lies beside the database and goes when the gate has it") {
  const Folder folder;
  store::ItemsAt at = store::items_at(folder.path);
  at.blobs = folder.path;
  ItemStore items(at, nothing);
  const DecidedItem item = decided(Verdict::clean, 200000);
  CHECK(written(items, item));
  const auto files = [&] {
    return std::ranges::count_if(
        std::filesystem::directory_iterator(folder.path / "bundles"),
        [](const auto& entry) { return entry.path().filename() != store::kFolderMark; });
  };
  CHECK(files() == 1);
  CHECK(octets_of(*items.load_bundle(item.envelope.id, 1)) == 200000);
  items.bundle_accepted(item.envelope.id, 1);
  CHECK(heard(items, item.envelope.id, transfer::ResultClass::delivered));
  CHECK(files() == 0);
  CHECK(items.unaccepted_bundles().empty());
  CHECK(items.recipients(item.envelope.id)[0].state == State::delivered);
}

TEST_CASE("item store: a result said twice makes one notice to the sender") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  const DecidedItem item = decided(Verdict::clean);
  CHECK(written(items, item));
  CHECK(heard(items, item.envelope.id, transfer::ResultClass::failed, "notice"));
  CHECK(heard(items, item.envelope.id, transfer::ResultClass::failed, "notice"));
  const auto due = items.due_returns(unix_ms_now() + 1, 10);
  REQUIRE(due.size() == 1);
  CHECK(due[0].recipient == "a@outside.example");
  CHECK(items.recipients(item.envelope.id)[0].state == State::bounced);
  std::promise<bool> told;
  items.return_sent(due[0].number, true, "2.0.0", [&](bool ok) { told.set_value(ok); });
  CHECK(told.get_future().get());
  CHECK(heard(items, item.envelope.id, transfer::ResultClass::failed));
  CHECK(items.due_returns(unix_ms_now() + 1, 10).empty());
}

TEST_CASE("item store: a release happens once, whoever asks again") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  DecidedItem item = decided(Verdict::held);
  const ItemId id = item.envelope.id;
  CHECK(written(items, item));
  CHECK(items.recipients(id)[0].reasons == "encrypted policy-held");
  CHECK(items.next_part(id) == 1);
  item.released = true;
  item.groups[0].verdict = Verdict::clean;
  item.groups[0].bundle = bundle(id, 1);
  CHECK(written(items, item));
  item.groups[0].bundle = bundle(id, 2);
  CHECK(written(items, item));
  CHECK(items.unaccepted_bundles().size() == 1);
  CHECK(items.recipients(id)[0].state == State::sending);
  CHECK(items.next_part(id) == 2);
}

TEST_CASE("item store: what the gate refuses is held and never sent again") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  const DecidedItem item = decided(Verdict::clean);
  CHECK(written(items, item));
  const auto refused = [&](const ItemId& id, std::uint16_t part) {
    std::promise<bool> done;
    items.bundle_refused({id, part, transfer::RefusalReason::grammar, 5}, bundle(id, 0),
                         [&](bool ok) { done.set_value(ok); });
    CHECK(done.get_future().get());
  };
  refused(item.envelope.id, 1);
  CHECK(items.recipients(item.envelope.id)[0].reasons == "verify-refused");
  using Keys = std::vector<std::pair<ItemId, std::uint16_t>>;
  CHECK(items.unaccepted_bundles() == Keys{{item.envelope.id, 0}});  // only what tells the recipients
  const std::uint64_t entries = audit_entries(items);
  refused(item.envelope.id, 7);         // was never sent
  refused(ItemId::make(5, {1, 2}), 1);  // nobody knows it
  CHECK(audit_entries(items) == entries);
  CHECK(items.unaccepted_bundles().size() == 1);
}

TEST_CASE("item store: an altered audit entry is named") {
  const Folder folder;
  {
    ItemStore items(store::items_at(folder.path), nothing);
    for (int i = 0; i < 5; ++i) CHECK(written(items, decided(Verdict::clean)));
  }
  store::Database(store::items_at(folder.path).place)
      .execute("UPDATE audit SET actor='nobody' WHERE sequence=3");
  ItemStore items(store::items_at(folder.path), nothing);
  std::uint64_t count = 0;
  const auto fault = walk_trail(*items.audit_book().open(), {}, count);
  REQUIRE(fault);
  CHECK(fault->sequence == 3);
  CHECK(count == 2);
}

std::vector<std::uint64_t> expired(ItemStore& items, std::int64_t now_ms,
                                   std::vector<std::uint64_t> standing) {
  std::vector<std::uint64_t> out;
  items.expire([](std::span<const std::string>) { return RetentionConfig{}; }, now_ms, std::move(standing),
               [&](std::uint64_t segment) { out.push_back(segment); });
  return out;
}

TEST_CASE("item store: originals past their days free a segment only when no item needs it") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  DecidedItem old = decided(Verdict::clean), fresh = decided(Verdict::clean), held = decided(Verdict::held);
  old.envelope.received_ms -= 20LL * 86'400'000;
  held.envelope.received_ms -= 20LL * 86'400'000;
  old.segments = {7};
  fresh.segments = {7, 8};
  held.segments = {9};
  for (const DecidedItem& each : {old, fresh, held}) CHECK(written(items, each));
  CHECK(heard(items, old.envelope.id, transfer::ResultClass::delivered));
  const std::vector<std::uint64_t> standing{6, 7, 8, 9};
  // Segment 6 was forgotten in an earlier life, 7 is shared with the fresh item, 9 is held.
  CHECK(expired(items, unix_ms_now(), standing) == std::vector<std::uint64_t>{6});
  CHECK_FALSE(items.find(old.envelope.id)->original_kept);
  CHECK(items.find(held.envelope.id)->original_kept);
  CHECK(heard(items, fresh.envelope.id, transfer::ResultClass::delivered));
  const auto later = expired(items, unix_ms_now() + 31LL * 86'400'000, standing);
  CHECK(later == standing);
  CHECK(items.recipients(held.envelope.id)[0].state == State::deleted);
}

TEST_CASE("item store: many writers share commits and lose nothing") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  std::atomic<int> ok{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) ok += written(items, decided(Verdict::clean)) ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(ok == 400);
  CHECK(items.unaccepted_bundles().size() == 400);
  CHECK(audit_entries(items) == 400);
}

namespace {

using Names = std::vector<std::string>;

// 甲 keeps originals 60 days and held items 90, 乙 keeps 2 of either; records fall at once. Of several
// tenants the longest counts; what has none is the service's, with the usual days.
RetentionConfig days_of(std::span<const std::string> tenants) {
  RetentionConfig out{0, 0, 0};
  const auto add = [&](const RetentionConfig& one) {
    out.originals_days = std::max(out.originals_days, one.originals_days);
    out.held_days = std::max(out.held_days, one.held_days);
    out.records_days = std::max(out.records_days, one.records_days);
  };
  for (const std::string& name : tenants)
    add(name == "甲"   ? RetentionConfig{60, 90, 1}
        : name == "乙" ? RetentionConfig{2, 2, 1}
                       : RetentionConfig{});
  if (tenants.empty()) add(RetentionConfig{});
  return out;
}

struct Kept {
  bool original = false, held = false, record = false;
  bool operator==(const Kept&) const = default;
};

// What is left of an item of these tenants, days after it came.
Kept left_of(ItemStore& items, const Names& tenants, Verdict verdict, int days) {
  DecidedItem item = decided(verdict);
  item.envelope.received_ms -= days * 86'400'000LL;
  item.tenants = tenants;
  CHECK(written(items, item));
  if (verdict == Verdict::clean) CHECK(heard(items, item.envelope.id, transfer::ResultClass::delivered));
  for (int turn = 0; turn < 2; ++turn) items.expire(days_of, unix_ms_now(), {}, [](std::uint64_t) {});
  const auto found = items.find(item.envelope.id);
  if (!found) return {};
  return {found->original_kept, items.recipients(item.envelope.id)[0].state == State::held, true};
}

}  // namespace

TEST_CASE("item store: each set of tenants has its days, and the longest of several counts") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  const auto clean = [&](const Names& tenants, int days) {
    return left_of(items, tenants, Verdict::clean, days);
  };
  const Kept kept{true, false, true}, erased{false, false, true}, gone{};
  CHECK(clean({}, 13) == kept);
  CHECK(clean({}, 15) == erased);
  CHECK(clean({"甲"}, 59) == kept);
  CHECK(clean({"甲"}, 61) == gone);
  CHECK(clean({"乙"}, 1) == kept);
  CHECK(clean({"乙"}, 3) == gone);
  CHECK(clean({"乙", "甲"}, 59) == kept);
  CHECK(clean({"", "乙"}, 13) == kept);  // some recipients are of no tenant
  CHECK(clean({"", "乙"}, 15) == erased);
  const auto held = [&](const Names& tenants, int days) {
    return left_of(items, tenants, Verdict::held, days).held;
  };
  CHECK(held({}, 29));
  CHECK_FALSE(held({}, 31));
  CHECK(held({"甲"}, 89));
  CHECK_FALSE(held({"甲"}, 91));
  CHECK(held({"乙"}, 1));
  CHECK_FALSE(held({"乙"}, 3));
  CHECK(held({"乙", "甲"}, 89));
}

TEST_CASE("item store: a change of the configuration counts for what is there already") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  DecidedItem item = decided(Verdict::clean);
  item.envelope.received_ms -= 20 * 86'400'000LL;
  item.tenants = {"甲"};
  CHECK(written(items, item));
  CHECK(heard(items, item.envelope.id, transfer::ResultClass::delivered));
  double days = 21;
  const auto retention = [&](std::span<const std::string> tenants) {
    CHECK((tenants.empty() || tenants[0] == "甲"));
    return RetentionConfig{days, days, 1000};
  };
  items.expire(retention, unix_ms_now(), {}, [](std::uint64_t) {});
  CHECK(items.find(item.envelope.id)->original_kept);
  days = 19;
  items.expire(retention, unix_ms_now(), {}, [](std::uint64_t) {});
  CHECK_FALSE(items.find(item.envelope.id)->original_kept);
}
