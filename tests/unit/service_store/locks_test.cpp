#include "service/store/locks.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include "service/base/clock.h"
#include "tests/unit/service_store/original_fixture.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using store::DecidedItem;
using store::ItemStore;
using store::LockedCopy;
using store::Locks;
using store::State;

namespace {

const std::vector<std::string> kWords{"Xy7#pq82", "zweites"};
constexpr std::int64_t kHour = 3'600'000;

struct Shop {
  store::test::Folder folder;
  ItemStore items{store::items_at(folder.path()), [] {}};
  Locks locks{store::items_at(folder.path()), store::test::key_pair()};

  bool decide(DecidedItem item) {
    std::promise<bool> done;
    items.decide(std::move(item), [&](bool ok) { done.set_value(ok); });
    return done.get_future().get();
  }
  void delivered(const ItemId& id, std::uint32_t recipient, std::uint16_t part,
                 transfer::ResultClass result = transfer::ResultClass::delivered) {
    transfer::DeliveryResult message;
    message.id = id;
    message.recipient = recipient;
    message.part = part;
    message.result = result;
    std::promise<bool> done;
    items.delivery(message, "", [&](bool ok) { done.set_value(ok); });
    CHECK(done.get_future().get());
  }
  void expire(double originals_days, std::int64_t now) {
    RetentionConfig retention;
    retention.originals_days = originals_days;
    items.expire([&](std::span<const std::string>) { return retention; }, now, {}, [](std::uint64_t) {});
  }
  std::vector<std::string> events() {
    std::vector<std::string> out;
    std::uint64_t count = 0;
    CHECK_FALSE(walk_trail(
        *items.audit_book().open(), [&](const audit::Entry& entry) { out.push_back(entry.event); }, count));
    return out;
  }
};

DecidedItem item_to(std::initializer_list<const char*> recipients, Verdict verdict = Verdict::clean) {
  DecidedItem item;
  item.envelope.id = item.where.id = new_item_id();
  item.envelope.received_ms = unix_ms_now();
  item.envelope.sender = "Suzuki@Supplier.example";
  item.where.segment = 7;
  item.where.offset = 40;
  item.where.length = 90;
  item.report = "{}";
  store::DecidedGroup group;
  group.verdict = verdict;
  if (verdict == Verdict::clean) group.bundle.emplace().id = item.envelope.id;
  if (group.bundle) group.bundle->part = 1;
  for (const char* each : recipients) {
    const auto number = static_cast<std::uint32_t>(item.envelope.recipients.size());
    item.envelope.recipients.push_back({number, each, 0, ""});
    group.recipients.push_back(number);
    if (group.bundle) group.bundle->recipients.push_back({number, each, 0, ""});
  }
  item.groups.push_back(std::move(group));
  return item;
}

DecidedItem locked_item(std::initializer_list<const char*> recipients) {
  DecidedItem item = item_to(recipients);
  for (const transfer::Recipient& each : item.envelope.recipients)
    item.locked.push_back({each.index, "1/0 2", 0});
  return item;
}

DecidedItem words_item(const Locks& locks, std::initializer_list<const char*> recipients,
                       const std::vector<std::string>& words = kWords) {
  DecidedItem item = item_to(recipients);
  for (const char* each : recipients) item.words.push_back(locks.seal(item.envelope.sender, each, words));
  return item;
}

// The further mail for some recipients, and what is locked afterwards.
DecidedItem unlocked(const DecidedItem& first, std::uint16_t part,
                     const std::vector<std::uint32_t>& recipients, std::vector<LockedCopy> locked) {
  DecidedItem item;
  item.envelope = first.envelope;
  item.where = first.where;
  item.unlocked = true;
  item.locked = std::move(locked);
  if (recipients.empty()) return item;
  store::DecidedGroup group;
  group.recipients = recipients;
  group.bundle.emplace().id = first.envelope.id;
  group.bundle->part = part;
  for (const std::uint32_t each : recipients)
    group.bundle->recipients.push_back(first.envelope.recipients[each]);
  item.groups.push_back(std::move(group));
  return item;
}

std::size_t due(Shop& shop, std::int64_t now = unix_ms_now()) {
  return shop.locks.due_items("suzuki@supplier.EXAMPLE", now, 10).size();
}

}  // namespace

