#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"

using namespace kiyome;
using namespace kiyome::transfer;

namespace {

ItemId id() { return ItemId::parse("01890000-0000-7000-8000-0123456789ab").value(); }

Door door() {
  Door out{id(), 7, "受信者@example.jp", {}, 1'800'000'000'000, "山田 <y@out.example>", "資料の件", {}};
  out.token_hash.fill(0xcd);
  out.parts = {{2, "名簿.zip", "application/zip", 4096, {18, 85}, kDoorAsk | kDoorPassword},
               {5, "図.docx", "", 0, {}, 0}};
  return out;
}

template <class Set>
bool crosses(Set&& set) {
  Door sent = door();
  set(sent);
  const auto decoded = decode_forward(encode(Forward(sent)).substr(4));
  return decoded && std::get<Door>(*decoded) == sent;
}

bool forward(const Forward& message) {
  const auto decoded = decode_forward(encode(message).substr(4));
  return decoded && *decoded == message;
}
bool back(const WayBack& message) {
  const auto decoded = decode_way_back(encode(message).substr(4));
  return decoded && *decoded == message;
}

}  // namespace

TEST_CASE("door: it crosses as it was written, of a part or of the whole item") {
  CHECK(crosses([](Door&) {}));
  CHECK(crosses([](Door& d) { d.parts = {{kWholeItem, "", "message/rfc822", 1, {1}, kDoorAsk}}; }));
  CHECK(crosses([](Door& d) { d.sender.clear(), d.subject.clear(); }));
}

TEST_CASE("door: its parts are some, ascend, and are no more than a page names") {
  const auto many = [](std::size_t count) {
    return crosses([&](Door& d) {
      d.parts.clear();
      for (std::uint32_t i = 0; i < count; ++i) d.parts.push_back({i, "n", "t", 1, {}, kDoorAsk});
    });
  };
  CHECK_FALSE(many(0));
  CHECK(many(1));
  CHECK(many(limits::kDoorParts));
  CHECK_FALSE(many(limits::kDoorParts + 1));
  CHECK_FALSE(crosses([](Door& d) { std::swap(d.parts[0], d.parts[1]); }));
  CHECK_FALSE(crosses([](Door& d) { d.parts[1].part = d.parts[0].part; }));
  CHECK_FALSE(crosses([](Door& d) { d.parts[1].part = kLockedParts; }));
  for (std::uint8_t can = 0; can < 8; ++can)
    CHECK(crosses([&](Door& d) { d.parts[0].can = can; }) == (can <= 3));
}

TEST_CASE("door: its lines are bounded and hold no control character") {
  const auto line = [](auto member, std::size_t max) {
    const auto as = [&](std::string text) { return crosses([&](Door& d) { member(d) = text; }); };
    CHECK(as(std::string(max, 'x')));
    CHECK_FALSE(as(std::string(max + 1, 'x')));
    for (const char* bad : {"a\nb", "a\tb", "\x7f", "\x1b", "\xc2\x85", "\xff"}) CHECK_FALSE(as(bad));
  };
  line([](Door& d) -> std::string& { return d.sender; }, limits::kCrossingTitle);
  line([](Door& d) -> std::string& { return d.subject; }, limits::kCrossingTitle);
  line([](Door& d) -> std::string& { return d.parts[0].name; }, limits::kCrossingFileName);
  line([](Door& d) -> std::string& { return d.parts[0].type; }, limits::kCleanType);
  CHECK_FALSE(crosses([](Door& d) { d.address = ""; }));
  CHECK_FALSE(crosses([](Door& d) { d.address = "a b"; }));
}

TEST_CASE("door: people, times, sizes and findings are bounded") {
  CHECK(crosses([](Door& d) { d.recipient = limits::kBundleRecipients - 1; }));
  CHECK_FALSE(crosses([](Door& d) { d.recipient = limits::kBundleRecipients; }));
  CHECK(crosses([](Door& d) { d.until_ms = (1ULL << 48) - 1; }));
  CHECK_FALSE(crosses([](Door& d) { d.until_ms = 1ULL << 48; }));
  CHECK(crosses([](Door& d) { d.parts[0].bytes = limits::kMessageBytes; }));
  CHECK_FALSE(crosses([](Door& d) { d.parts[0].bytes = limits::kMessageBytes + 1; }));
  CHECK_FALSE(crosses([](Door& d) { d.parts[0].findings = {2, 2}; }));
  CHECK_FALSE(crosses([](Door& d) { d.parts[0].findings = {0}; }));
}

TEST_CASE("door: a count that the frame cannot hold is refused before memory is taken") {
  std::string frame = encode(Forward(door())).substr(4);
  const std::size_t count = frame.find("資料の件") + std::string("資料の件").size();
  frame[count] = static_cast<char>(limits::kDoorParts);
  CHECK_FALSE(decode_forward(frame));
}

TEST_CASE("door: a state has a known step") {
  for (int step = 0; step < 256; ++step)
    CHECK(forward(DoorState{id(), 1, kLockedParts, static_cast<DoorStep>(step), 1}) ==
          (step >= 1 && step <= 7));
  CHECK_FALSE(forward(DoorState{id(), limits::kBundleRecipients, 1, DoorStep::asked}));
}

TEST_CASE("door: a state of a password bears its try, and no other does") {
  constexpr std::uint64_t kLast = (1ULL << 63) - 1;
  const auto locked = [](std::uint64_t attempt) {
    return forward(DoorState{id(), 1, kLockedParts, DoorStep::wrong, attempt});
  };
  CHECK_FALSE(locked(0));
  CHECK(locked(1));
  CHECK(locked(kLast));
  CHECK_FALSE(locked(kLast + 1));
  CHECK(forward(DoorState{id(), 1, 2, DoorStep::asked, 0}));
  CHECK_FALSE(forward(DoorState{id(), 1, 2, DoorStep::asked, 1}));
  CHECK_FALSE(forward(DoorState{id(), 1, kWholeItem, DoorStep::asked, 1}));
}

TEST_CASE("way back: a password bears the number of its try") {
  CHECK_FALSE(back(DoorPassword{id(), 0, 0, "x"}));
  CHECK(back(DoorPassword{id(), 0, 1, "x"}));
  CHECK(back(DoorPassword{id(), 0, (1ULL << 63) - 1, "x"}));
  CHECK_FALSE(back(DoorPassword{id(), 0, 1ULL << 63, "x"}));
}

TEST_CASE("way back: a request names a part or the whole, never the locked ones") {
  CHECK(back(DoorRequest{id(), 0, 0}));
  CHECK(back(DoorRequest{id(), limits::kBundleRecipients - 1, kWholeItem}));
  CHECK_FALSE(back(DoorRequest{id(), limits::kBundleRecipients, 0}));
  CHECK_FALSE(back(DoorRequest{id(), 0, kLockedParts}));
}

TEST_CASE("way back: a password is one line of some octets, and nothing else fits in") {
  const auto given = [](std::string text) { return back(DoorPassword{id(), 0, 1, std::move(text)}); };
  CHECK(given("Xy7#pq82"));
  CHECK(given(" 全角　ａ "));
  CHECK(given(std::string(limits::kJobPassword, 'x')));
  CHECK_FALSE(given(std::string(limits::kJobPassword + 1, 'x')));
  CHECK_FALSE(given(""));
  for (const char* bad : {"a\nb", "a\r", "a\tb", "\x01", "\x7f", "\xc2\x80", "\xff"}) CHECK_FALSE(given(bad));
  CHECK_FALSE(given(std::string("a\0b", 3)));
}
