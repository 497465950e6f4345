// What a wall clock that is set does to what waits in the store.
#include <doctest/doctest.h>

#include "service/base/clock.h"
#include "service/store/item_store.h"
#include "service/store/item_writer.h"
#include "tests/unit/service_store/original_fixture.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using namespace kiyome::store;

TEST_CASE("clock set back: a notice put off until tomorrow is due, one put off for a pause is not") {
  constexpr std::int64_t kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;
  const test::Folder folder;
  ItemStore items(items_at(folder.path()), [] {});
  const auto written = [](const std::function<void(ItemStore::Done)>& submit) {
    return wait_for_answer<bool>(std::chrono::seconds(30), submit).value_or(false);
  };
  REQUIRE(written([&](auto done) {
    items.write([](ItemWriter& writer) { writer.add_return(ItemId{}, "a@outside.example", "notice"); }, done);
  }));
  const std::int64_t now = unix_ms_now();
  const auto due = items.due_returns(now, 10, kHour);
  REQUIRE(due.size() == 1);
  REQUIRE(written([&](auto done) { items.return_later(due[0].number, 1, now + kHour, done); }));
  CHECK(items.due_returns(now, 10, kHour).empty());
  CHECK(items.due_returns(now - kMinute, 10, kHour).size() == 1);
  CHECK(items.due_returns(now - kDay, 10, kHour).size() == 1);
  CHECK(items.due_returns(now + kHour, 10, kHour).size() == 1);
}