TEST_CASE("locks: words are remembered of a sender and a recipient, whatever their case, for a day") {
  Shop shop;
  CHECK(shop.decide(words_item(shop.locks, {"b@city.example"})));
  const std::int64_t now = unix_ms_now();
  CHECK(shop.locks.remembered("SUZUKI@supplier.example", "B@city.example", now).words == kWords);
  CHECK(shop.locks.remembered("suzuki@supplier.example", "b@city.example", now + 23 * kHour).words == kWords);
  CHECK(shop.locks.remembered("suzuki@supplier.example", "b@city.example", now + 25 * kHour).words.empty());
  CHECK(shop.locks.remembered("suzuki@supplier.example", "c@city.example", now).words.empty());
  CHECK(shop.locks.remembered("tanaka@supplier.example", "b@city.example", now).words.empty());
  shop.expire(14, now + 25 * kHour);
  CHECK(shop.locks.remembered("suzuki@supplier.example", "b@city.example", now).words.empty());
}

TEST_CASE("locks: the newest mails' best words come first, and only so many mails are remembered") {
  Shop shop;
  for (int i = 0; i < 12; ++i)
    CHECK(shop.decide(words_item(shop.locks, {"b@city.example"},
                                 {"first" + std::to_string(i), "second" + std::to_string(i), "common"})));
  const store::RememberedWords remembered =
      shop.locks.remembered("suzuki@supplier.example", "b@city.example", unix_ms_now());
  CHECK(remembered.last == 12);
  REQUIRE(remembered.words.size() == 2 * limits::kPasswordMails + 1);
  CHECK(remembered.words[0] == "first11");
  CHECK(remembered.words[7] == "first4");
  CHECK(remembered.words[8] == "second11");
}

TEST_CASE("locks: no file of the store shows a word; another key or another pair opens nothing") {
  Shop shop;
  CHECK(shop.decide(words_item(shop.locks, {"b@city.example"})));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(shop.folder.path())) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string octets((std::istreambuf_iterator<char>(file)), {});
    CHECK(octets.find(kWords[0]) == std::string::npos);
  }
  const store::WordSeal seal(store::test::key_pair());
  const std::string sealed = seal.seal("pair", kWords);
  CHECK(seal.open("pair", sealed) == kWords);
  CHECK(sealed != seal.seal("pair", kWords));
  CHECK(sealed.size() == seal.seal("pair", {"four"}).size());
  CHECK(seal.open("other", sealed).empty());
  CHECK(seal.open("pair", "").empty());
  for (const std::size_t at : {std::size_t{0}, std::size_t{5}, std::size_t{40}, sealed.size() - 1}) {
    std::string damaged = sealed;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    CHECK(seal.open("pair", damaged).empty());
  }
  store::CleanerKeyPair other = store::test::key_pair();
  other.secret_key[0] ^= 1;
  CHECK(store::WordSeal(other).open("pair", sealed).empty());
  CHECK(store::WordSeal(other).tag("pair", kWords) != seal.tag("pair", kWords));
  CHECK(seal.tag("pair", kWords) == seal.tag("pair", kWords));
  CHECK(seal.tag("pair", kWords) != seal.tag("pair", {"zweites"}));
}

