#include "service/store/arrivals.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/store/row_values.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using namespace kiyome::store;
using namespace std::chrono_literals;

// Where a server is only: in a file there is nothing to share.
#define ON_POSTGRES() \
  if (!tests_on_postgres()) return

namespace {

// What an edge adds, in the order of its numbers.
std::vector<ItemId> add(const Place& place, int count) {
  Database database(place);
  std::vector<ItemId> out;
  for (int i = 0; i < count; ++i) {
    out.push_back(new_item_id());
    database
        .kept(
            "INSERT INTO arrivals (id, first_segment, segment, offset, length, came_ms) VALUES (?, ?, ?, "
            "112, 9, ?)")
        .run(blob(out.back()), 100 + i, 100 + i, 1000 + i);
  }
  return out;
}

std::vector<ItemId> ids_of(const std::vector<Arrival>& arrivals) {
  std::vector<ItemId> out;
  for (const Arrival& each : arrivals) out.push_back(each.item.id);
  return out;
}

using Ids = std::vector<ItemId>;

}  // namespace

TEST_CASE("arrivals: the oldest come first, each to one owner only, and none is left out") {
  ON_POSTGRES();
  const Place place = test_place("arrivals-order");
  Arrivals one(place), two(place);
  CHECK(one.take("one", 10, 10s).empty());
  CHECK(one.oldest_ms() == 0);
  const Ids ids = add(place, 5);
  CHECK(one.count() == 5);
  CHECK(one.oldest_ms() == 1000);
  const std::vector<Arrival> first = one.take("one", 2, 10s);
  CHECK(ids_of(first) == Ids{ids[0], ids[1]});
  CHECK(first[1].item == transfer::Announce{ids[1], 101, 112, 9});
  CHECK_FALSE(first[0].lapsed);
  CHECK(ids_of(two.take("two", 10, 10s)) == Ids{ids[2], ids[3], ids[4]});
  CHECK(one.take("one", 10, 10s).empty());
  CHECK(one.count() == 5);  // taken is not done
}

TEST_CASE("arrivals: a lease that runs out is another's, a renewed one is not") {
  ON_POSTGRES();
  const Place place = test_place("arrivals-lease");
  Arrivals one(place), two(place), three(place);
  const Ids ids = add(place, 3);
  REQUIRE(one.take("one", 1, 1ms).size() == 1);
  REQUIRE(two.take("two", 2, 1ms).size() >= 1);
  CHECK(two.renew("two", 30s) >= 1);
  std::this_thread::sleep_for(20ms);
  const std::vector<Arrival> lapsed = three.take("three", 10, 30s);
  for (const Arrival& each : lapsed) CHECK((!each.lapsed || each.item.id == ids[0]));
  CHECK(two.renew("two", 30s) + lapsed.size() == 3);
  CHECK(one.renew("one", 30s) == 0);  // it was too late
  CHECK(one.renew("", 30s) == 0);     // nobody is no owner
}

TEST_CASE("arrivals: what is let go is anybody's, by its owner only") {
  ON_POSTGRES();
  const Place place = test_place("arrivals-let-go");
  Arrivals one(place), two(place);
  const Ids ids = add(place, 4);
  REQUIRE(one.take("one", 4, 30s).size() == 4);
  two.let_go("two", ids);
  two.let_go("two");
  two.let_go("");
  CHECK(two.take("two", 4, 30s).empty());
  one.let_go("one", std::span(ids).subspan(1, 2));
  CHECK(ids_of(two.take("two", 4, 30s)) == Ids{ids[1], ids[2]});
  one.let_go("one");
  const std::vector<Arrival> rest = two.take("two", 4, 30s);
  CHECK(ids_of(rest) == Ids{ids[0], ids[3]});
  CHECK_FALSE(rest[0].lapsed);
  two.let_go("two", {});
}

TEST_CASE("arrivals: deaths are counted for each item, and told with it") {
  ON_POSTGRES();
  const Place place = test_place("arrivals-deaths");
  Arrivals one(place);
  const Ids ids = add(place, 3);
  one.count_death(ids);
  one.count_death(std::span(ids).subspan(2, 1));
  one.count_death({});
  std::vector<std::int64_t> deaths;
  for (const Arrival& each : one.take("one", 9, 30s)) deaths.push_back(each.deaths);
  CHECK(deaths == std::vector<std::int64_t>{1, 1, 2});
}

TEST_CASE("arrivals: many owners at once take each item once") {
  ON_POSTGRES();
  const Place place = test_place("arrivals-race");
  { const Arrivals made(place); }
  add(place, 600);
  std::vector<std::vector<Arrival>> taken(6);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < taken.size(); ++t)
    threads.emplace_back([&, t] {
      Arrivals mine(place);
      for (;;) {
        const std::vector<Arrival> some = mine.take("owner " + std::to_string(t), 7, 30s);
        if (some.empty()) return;
        REQUIRE(some.size() <= 7);
        taken[t].insert(taken[t].end(), some.begin(), some.end());
      }
    });
  for (std::thread& thread : threads) thread.join();
  std::set<ItemId> all;
  std::size_t count = 0;
  for (const auto& each : taken)
    for (const Arrival& arrival : each) all.insert(arrival.item.id), ++count;
  // Who looks while others hold locks may see nothing for a moment: the rest is still there.
  Arrivals last(place);
  for (const Arrival& arrival : last.take("last", 600, 30s)) all.insert(arrival.item.id), ++count;
  CHECK(count == 600);
  CHECK(all.size() == 600);
}

TEST_CASE("arrivals: the clock is the database's") {
  ON_POSTGRES();
  Arrivals one(test_place("arrivals-clock"));
  CHECK(std::abs(one.now_ms() - unix_ms_now()) < 60'000);
}
