// Doors and requests on the Internet side's disk: what a way back that may be conquered can bring about.
#include "service/store/doors.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <future>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/store/item_writer.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using store::DecidedItem;
using store::ItemStore;
using transfer::DoorStep;
using transfer::kLockedParts;
using transfer::kWholeItem;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/kiyome-doors-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

constexpr std::int64_t kUntil = 2'000'000'000'000;
constexpr std::int64_t kNow = 1'900'000'000'000;

struct Desk {
  Folder folder;
  ItemStore items{store::items_at(folder.path), [] {}};
  store::Doors doors{store::items_at(folder.path)};
  ItemId id = new_item_id();
  std::uint64_t last = 0;  // number of a password

  // A delivered mail with a door for recipient 0: part 2 is locked, part 3 can be asked for, part 4 only
  // seen.
  explicit Desk(bool with_bundle = true) {
    DecidedItem item;
    item.envelope.id = item.where.id = id;
    item.envelope.sender = "a@outside.example";
    item.envelope.recipients = {{0, "b@city.example", 0, ""}, {1, "c@city.example", 0, ""}};
    item.report = "{}";
    item.subject = "名簿";
    for (std::uint32_t i = 0; i < 2; ++i) {
      store::DecidedGroup group;
      group.recipients = {i};
      transfer::Bundle& bundle = group.bundle.emplace();
      bundle.id = id;
      bundle.part = static_cast<std::uint16_t>(i + 1);
      bundle.recipients = {item.envelope.recipients[i]};
      bundle.content = "x";
      item.groups.push_back(std::move(group));
    }
    transfer::Door door{id, 0, "b@city.example", {}, static_cast<std::uint64_t>(kUntil), "a", "名簿", {}};
    door.parts = {{2, "名簿.zip", "", 1, {}, transfer::kDoorAsk | transfer::kDoorPassword},
                  {3, "案.docx", "", 1, {}, transfer::kDoorAsk},
                  {4, "x.exe", "", 1, {}, 0}};
    item.doors.push_back({id, static_cast<std::uint16_t>(with_bundle ? 1 : 9), door});
    item.locked = {{0, "2/0", 0}};
    std::promise<bool> done;
    items.decide(std::move(item), [&](bool ok) { done.set_value(ok); });
    REQUIRE(done.get_future().get());
  }
  template <class T>
  T write(std::function<T(store::ItemWriter&)> work) {
    T out{};
    std::promise<bool> done;
    items.write([&](store::ItemWriter& writer) { out = work(writer); }, [&](bool ok) { done.set_value(ok); });
    REQUIRE(done.get_future().get());
    return out;
  }
  using Step = std::optional<DoorStep>;
  Step ask(std::uint32_t part, std::uint32_t recipient = 0, std::int64_t now = kNow) {
    return write<Step>([=, this](auto& writer) { return writer.ask({id, recipient, part}, now); });
  }
  Step password(std::uint32_t recipient = 0, std::int64_t now = kNow, std::uint64_t attempt = 0) {
    attempt = attempt == 0 ? ++last : attempt;
    return write<Step>(
        [=, this](auto& writer) { return writer.try_password(id, recipient, attempt, 3, now); });
  }
  void tried(DoorStep step, std::uint64_t attempt = 0) {
    write<int>([=, this](auto& writer) {
      writer.password_tried(id, 0, attempt == 0 ? last : attempt, step, 3, kNow);
      return 0;
    });
  }
  bool answer(std::int64_t number, bool granted) {
    return write<bool>([=](auto& writer) {
      return writer.answer_request({number, granted, "rin", "理由", std::nullopt}, kNow);
    });
  }
};

}  // namespace

TEST_CASE("doors: one goes before its bundle, and of a bundle that is not there no door is") {
  Desk desk;
  const auto door = store::door_of(desk.doors.frames(desk.id, 1));
  REQUIRE(door);
  CHECK(door->recipient == 0);
  CHECK(desk.doors.frames(desk.id, 2).empty());
  Desk without(false);
  CHECK(without.doors.frames(without.id, 9).empty());
  CHECK(without.ask(3) == DoorStep::gone);
}

