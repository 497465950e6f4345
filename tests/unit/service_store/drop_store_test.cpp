// What the item store keeps of files of the drop box.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <future>
#include <map>
#include <mutex>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/store/item_store.h"

using namespace kiyome;
using clean::Finding;
using store::DecidedItem;
using store::State;
using transfer::DropProgress;
using transfer::DropStage;
using transfer::DropVerdict;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/kiyome-drops-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

// A store with ears.
struct Room {
  Folder folder;
  std::mutex mutex;
  std::vector<std::pair<ItemId, std::uint16_t>> wrote;
  std::map<ItemId, unsigned> changed;
  std::unique_ptr<store::ItemStore> items;

  Room() { open(); }
  ~Room() { items.reset(); }
  void open() {
    items.reset();
    items = std::make_unique<store::ItemStore>(
        folder.path, [] {},
        store::DropCalls{[this](const ItemId& id, std::uint16_t part) {
                           std::lock_guard lock(mutex);
                           wrote.emplace_back(id, part);
                         },
                         [this](const ItemId& id) {
                           std::lock_guard lock(mutex);
                           ++changed[id];
                         }});
  }
  // When it returns, all that was submitted before is written and told.
  bool wait(const std::function<void(store::ItemStore::Done)>& submit) {
    std::promise<bool> done;
    submit([&](bool ok) { done.set_value(ok); });
    const bool ok = done.get_future().get();
    std::promise<bool> next;
    items->remove(new_item_id(), "test", [&](unsigned) { next.set_value(true); });
    next.get_future().get();
    return ok;
  }
  bool decide(DecidedItem item) {
    return wait([&](auto done) { items->decide(std::move(item), std::move(done)); });
  }
  void hear(const ItemId& id, std::uint16_t part, std::uint32_t recipient, DropStage stage) {
    CHECK(wait([&](auto done) { items->drop_result({id, part, recipient, stage}, std::move(done)); }));
  }
  unsigned hold(const ItemId& id, std::uint16_t part) {
    std::promise<unsigned> done;
    items->hold(id, part, "operator", [&](unsigned count) { done.set_value(count); });
    return done.get_future().get();
  }
  unsigned remove(const ItemId& id) {
    std::promise<unsigned> done;
    items->remove(id, "operator", [&](unsigned count) { done.set_value(count); });
    return done.get_future().get();
  }
  DropProgress state(const ItemId& id) {
    const auto state = items->drop_state(id);
    REQUIRE(state);
    return state->state;
  }
  transfer::DropBundle bundle(const ItemId& id, std::uint16_t part) {
    const auto bundle = items->load_bundle(id, part);
    REQUIRE(bundle);
    return std::get<transfer::DropBundle>(*bundle);
  }
  std::size_t audit_entries() {
    std::uint64_t count = 0;
    CHECK_FALSE(walk_trail(*items->audit_book().open(), {}, count));
    return count;
  }
};

DecidedItem decided(Verdict verdict, std::size_t octets = 10, std::uint16_t part = 1,
                    const ItemId& id = new_item_id()) {
  DecidedItem item;
  item.envelope.id = item.where.id = id;
  item.envelope.received_ms = unix_ms_now();
  item.envelope.protocol = "DROP";
  item.envelope.sender = "s@out.example";
  item.envelope.recipients = {{0, "a@in.example", 0, ""}, {1, "b@in.example", 0, ""}};
  item.where.segment = 7;
  item.segments = {7};
  item.report = "{}";
  store::DecidedGroup& group = item.groups.emplace_back();
  group.verdict = verdict;
  group.recipients = {0, 1};
  if (verdict != Verdict::clean) group.reasons = {Finding::kEncrypted};
  transfer::DropBundle& bundle = item.drop.emplace();
  bundle.id = id;
  bundle.part = part;
  bundle.submission = new_item_id();
  bundle.sender = "s@out.example";
  bundle.recipients = {"a@in.example", "b@in.example"};
  bundle.title = "資料";
  bundle.name = "資料.docx";
  bundle.verdict = verdict == Verdict::clean  ? DropVerdict::clean
                   : verdict == Verdict::held ? DropVerdict::held
                                              : DropVerdict::rejected;
  if (verdict == Verdict::clean) {
    std::string content(octets, 'x');
    bundle.files.push_back({"資料.docx.txt", transfer::CleanFileType::text, sha256(content), content});
  } else {
    bundle.findings = {static_cast<std::uint16_t>(Finding::kEncrypted)};
  }
  item.drop_pages = 3;
  item.drop_places = verdict == Verdict::held ? "0" : "";
  return item;
}

}  // namespace