TEST_CASE("locks: an item waits until words come for its pair, in either order") {
  Shop shop;
  const DecidedItem first = locked_item({"b@city.example"});
  CHECK(shop.decide(first));
  CHECK(due(shop) == 0);
  CHECK(shop.decide(words_item(shop.locks, {"c@city.example"})));
  CHECK(due(shop) == 0);
  CHECK(shop.decide(words_item(shop.locks, {"b@city.example"})));
  const auto items = shop.locks.due_items("suzuki@supplier.example", unix_ms_now(), 10);
  REQUIRE(items.size() == 1);
  CHECK(items[0].id == first.envelope.id);
  CHECK(items[0].segment == 7);
  CHECK(items[0].offset == 40);
  CHECK(items[0].length == 90);
  CHECK(shop.locks.due_items(unix_ms_now(), 10).size() == 1);
  CHECK(shop.locks.due_items("tanaka@supplier.example", unix_ms_now(), 10).empty());
  CHECK(due(shop, unix_ms_now() + 25 * kHour) == 0);

  const DecidedItem second = locked_item({"b@city.example"});  // the words were there before
  CHECK(shop.decide(second));
  CHECK(due(shop) == 2);
  CHECK(shop.locks.due_copies(second.envelope.id, unix_ms_now()).size() == 1);
}

TEST_CASE("locks: the words of an item itself and words that were tried do not make it due") {
  Shop shop;
  DecidedItem first = locked_item({"b@city.example"});
  first.words.push_back(shop.locks.seal(first.envelope.sender, "b@city.example", kWords));
  CHECK(shop.decide(first));
  CHECK(due(shop) == 0);
  CHECK(shop.decide(words_item(shop.locks, {"b@city.example"})));  // the same words again
  CHECK(due(shop) == 0);
  CHECK(shop.decide(words_item(shop.locks, {"b@city.example"}, {"new-word"})));
  CHECK(due(shop) == 1);
  const std::int64_t last =
      shop.locks.remembered("suzuki@supplier.example", "b@city.example", unix_ms_now()).last;
  CHECK(shop.decide(unlocked(first, 2, {}, {{0, "1/0 2", last}})));  // tried, nothing fitted
  CHECK(due(shop) == 0);
  CHECK(shop.locks.copies(first.envelope.id).size() == 1);
  CHECK(shop.events() == std::vector<std::string>{"verdict", "verdict", "verdict"});
}

TEST_CASE("locks: words that came while the item's own were written make it due") {
  Shop shop;
  CHECK(shop.decide(words_item(shop.locks, {"b@city.example"}, {"came-between"})));
  DecidedItem first = locked_item({"b@city.example"});  // tried = 0: it was begun before
  first.words.push_back(shop.locks.seal(first.envelope.sender, "b@city.example", kWords));
  CHECK(shop.decide(first));
  CHECK(due(shop) == 1);
}

TEST_CASE("locks: an item is tried by itself so many times and no more; an operator still finds it") {
  Shop shop;
  const DecidedItem first = locked_item({"b@city.example"});
  CHECK(shop.decide(first));
  for (unsigned i = 0; i < limits::kUnlockTries; ++i) {
    CHECK(shop.decide(words_item(shop.locks, {"b@city.example"}, {"word" + std::to_string(i)})));
    CHECK(due(shop) == 1);
    CHECK(shop.decide(unlocked(first, 2, {}, {{0, "1/0 2", std::int64_t{i} + 1}})));
  }
  CHECK(shop.decide(words_item(shop.locks, {"b@city.example"}, {"one-more"})));
  CHECK(due(shop) == 0);
  CHECK(shop.locks.copies(first.envelope.id).size() == 1);
}