TEST_CASE("doors: asked is only through an open door, for its recipient, for a part that can be asked for") {
  Desk desk;
  CHECK(desk.ask(4) == DoorStep::gone);           // only to be seen
  CHECK(desk.ask(9) == DoorStep::gone);           // no such part
  CHECK(desk.ask(kWholeItem) == DoorStep::gone);  // the mail was delivered
  CHECK(desk.ask(3, 1) == DoorStep::gone);        // he has no door
  CHECK(desk.ask(3, 0, kUntil) == DoorStep::gone);
  CHECK(desk.doors.requests(false, 0, 10).empty());
  CHECK(desk.ask(3) == DoorStep::asked);
  const auto rows = desk.doors.requests(true, 0, 10);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].address == "b@city.example");
  CHECK(rows[0].part_name == "案.docx");
  CHECK(rows[0].item_subject == "名簿");
}

TEST_CASE("doors: asking again, also after an answer, is the same request") {
  Desk desk;
  for (int i = 0; i < 3; ++i) CHECK(desk.ask(3) == DoorStep::asked);
  const std::int64_t number = desk.doors.requests(true, 0, 10).at(0).number;
  CHECK(desk.answer(number, false));
  CHECK_FALSE(desk.answer(number, true));
  CHECK(desk.ask(3) == DoorStep::refused);
  CHECK(desk.doors.requests(true, 0, 10).empty());
  CHECK(desk.doors.requests(false, 0, 10).size() == 1);
  CHECK(desk.doors.request(number)->answer == "理由");
  CHECK(desk.ask(2) == DoorStep::asked);
  CHECK(desk.answer(desk.doors.requests(true, 0, 10).at(0).number, true));
  CHECK(desk.ask(2) == DoorStep::granted);
}

TEST_CASE("doors: passwords are counted before they are tried, and end") {
  Desk desk;
  CHECK(desk.password(1) == DoorStep::gone);
  CHECK(desk.password(0, kUntil) == DoorStep::gone);
  CHECK_FALSE(desk.password());
  desk.tried(DoorStep::wrong);
  CHECK_FALSE(desk.password());
  CHECK_FALSE(desk.password());
  CHECK(desk.password() == DoorStep::spent);
  desk.tried(DoorStep::wrong);  // the last one
  std::int64_t seen = 0;
  const auto states = desk.doors.states(0, 10, seen);
  REQUIRE(states.size() == 1);
  CHECK(states[0] == transfer::DoorState{desk.id, 0, kLockedParts, DoorStep::spent, desk.last});
}

TEST_CASE("doors: a password said again is answered again, not tried again, and counts once") {
  Desk desk;
  CHECK_FALSE(desk.password(0, kNow, 100));
  CHECK_FALSE(desk.password(0, kNow, 100));  // a death before the answer: it counts, and is tried
  desk.tried(DoorStep::wrong, 100);
  for (int i = 0; i < 5; ++i) CHECK(desk.password(0, kNow, 100) == DoorStep::wrong);
  CHECK_FALSE(desk.password(0, kNow, 200));
  // What is told while it is tried is of the try before.
  std::int64_t seen = 0;
  CHECK(desk.doors.states(0, 10, seen).at(0).attempt == 100);
  desk.tried(DoorStep::opened, 200);
  seen = 0;
  CHECK(desk.doors.states(0, 10, seen).at(0) ==
        transfer::DoorState{desk.id, 0, kLockedParts, DoorStep::opened, 200});
  CHECK(desk.password(0, kNow, 300) == DoorStep::spent);
  CHECK(desk.password(0, kNow, 200) == DoorStep::opened);
}