TEST_CASE("drops: a verdict and its bundle are one, also when it is held, and outlive a restart") {
  Room room;
  const DecidedItem clean = decided(Verdict::clean, 200000), held = decided(Verdict::held),
                    rejected = decided(Verdict::rejected);
  CHECK(room.decide(clean));
  CHECK(room.decide(held));
  CHECK(room.decide(rejected));
  room.open();
  CHECK(room.items->is_drop(clean.envelope.id));
  CHECK_FALSE(room.items->is_drop(new_item_id()));
  CHECK(room.bundle(clean.envelope.id, 1) == *clean.drop);
  CHECK(room.bundle(held.envelope.id, 1) == *held.drop);
  CHECK(room.items->unaccepted_bundles().size() == 3);
  CHECK(room.items->drop_places(held.envelope.id) == "0");
  const auto state = room.items->drop_state(held.envelope.id);
  REQUIRE(state);
  CHECK(*state ==
        transfer::DropState{
            held.envelope.id, DropProgress::held, 3, {static_cast<std::uint16_t>(Finding::kEncrypted)}, 0});
  CHECK(room.state(clean.envelope.id) == DropProgress::clean);
  CHECK(room.state(rejected.envelope.id) == DropProgress::refused);
  CHECK_FALSE(room.items->drop_state(new_item_id()));
  CHECK(room.changed.at(clean.envelope.id) == 1);
}

TEST_CASE("drops: pictures of pages are kept with the verdict, and replaced by a release") {
  Room room;
  DecidedItem clean = decided(Verdict::clean);
  clean.drop_pictures = {"one", std::string("\0two", 4)};
  CHECK(room.decide(clean));
  room.open();
  const ItemId id = clean.envelope.id;
  CHECK(room.items->drop_picture(id, 1) == "one");
  CHECK(room.items->drop_picture(id, 2) == std::string("\0two", 4));
  for (const std::uint32_t page : {0u, 3u, 4294967295u}) CHECK(room.items->drop_picture(id, page).empty());
  CHECK(room.items->drop_picture(new_item_id(), 1).empty());
  CHECK(room.items->drop_state(id)->pictures == 2);

  DecidedItem held = decided(Verdict::held);
  CHECK(room.decide(held));
  CHECK(room.items->drop_state(held.envelope.id)->pictures == 0);
  DecidedItem release = decided(Verdict::clean, 10, 2, held.envelope.id);
  release.released = true;
  release.drop_pictures = {"released"};
  CHECK(room.decide(release));
  CHECK(room.items->drop_picture(held.envelope.id, 1) == "released");
  DecidedItem again = decided(Verdict::clean, 10, 3, held.envelope.id);  // a second release changes nothing
  again.released = true;
  again.drop_pictures = {"x", "y"};
  CHECK(room.decide(again));
  CHECK(room.items->drop_picture(held.envelope.id, 1) == "released");
  CHECK(room.items->drop_state(held.envelope.id)->pictures == 1);
}

TEST_CASE("drops: there are no more pictures than may be asked for") {
  Room room;
  DecidedItem item = decided(Verdict::clean);
  item.drop_pictures.assign(limits::kPreviewPages + 5, "x");
  CHECK(room.decide(item));
  CHECK(room.items->drop_state(item.envelope.id)->pictures == limits::kPreviewPages);
}