TEST_CASE("item store: what a password opens goes out as a further mail, once, and its result counts") {
  Shop shop;
  const DecidedItem first = locked_item({"b@city.example", "c@city.example"});
  const ItemId id = first.envelope.id;
  CHECK(shop.decide(first));
  shop.delivered(id, 0, 1);
  shop.delivered(id, 1, 1, transfer::ResultClass::failed);
  shop.items.bundle_accepted(id, 1);
  CHECK(shop.items.next_part(id) == 2);
  CHECK(shop.decide(unlocked(first, 2, {0}, {{0, "", 1}, {1, "1/0 2", 1}})));
  CHECK(shop.items.has_bundle(id, 2));
  CHECK_FALSE(shop.items.has_bundle(id, 1));
  store::RecipientRow row = *shop.items.recipient(id, 0);
  CHECK(row.state == State::sending);
  CHECK(row.part == 2);
  CHECK(row.status.empty());
  CHECK(row.notify == transfer::kNotifyNever);  // the sender has heard that it was delivered
  CHECK(shop.items.recipient(id, 1)->state == State::bounced);
  CHECK(shop.locks.copies(id).size() == 1);
  CHECK(shop.items.next_part(id) == 3);
  shop.delivered(id, 0, 1, transfer::ResultClass::failed);  // a late word about the first mail
  CHECK(shop.items.recipient(id, 0)->state == State::sending);
  shop.delivered(id, 0, 2);
  CHECK(shop.items.recipient(id, 0)->state == State::delivered);
  CHECK(shop.events() == std::vector<std::string>{"verdict", "delivery", "delivery", "unlock", "delivery"});
}

TEST_CASE("item store: nothing of an unlock goes to who is held or deleted meanwhile") {
  Shop shop;
  DecidedItem first = item_to({"b@city.example"}, Verdict::held);
  const ItemId id = first.envelope.id;
  CHECK(shop.decide(first));
  CHECK(shop.decide(unlocked(first, 2, {0}, {})));
  CHECK_FALSE(shop.items.has_bundle(id, 2));
  CHECK(shop.items.recipient(id, 0)->state == State::held);
  CHECK(shop.events() == std::vector<std::string>{"verdict"});
}

TEST_CASE("item store: a copy that still waits keeps its sender's wish for notices") {
  Shop shop;
  DecidedItem first = locked_item({"b@city.example"});
  first.envelope.recipients[0].notify = transfer::kNotifyFailure;
  CHECK(shop.decide(first));
  CHECK(shop.decide(unlocked(first, 2, {0}, {{0, "", 1}})));
  CHECK(shop.items.recipient(first.envelope.id, 0)->notify == transfer::kNotifyFailure);
  // The gate refuses the first mail, which nobody is sent any more: it does not stay.
  std::promise<bool> done;
  shop.items.bundle_refused({first.envelope.id, 1, transfer::RefusalReason::digest, 0}, std::nullopt,
                            [&](bool ok) { done.set_value(ok); });
  CHECK(done.get_future().get());
  CHECK_FALSE(shop.items.has_bundle(first.envelope.id, 1));
  CHECK(shop.items.has_bundle(first.envelope.id, 2));
  CHECK(shop.items.recipient(first.envelope.id, 0)->state == State::sending);
}

TEST_CASE("locks: held copies are not tried by themselves, and an erased original is forgotten") {
  Shop shop;
  const DecidedItem first = locked_item({"b@city.example"});
  const ItemId id = first.envelope.id;
  CHECK(shop.decide(first));
  CHECK(shop.decide(words_item(shop.locks, {"b@city.example"})));
  CHECK(due(shop) == 1);
  CHECK(store::wait_for_answer<unsigned>(std::chrono::seconds(30), [&](auto done) {
          shop.items.hold(id, 1, "operator", std::move(done));
        }) == 1);
  CHECK(due(shop) == 0);
  CHECK(shop.locks.due_copies(id, unix_ms_now()).empty());
  CHECK(shop.locks.copies(id).size() == 1);

  const DecidedItem second = locked_item({"b@city.example"});
  CHECK(shop.decide(second));
  shop.delivered(second.envelope.id, 0, 1);
  CHECK(due(shop) == 1);
  shop.expire(14, unix_ms_now() + 15 * 24 * kHour);
  CHECK(shop.locks.copies(second.envelope.id).empty());
}
