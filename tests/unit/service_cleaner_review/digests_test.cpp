// The daily mails over a real store: to whom, of what, and once.
#include "service/cleaner/review/digests.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <future>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using cleaner::Digests;

namespace {

struct House {
  std::filesystem::path path = [] {
    std::string name = (std::filesystem::temp_directory_path() / "kiyome-digest-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    return std::filesystem::path(name);
  }();
  cleaner::CurrentConfig config{[] {
    Config out;
    out.digest.recipients = true;
    out.console.reviewers = {"reviewer@city.example.jp"};
    out.console.url = "https://console.example.jp/";
    out.pick_up.url = "https://kiyome.example.jp/";
    return out;
  }()};
  store::ItemStore items{store::items_at(path.string()), [] {}};
  cleaner::GateLink gate{(path / "gate.sock").string(), {}};
  Digests digests{store::items_at(path), {items, gate, config}};
  ~House() {
    digests.stop();
    items.stop();
    std::filesystem::remove_all(path);
  }

  ItemId hold(const std::string& recipient, const std::string& subject, Verdict verdict = Verdict::held) {
    store::DecidedItem item;
    item.envelope.id = item.where.id = new_item_id();
    item.envelope.received_ms = unix_ms_now();
    item.envelope.sender = "tanaka@supplier.example";
    item.envelope.recipients = {{0, recipient, transfer::kNotifyDefault, {}}};
    item.subject = subject;
    item.report = "{}";
    store::DecidedGroup group;
    group.verdict = verdict;
    group.recipients = {0};
    group.reasons = {clean::Finding::kEncrypted};
    item.groups = {group};
    std::promise<bool> written;
    const ItemId id = item.envelope.id;
    items.decide(std::move(item), [&](bool done) { written.set_value(done); });
    REQUIRE(written.get_future().get());
    return id;
  }
  // The digests that wait for the gate.
  std::vector<transfer::Bundle> waiting() {
    std::vector<transfer::Bundle> out;
    for (const auto& [id, part] : items.unaccepted_bundles())
      out.push_back(std::get<transfer::Bundle>(*items.load_bundle(id, part)));
    return out;
  }
  std::int64_t count(const char* sql) {
    store::Database database(store::items_at(path).place);
    std::int64_t out = 0;
    store::Statement(database, sql).one([&](const store::Row& row) { out = row.integer(0); });
    return out;
  }
};

}  // namespace

TEST_CASE("digest moment: the last time that the clock showed the hour") {
  const std::int64_t day = *unix_ms_of("2026-11-22");
  CHECK(cleaner::digest_moment(day + 8 * 3'600'000, 8) == day + 8 * 3'600'000);
  CHECK(cleaner::digest_moment(day + 8 * 3'600'000 - 1, 8) == day - 16 * 3'600'000);
  CHECK(cleaner::digest_moment(day + 23 * 3'600'000, 0) == day);
}

TEST_CASE("digests: each recipient is told once of what is held for him, and of nothing else") {
  House house;
  const ItemId first = house.hold("taro@city.example.jp", "見積書");
  house.hold("taro@city.example.jp", "【無害化】 偽の題名");
  house.hold("hanako@city.example.jp", "議事録");
  house.hold("jiro@city.example.jp", "拒否したもの", Verdict::rejected);
  const std::int64_t tomorrow = unix_ms_now() + kDayMs;

  const Digests::Sent before = house.digests.send_due(unix_ms_now() - kDayMs);
  CHECK(before.recipients == 0);  // held after that moment
  CHECK(before.reviewers == 1);   // they are told of all that waits
  const Digests::Sent sent = house.digests.send_due(tomorrow);
  CHECK(sent.recipients == 2);
  CHECK(sent.reviewers == 1);
  const std::vector<transfer::Bundle> told = house.waiting();
  REQUIRE(told.size() == 2);
  for (const transfer::Bundle& bundle : told) {
    CHECK(bundle.kind == transfer::BundleKind::notice);
    CHECK(bundle.part == 0);
    CHECK(bundle.sha256 == sha256(bundle.content));
    CHECK(bundle.content.find("X-Kiyome-Id: " + bundle.id.text() + ".0\r\n") != std::string::npos);
    CHECK_FALSE(house.items.knows(bundle.id));
  }
  CHECK(house.count("SELECT count(*) FROM doors") == 3);  // a way to ask for each item that is named
  CHECK(house.count("SELECT count(*) FROM returns") == 2);
  CHECK(first.text().size() == 36);

  const Digests::Sent again = house.digests.send_due(tomorrow + 1);
  CHECK(again.recipients == 0);
  CHECK(again.reviewers == 0);
  CHECK(house.waiting().size() == 2);
}

TEST_CASE("digests: who was told is told again only of what is new") {
  House house;
  house.hold("taro@city.example.jp", "ひとつめ");
  CHECK(house.digests.send_due(unix_ms_now() + kDayMs).recipients == 1);
  // Held after the moment of that digest, as the store's clock has it now.
  CHECK(house.digests.send_due(unix_ms_now() + 2 * kDayMs).recipients == 0);
  CHECK(house.waiting().size() == 1);
}

TEST_CASE("digests: a clock that was set back keeps nobody from being told") {
  House house;
  house.hold("taro@city.example.jp", "ひとつめ");
  REQUIRE(house.digests.send_due(unix_ms_now() + 3 * kDayMs).recipients == 1);
  house.hold("taro@city.example.jp", "ふたつめ");
  const Digests::Sent sent = house.digests.send_due(unix_ms_now() + kDayMs);
  CHECK(sent.recipients == 1);
  CHECK(sent.reviewers == 1);
  CHECK(house.digests.send_due(unix_ms_now() + kDayMs + 1).recipients == 0);
}

TEST_CASE("digests: what the gate says of one changes nothing else") {
  House house;
  const ItemId item = house.hold("taro@city.example.jp", "見積書");
  REQUIRE(house.digests.send_due(unix_ms_now() + kDayMs).recipients == 1);
  const ItemId digest = house.waiting().at(0).id;
  house.items.bundle_accepted(digest, 0);
  std::promise<bool> told;
  house.items.delivery({digest, 0, 0, transfer::ResultClass::delivered, 2, 0, 0}, "",
                       [&](bool written) { told.set_value(written); });
  CHECK(told.get_future().get());
  CHECK(house.waiting().empty());
  CHECK(house.items.recipients(item).at(0).state == store::State::held);
}

TEST_CASE("digests: nothing is sent where nothing waits, or where nobody wants it") {
  House house;
  const Digests::Sent none = house.digests.send_due(unix_ms_now() + kDayMs);
  CHECK(none.recipients + none.reviewers == 0);
  house.hold("taro@city.example.jp", "見積書");
  Config off = *house.config.get();
  off.digest.recipients = off.digest.reviewers = false;
  house.config.set(off);
  const Digests::Sent unwanted = house.digests.send_due(unix_ms_now() + kDayMs);
  CHECK(unwanted.recipients + unwanted.reviewers == 0);
  CHECK(house.waiting().empty());
}