TEST_CASE("drops: what is deleted, refused by the gate or past its days has no pictures any more") {
  Room room;
  DecidedItem refused = decided(Verdict::clean), deleted = decided(Verdict::clean),
              old = decided(Verdict::clean), kept = decided(Verdict::clean);
  for (DecidedItem* each : {&refused, &deleted, &old, &kept}) {
    each->drop_pictures = {"picture"};
    CHECK(room.decide(*each));
  }
  const transfer::Refused word{refused.envelope.id, 1, transfer::RefusalReason::grammar, 0};
  CHECK(room.wait([&](auto done) { room.items->bundle_refused(word, std::nullopt, std::move(done)); }));
  CHECK(room.items->drop_state(refused.envelope.id)->pictures == 0);

  CHECK(room.hold(deleted.envelope.id, 1) == 2);
  CHECK(room.items->drop_state(deleted.envelope.id)->pictures == 1);
  CHECK(room.remove(deleted.envelope.id) == 2);
  CHECK(room.items->drop_state(deleted.envelope.id)->pictures == 0);

  for (const std::uint32_t recipient : {0u, 1u})
    room.hear(old.envelope.id, 1, recipient, DropStage::picked_up);
  const unsigned told = room.changed.at(old.envelope.id);
  room.items->expire([](std::span<const std::string>) { return RetentionConfig{}; },
                     unix_ms_now() + 15LL * 86'400'000, {}, [](std::uint64_t) {});
  CHECK(room.items->drop_picture(old.envelope.id, 1).empty());
  CHECK(room.items->drop_state(old.envelope.id)->pictures == 0);
  room.remove(new_item_id());                                         // what was told before has arrived
  CHECK(room.changed.at(old.envelope.id) == told + 1);                // so that its sender's page hears it
  CHECK(room.items->drop_picture(kept.envelope.id, 1) == "picture");  // its original is needed yet
}

TEST_CASE("drops: deciding again without a word changes nothing") {
  Room room;
  DecidedItem item = decided(Verdict::held);
  CHECK(room.decide(item));
  DecidedItem other = decided(Verdict::clean, 10, 1, item.envelope.id);
  CHECK(room.decide(other));
  CHECK(room.state(item.envelope.id) == DropProgress::held);
  CHECK(room.bundle(item.envelope.id, 1).verdict == DropVerdict::held);
}

TEST_CASE("drops: what the closed side says moves each recipient, and the sender sees the least of it") {
  Room room;
  const DecidedItem item = decided(Verdict::clean);
  const ItemId id = item.envelope.id;
  CHECK(room.decide(item));
  room.hear(id, 1, 0, DropStage::waiting);
  CHECK(room.state(id) == DropProgress::clean);  // the other has not been heard of
  room.hear(id, 1, 1, DropStage::waiting);
  CHECK(room.state(id) == DropProgress::waiting);
  room.hear(id, 1, 0, DropStage::delivered);
  CHECK(room.state(id) == DropProgress::waiting);
  room.hear(id, 1, 1, DropStage::delivered);
  CHECK(room.state(id) == DropProgress::delivered);
  room.hear(id, 1, 0, DropStage::picked_up);
  CHECK(room.state(id) == DropProgress::delivered);
  room.hear(id, 1, 1, DropStage::picked_up);
  CHECK(room.state(id) == DropProgress::picked_up);
  const auto rows = room.items->recipients(id);
  CHECK(rows[0].state == State::delivered);
  CHECK(rows[0].status == "picked-up");
  const std::size_t entries = room.audit_entries();
  const unsigned told = room.changed.at(id);
  // Said again, or what cannot follow: no entry, no word.
  for (const DropStage stage : {DropStage::waiting, DropStage::delivered, DropStage::returned,
                                DropStage::picked_up, DropStage::expired})
    room.hear(id, 1, 0, stage);
  CHECK(room.audit_entries() == entries);
  CHECK(room.changed.at(id) == told);
  CHECK(room.state(id) == DropProgress::picked_up);
}