TEST_CASE("doors: every change is told once, in order, also those of one moment") {
  Desk desk;
  std::int64_t seen = 0;
  CHECK(desk.ask(3) == DoorStep::asked);
  CHECK(desk.ask(2) == DoorStep::asked);
  CHECK(desk.doors.states(0, 1, seen).at(0).part == 3);
  CHECK(desk.doors.states(seen, 1, seen).at(0).part == 2);
  CHECK(desk.doors.states(seen, 10, seen).empty());
  desk.tried(DoorStep::opened);
  CHECK(desk.answer(desk.doors.requests(true, 0, 10).at(0).number, false));
  const auto states = desk.doors.states(seen, 10, seen);
  REQUIRE(states.size() == 2);
  CHECK(states[0].step == DoorStep::opened);
  CHECK(states[1] == transfer::DoorState{desk.id, 0, 3, DoorStep::refused});
}

TEST_CASE("doors: a proposal's request stays open, and past doors are forgotten") {
  Desk desk;
  CHECK(desk.ask(3) == DoorStep::asked);
  const std::int64_t number = desk.doors.requests(true, 0, 10).at(0).number;
  desk.write<int>([&](auto& writer) {
    writer.request_proposed(number, 77, "rin", "どうぞ");
    return 0;
  });
  CHECK(desk.doors.proposed(10).size() == 1);
  CHECK(desk.doors.open_of(desk.id).at(0).proposal == 77);
  desk.write<int>([&](auto& writer) {
    writer.expire_doors(kUntil);
    return 0;
  });
  CHECK(desk.doors.frames(desk.id, 1).empty());
  CHECK(desk.doors.open_of(desk.id).size() == 1);  // what was asked stays
}

TEST_CASE(
    "doors: what a reviewer grants and what takes longer stays open, and is answered when it has left") {
  Desk desk;
  REQUIRE(desk.ask(3) == DoorStep::asked);
  const std::int64_t number = desk.doors.requests(true, 0, 10).front().number;
  CHECK(desk.doors.working(10).empty());
  const auto mark = [&](std::function<void(store::ItemWriter&)> work) {
    desk.write<int>([&](auto& writer) {
      work(writer);
      return 0;
    });
  };
  mark([&](store::ItemWriter& writer) { writer.request_working(number, "rin", "お送りします"); });
  REQUIRE(desk.doors.working(10).size() == 1);
  CHECK(desk.doors.working(10).front().working);
  CHECK_FALSE(desk.doors.working(10).front().carried);
  CHECK(desk.doors.working(10).front().decided_by == "rin");
  // Nothing came of it: it waits for a reviewer as before.
  mark([&](store::ItemWriter& writer) { writer.request_idle(number); });
  CHECK(desk.doors.working(10).empty());
  CHECK(desk.doors.requests(true, 0, 10).front().decided_by.empty());
  // It left: whoever died before the answer was written finds it here, and does not take it back.
  mark([&](store::ItemWriter& writer) { writer.request_working(number, "rin", "お送りします"); });
  {
    store::DecidedItem again;
    again.envelope.id = again.where.id = desk.id;
    again.envelope.sender = "a@outside.example";
    again.envelope.recipients = {{0, "b@city.example", 0, ""}, {1, "c@city.example", 0, ""}};
    again.report = "{}";
    again.unlocked = true;
    again.behalf.request = number;
    store::DecidedGroup group;
    group.recipients = {0};
    transfer::Bundle& bundle = group.bundle.emplace();
    bundle.id = desk.id;
    bundle.part = 3;
    bundle.recipients = {again.envelope.recipients[0]};
    bundle.content = "y";
    again.groups.push_back(std::move(group));
    std::promise<bool> done;
    desk.items.decide(std::move(again), [&](bool ok) { done.set_value(ok); });
    REQUIRE(done.get_future().get());
  }
  mark([&](store::ItemWriter& writer) { writer.request_idle(number); });
  REQUIRE(desk.doors.working(10).size() == 1);
  CHECK(desk.doors.working(10).front().carried);
  CHECK(desk.doors.working(10).front().answer == "お送りします");
  CHECK(desk.answer(number, true));
  CHECK(desk.doors.working(10).empty());
}
