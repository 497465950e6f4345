// Legal hold against everything that lets an item go: retention of originals, of held copies, of records, and
// deletion by a person.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <future>

#include "service/base/clock.h"
#include "service/store/item_store.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using store::DecidedItem;
using store::ItemStore;
using store::Keep;
using store::State;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/kiyome-hold-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

struct Fixture {
  Folder folder;
  ItemStore items{store::items_at(folder.path), [] {}};

  ItemId add(Verdict verdict, std::uint64_t segment) {
    DecidedItem item;
    item.envelope.id = item.where.id = new_item_id();
    item.envelope.received_ms = unix_ms_now();
    item.envelope.recipients = {{0, "b@city.example", 0, ""}};
    item.sha256.fill(0xcd);
    item.bytes = 77;
    item.segments = {segment};
    item.report = "{}";
    store::DecidedGroup group;
    group.verdict = verdict;
    group.recipients = {0};
    if (verdict == Verdict::clean) {
      transfer::Bundle bundle;
      bundle.id = item.envelope.id;
      bundle.part = 1;
      bundle.recipients = {{0, "b@city.example", 0, ""}};
      bundle.content = "x";
      group.bundle = bundle;
    }
    item.groups.push_back(std::move(group));
    std::promise<bool> done;
    items.decide(item, [&](bool ok) { done.set_value(ok); });
    CHECK(done.get_future().get());
    if (verdict != Verdict::clean) return item.envelope.id;
    std::promise<bool> arrived;
    transfer::DeliveryResult result;
    result.id = item.envelope.id;
    result.part = 1;
    items.delivery(result, "", [&](bool ok) { arrived.set_value(ok); });
    CHECK(arrived.get_future().get());
    return item.envelope.id;
  }
  Keep keep(const ItemId& id, const std::string& reason = "why") {
    return wait([&](auto done) { items.keep(id, "hanako", reason, std::move(done)); });
  }
  Keep unkeep(const ItemId& id) {
    return wait([&](auto done) { items.unkeep(id, "kanri", std::move(done)); });
  }
  template <class Submit>
  Keep wait(Submit&& submit) {
    const auto out = store::wait_for_answer<std::optional<Keep>>(std::chrono::seconds(10), submit);
    REQUIRE((out && *out));
    return **out;
  }
  std::vector<std::uint64_t> expire(int days) {
    std::vector<std::uint64_t> out;
    for (int turn = 0; turn < 2; ++turn)
      items.expire([](std::span<const std::string>) { return RetentionConfig{}; },
                   unix_ms_now() + days * kDayMs, {1, 2},
                   [&](std::uint64_t segment) { out.push_back(segment); });
    return out;
  }
  unsigned remove(const ItemId& id) {
    std::promise<unsigned> out;
    items.remove(id, "hanako", [&](unsigned count) { out.set_value(count); });
    return out.get_future().get();
  }
  std::string detail(const std::string& event) {
    std::string out;
    std::uint64_t count = 0;
    CHECK_FALSE(store::walk_trail(
        *items.audit_book().open(),
        [&](const audit::Entry& entry) {
          if (entry.event == event) out += entry.actor + " " + entry.detail + "\n";
        },
        count));
    return out;
  }
};

}  // namespace

TEST_CASE("legal hold: nothing of a kept item goes, however long, and of another all does") {
  Fixture f;
  const ItemId kept = f.add(Verdict::clean, 1), other = f.add(Verdict::clean, 2);
  CHECK(f.keep(kept, "訴訟") == Keep::done);
  CHECK(f.expire(5000).front() == 2);
  CHECK(f.items.find(kept)->original_kept);
  CHECK_FALSE(f.items.find(other));
  CHECK(f.unkeep(kept) == Keep::done);
  f.expire(5000);
  CHECK_FALSE(f.items.find(kept));
  CHECK(f.detail("legal-hold") == "hanako {\"reason\":\"訴訟\"}\n");
  CHECK(f.detail("legal-hold-lifted") == "kanri {}\n");
}

TEST_CASE("legal hold: a held copy is neither deleted by a person nor by its days until it is lifted") {
  Fixture f;
  const ItemId id = f.add(Verdict::held, 1);
  CHECK(f.keep(id) == Keep::done);
  CHECK(f.remove(id) == 0);
  f.expire(5000);
  CHECK(f.items.recipients(id)[0].state == State::held);
  CHECK(f.unkeep(id) == Keep::done);
  CHECK(f.remove(id) == 1);
}

TEST_CASE("legal hold: the first reason stays, and what is not there cannot be kept") {
  Fixture f;
  const ItemId id = f.add(Verdict::held, 1);
  CHECK(f.keep(id, "one") == Keep::done);
  CHECK(f.keep(id, "two") == Keep::as_before);
  REQUIRE(f.items.legal_hold(id));
  CHECK(f.items.legal_hold(id)->reason == "one");
  CHECK(f.items.legal_hold(id)->by == "hanako");
  CHECK(f.keep(new_item_id()) == Keep::no_item);
  CHECK(f.unkeep(new_item_id()) == Keep::no_item);
  CHECK(f.unkeep(id) == Keep::done);
  CHECK(f.unkeep(id) == Keep::as_before);
  CHECK_FALSE(f.items.legal_hold(id));
}

TEST_CASE("retention: erasing an original is told with its hash, and so is the end of its record") {
  Fixture f;
  f.add(Verdict::clean, 1);
  f.expire(5000);
  CHECK(f.detail("original-erased").find("retention {\"sha256\":\"cdcdcd") == 0);
  CHECK(f.detail("original-erased").find("\"bytes\":77}") != std::string::npos);
  CHECK(f.detail("record-erased") == "retention {}\n");
}