TEST_CASE("drops: what was returned or not approved in time was not delivered; what was not fetched was") {
  Room room;
  const DecidedItem returned = decided(Verdict::clean), late = decided(Verdict::clean),
                    unfetched = decided(Verdict::clean);
  for (const DecidedItem* item : {&returned, &late, &unfetched}) CHECK(room.decide(*item));
  for (const std::uint32_t recipient : {0u, 1u}) {
    room.hear(returned.envelope.id, 1, recipient, DropStage::waiting);
    room.hear(returned.envelope.id, 1, recipient, DropStage::returned);
    room.hear(late.envelope.id, 1, recipient, DropStage::waiting);
    room.hear(late.envelope.id, 1, recipient, DropStage::expired);
    room.hear(unfetched.envelope.id, 1, recipient, DropStage::delivered);
    room.hear(unfetched.envelope.id, 1, recipient, DropStage::expired);
  }
  CHECK(room.state(returned.envelope.id) == DropProgress::returned);
  CHECK(room.items->recipients(returned.envelope.id)[0].state == State::bounced);
  CHECK(room.state(late.envelope.id) == DropProgress::returned);
  CHECK(room.items->recipients(late.envelope.id)[0].status == "expired");
  CHECK(room.state(unfetched.envelope.id) == DropProgress::delivered);
}

TEST_CASE("drops: a gate that invents results changes nothing") {
  Room room;
  const DecidedItem held = decided(Verdict::held);
  CHECK(room.decide(held));
  const std::size_t entries = room.audit_entries();
  room.hear(held.envelope.id, 1, 0, DropStage::delivered);
  room.hear(held.envelope.id, 2, 0, DropStage::delivered);
  room.hear(held.envelope.id, 1, 7, DropStage::picked_up);
  room.hear(new_item_id(), 1, 0, DropStage::delivered);
  transfer::DeliveryResult mail;
  mail.id = held.envelope.id;
  mail.part = 1;
  CHECK(room.wait([&](auto done) { room.items->delivery(mail, "", std::move(done)); }));
  CHECK(room.state(held.envelope.id) == DropProgress::held);
  CHECK(room.audit_entries() == entries);
}

TEST_CASE("drops: a bundle that the verifier refuses is held and told in a further one, once") {
  Room room;
  const DecidedItem item = decided(Verdict::clean, 200000);
  const ItemId id = item.envelope.id;
  CHECK(room.decide(item));
  const auto refuse = [&](std::uint16_t part) {
    CHECK(room.wait([&](auto done) {
      room.items->bundle_refused({id, part, transfer::RefusalReason::grammar, 5}, std::nullopt,
                                 std::move(done));
    }));
  };
  refuse(1);
  CHECK(room.state(id) == DropProgress::held);
  REQUIRE(room.wrote.size() == 1);
  CHECK(room.wrote[0] == std::pair{id, std::uint16_t{2}});
  const transfer::DropBundle told = room.bundle(id, 2);
  CHECK(told.verdict == DropVerdict::held);
  CHECK(told.findings == std::vector<std::uint16_t>{static_cast<std::uint16_t>(Finding::kVerifyRefused)});
  CHECK(told.title == item.drop->title);
  CHECK_FALSE(room.items->load_bundle(id, 1));
  refuse(2);  // also that one
  refuse(0);  // there is none
  CHECK(room.wrote.size() == 1);
  CHECK(room.items->unaccepted_bundles().empty());
  CHECK(room.items->next_part(id) == 3);
}

