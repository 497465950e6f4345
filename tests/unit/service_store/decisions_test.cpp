// What people decide, as the store keeps it: whoever comes second finds what the first one left.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "service/base/clock.h"
#include "service/store/item_store.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using store::DecidedItem;
using store::ItemStore;
using store::Settlement;
using store::Standing;
using store::State;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/kiyome-decisions-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

transfer::Bundle bundle(const ItemId& id, std::uint16_t part, std::vector<std::uint32_t> numbers) {
  transfer::Bundle out;
  out.id = id;
  out.part = part;
  out.kind = part == 0 ? transfer::BundleKind::notice : transfer::BundleKind::mail;
  if (part != 0) out.sender = "a@outside.example";
  for (const std::uint32_t each : numbers)
    out.recipients.push_back({each, "r" + std::to_string(each) + "@city.example", 0, ""});
  out.content = "x";
  return out;
}

DecidedItem held(std::uint32_t recipients) {
  DecidedItem item;
  item.envelope.id = item.where.id = new_item_id();
  item.envelope.received_ms = unix_ms_now();
  item.envelope.sender = "a@outside.example";
  item.where.segment = 7;
  item.segments = {7};
  item.report = R"({"groups":[]})";
  store::DecidedGroup& group = item.groups.emplace_back();
  group.verdict = Verdict::held;
  group.reasons = {clean::Finding::kPolicyVerdictHeld};
  for (std::uint32_t i = 0; i < recipients; ++i) {
    item.envelope.recipients.push_back({i, "r" + std::to_string(i) + "@city.example", 0, ""});
    group.recipients.push_back(i);
  }
  return item;
}

DecidedItem release(DecidedItem item, std::uint16_t part) {
  item.released = true;
  item.actor = "one";
  item.event = "release";
  item.detail = R"(,"reason":"r")";
  item.groups[0].verdict = Verdict::clean;
  item.groups[0].reasons = {};
  item.groups[0].bundle = bundle(item.envelope.id, part, item.groups[0].recipients);
  return item;
}

bool written(ItemStore& items, DecidedItem item) {
  std::promise<bool> done;
  items.decide(std::move(item), [&](bool ok) { done.set_value(ok); });
  return done.get_future().get();
}

unsigned settled(ItemStore& items, const ItemId& id, Settlement settlement) {
  std::promise<unsigned> done;
  items.settle(id, std::move(settlement), [&](unsigned count) { done.set_value(count); });
  return done.get_future().get();
}

Settlement settlement(bool reject, std::vector<std::uint32_t> recipients = {}) {
  Settlement out;
  out.reject = reject;
  out.recipients = std::move(recipients);
  out.actor = "two";
  return out;
}

std::vector<std::uint32_t> bundled(ItemStore& items, const ItemId& id, std::uint16_t part) {
  std::vector<std::uint32_t> out;
  if (const auto kept = items.load_bundle(id, part))
    for (const transfer::Recipient& each : std::get<transfer::Bundle>(*kept).recipients)
      out.push_back(each.index);
  return out;
}

void nothing() {}

}  // namespace

TEST_CASE("store decisions: a release leaves for those who are still held, and its bundle names them alone") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  const DecidedItem item = held(4);
  const ItemId id = item.envelope.id;
  REQUIRE(written(items, item));
  CHECK(settled(items, id, settlement(false, {1})) == 1);
  CHECK(settled(items, id, settlement(true, {2})) == 1);
  CHECK(written(items, release(item, 1)));
  CHECK(bundled(items, id, 1) == std::vector<std::uint32_t>{0, 3});
  CHECK(items.recipient(id, 0)->state == State::sending);
  CHECK(items.recipient(id, 1)->state == State::deleted);
  CHECK(items.recipient(id, 2)->verdict == Verdict::rejected);
  CHECK(items.recipient(id, 2)->state == State::held);
  // Once more: for nobody, so there is no bundle.
  CHECK(written(items, release(item, 2)));
  CHECK(bundled(items, id, 2).empty());
}

TEST_CASE("store decisions: a refusal and a release from two threads: one of them, each time") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  for (int i = 0; i < 200; ++i) {
    const DecidedItem item = held(1);
    const ItemId id = item.envelope.id;
    REQUIRE(written(items, item));
    unsigned refused = 0;
    std::thread other([&] { refused = settled(items, id, settlement(true)); });
    CHECK(written(items, release(item, 1)));
    other.join();
    const std::size_t left = bundled(items, id, 1).size();
    CHECK(left + refused == 1);
    CHECK((items.recipient(id, 0)->state == State::sending) == (left == 1));
  }
}

TEST_CASE("store decisions: a notice of a refusal names those who were refused by it") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  const DecidedItem item = held(3);
  const ItemId id = item.envelope.id;
  REQUIRE(written(items, item));
  CHECK(settled(items, id, settlement(true, {0})) == 1);
  Settlement rest = settlement(true);
  const ItemId notice = new_item_id();
  rest.notice = bundle(notice, 0, {0, 1, 2});
  CHECK(settled(items, id, rest) == 2);
  CHECK(bundled(items, notice, 0) == std::vector<std::uint32_t>{1, 2});
  rest.notice = bundle(new_item_id(), 0, {0, 1, 2});
  CHECK(settled(items, id, rest) == 0);
  CHECK(items.unaccepted_bundles().size() == 1);
  CHECK(settled(items, id, settlement(false)) == 3);  // what was refused may go
}

TEST_CASE("store decisions: a further mail goes to who has one, and how a copy stands is remembered") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  DecidedItem item = held(2);
  const ItemId id = item.envelope.id;
  REQUIRE(written(items, item));
  DecidedItem first = release(item, 1);
  first.groups[0].recipients = {0};
  first.groups[0].bundle = bundle(id, 1, {0});
  first.standings = {{0, true, "*:flatten", "3", "2 4/0"}, {1, true, "", "", ""}};
  REQUIRE(written(items, first));
  const std::vector<Standing> expected{{0, true, "*:flatten", "3", "2 4/0"}};  // of who got it, alone
  CHECK(items.standings(id) == expected);
  DecidedItem further = release(item, 2);
  further.groups[0].further = true;
  REQUIRE(written(items, further));
  CHECK(bundled(items, id, 2) == std::vector<std::uint32_t>{0});
  CHECK(items.recipient(id, 1)->state == State::held);
}

TEST_CASE("store decisions: what holds an item now is told in place of what held it before") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  const DecidedItem item = held(1);
  REQUIRE(written(items, item));
  DecidedItem again = release(item, 1);
  again.groups[0].verdict = Verdict::held;
  again.groups[0].bundle.reset();
  again.groups[0].reasons = {clean::Finding::kMalware};
  CHECK(written(items, again));
  CHECK(items.recipient(item.envelope.id, 0)->reasons == "malware");
  CHECK(items.recipient(item.envelope.id, 0)->state == State::held);
}

TEST_CASE("store decisions: an allowance stands until its time is over") {
  const Folder folder;
  ItemStore items(store::items_at(folder.path), nothing);
  store::NewAllowance one;
  one.what = {0, "a@outside.example", "application/pdf", "", unix_ms_now() + 60'000};
  one.item = new_item_id();
  one.allowed_by = "one";
  std::promise<std::int64_t> number;
  items.allow(one, [&](std::int64_t given) { number.set_value(given); });
  CHECK(number.get_future().get() == 1);
  REQUIRE(items.allowed(unix_ms_now()).size() == 1);
  CHECK(items.allowed(unix_ms_now())[0].type == "application/pdf");
  CHECK(items.allowed(unix_ms_now() + 61'000).empty());
}