TEST_CASE("drops: an operator's hold and delete are told to the recipients") {
  Room room;
  const DecidedItem item = decided(Verdict::clean);
  const ItemId id = item.envelope.id;
  CHECK(room.decide(item));
  CHECK(room.hold(id, 1) == 2);
  CHECK(room.state(id) == DropProgress::held);
  CHECK(room.bundle(id, 2).verdict == DropVerdict::held);
  CHECK(room.remove(id) == 2);
  CHECK(room.state(id) == DropProgress::refused);
  CHECK(room.bundle(id, 3).verdict == DropVerdict::rejected);
  CHECK_FALSE(room.items->load_bundle(id, 2));  // nobody need hear it any more
  CHECK(room.remove(id) == 0);
  CHECK(room.wrote.size() == 2);
  CHECK(room.hold(new_item_id(), 1) == 0);
}

TEST_CASE("drops: a release happens once, with a new part") {
  Room room;
  const DecidedItem item = decided(Verdict::held);
  const ItemId id = item.envelope.id;
  CHECK(room.decide(item));
  DecidedItem again = decided(Verdict::held, 10, 2, id);
  again.released = true;
  CHECK(room.decide(again));  // held again
  CHECK(room.bundle(id, 1).verdict == DropVerdict::held);
  CHECK_FALSE(room.items->load_bundle(id, 2));
  DecidedItem release = decided(Verdict::clean, 10, 2, id);
  release.released = true;
  CHECK(room.decide(release));
  CHECK(room.state(id) == DropProgress::clean);
  CHECK(room.bundle(id, 2).verdict == DropVerdict::clean);
  CHECK_FALSE(room.items->load_bundle(id, 1));
  DecidedItem twice = decided(Verdict::clean, 10, 3, id);
  twice.released = true;
  CHECK(room.decide(twice));
  CHECK_FALSE(room.items->load_bundle(id, 3));
  room.hear(id, 1, 0, DropStage::delivered);  // of the part that was replaced
  CHECK(room.state(id) == DropProgress::clean);
  room.hear(id, 2, 0, DropStage::delivered);
  CHECK(room.items->recipients(id)[0].state == State::delivered);
}

TEST_CASE("drops: an unlocking counts for what is held or served, not for what is refused or deleted") {
  for (const Verdict verdict : {Verdict::clean, Verdict::held, Verdict::rejected}) {
    Room room;
    const DecidedItem item = decided(verdict);
    const ItemId id = item.envelope.id;
    CHECK(room.decide(item));
    DecidedItem unlock = decided(Verdict::clean, 20, 2, id);
    unlock.unlocked = true;
    CHECK(room.decide(unlock));
    CHECK(room.items->has_bundle(id, 2) == (verdict != Verdict::rejected));
    CHECK(room.items->has_bundle(id, 1) == (verdict == Verdict::rejected));
  }
  Room room;
  const DecidedItem item = decided(Verdict::held);
  CHECK(room.decide(item));
  CHECK(room.remove(item.envelope.id) == 2);
  DecidedItem unlock = decided(Verdict::clean, 20, 3, item.envelope.id);
  unlock.unlocked = true;
  CHECK(room.decide(unlock));
  CHECK(room.bundle(item.envelope.id, 2).verdict == DropVerdict::rejected);
  CHECK_FALSE(room.items->has_bundle(item.envelope.id, 3));
}

TEST_CASE("drops: held files past their days are deleted and told, records go with their item") {
  Room room;
  DecidedItem item = decided(Verdict::held);
  item.envelope.received_ms = unix_ms_now() - 31LL * 86'400'000;
  const ItemId id = item.envelope.id;
  CHECK(room.decide(item));
  const auto retention = [](std::span<const std::string>) { return RetentionConfig{}; };
  room.items->expire(retention, unix_ms_now(), {}, [](std::uint64_t) {});
  CHECK(room.state(id) == DropProgress::refused);
  CHECK(room.remove(id) == 0);  // behind the batch that tells
  CHECK(room.wrote.size() == 1);
  room.items->expire(retention, unix_ms_now() + 1100LL * 86'400'000, {}, [](std::uint64_t) {});
  room.items->expire(retention, unix_ms_now() + 1100LL * 86'400'000, {}, [](std::uint64_t) {});
  CHECK_FALSE(room.items->is_drop(id));
}
