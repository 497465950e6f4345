// Holidays against the lists that the Cabinet Office has published, and hours counted by hand.
#include "service/gate/pick_up/business_time.h"

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <utility>

using namespace kiyome::gate;

namespace {

std::set<std::pair<unsigned, unsigned>> holidays(int year) {
  std::set<std::pair<unsigned, unsigned>> out;
  for (unsigned month = 1; month <= 12; ++month)
    for (unsigned day = 1; day <= 31; ++day) {
      const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                             std::chrono::day(day)};
      if (date.ok() && is_holiday({year, month, day})) out.emplace(month, day);
    }
  return out;
}

// In Japan's time.
std::int64_t at(int year, unsigned month, unsigned day, int hour, int minute) {
  const std::chrono::sys_days date =
      std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day);
  return (std::int64_t{date.time_since_epoch().count()} * 1440 + hour * 60 + minute - 540) * 60'000;
}

}  // namespace

TEST_CASE("business time: the holidays of the published years, no more and no fewer") {
  using Days = std::set<std::pair<unsigned, unsigned>>;
  CHECK(holidays(2024) == Days{{1, 1},  {1, 8},  {2, 11}, {2, 12},  {2, 23}, {3, 20}, {4, 29},
                               {5, 3},  {5, 4},  {5, 5},  {5, 6},   {7, 15}, {8, 11}, {8, 12},
                               {9, 16}, {9, 22}, {9, 23}, {10, 14}, {11, 3}, {11, 4}, {11, 23}});
  CHECK(holidays(2025) == Days{{1, 1},
                               {1, 13},
                               {2, 11},
                               {2, 23},
                               {2, 24},
                               {3, 20},
                               {4, 29},
                               {5, 3},
                               {5, 4},
                               {5, 5},
                               {5, 6},
                               {7, 21},
                               {8, 11},
                               {9, 15},
                               {9, 23},
                               {10, 13},
                               {11, 3},
                               {11, 23},
                               {11, 24}});
  CHECK(holidays(2026) == Days{{1, 1},
                               {1, 12},
                               {2, 11},
                               {2, 23},
                               {3, 20},
                               {4, 29},
                               {5, 3},
                               {5, 4},
                               {5, 5},
                               {5, 6},
                               {7, 20},
                               {8, 11},
                               {9, 21},
                               {9, 22},
                               {9, 23},
                               {10, 12},
                               {11, 3},
                               {11, 23}});
  CHECK(holidays(2027) == Days{{1, 1},
                               {1, 11},
                               {2, 11},
                               {2, 23},
                               {3, 21},
                               {3, 22},
                               {4, 29},
                               {5, 3},
                               {5, 4},
                               {5, 5},
                               {7, 19},
                               {8, 11},
                               {9, 20},
                               {9, 23},
                               {10, 11},
                               {11, 3},
                               {11, 23}});
}

TEST_CASE("business time: closed at weekends, on holidays and around the new year, open beside them") {
  CHECK(is_business_day({2026, 11, 20}));
  CHECK_FALSE(is_business_day({2026, 11, 21}));
  CHECK_FALSE(is_business_day({2026, 11, 22}));
  CHECK_FALSE(is_business_day({2026, 11, 23}));
  CHECK(is_business_day({2026, 11, 24}));
  CHECK(is_business_day({2026, 12, 28}));
  for (const Day& day : {Day{2026, 12, 29}, Day{2026, 12, 31}, Day{2027, 1, 1}, Day{2028, 1, 3}})
    CHECK_FALSE(is_business_day(day));
  CHECK(is_business_day({2027, 1, 4}));
}

TEST_CASE("business time: hours go on where the last day ended") {
  CHECK(after_business_hours(at(2026, 11, 18, 9, 0), 8) == at(2026, 11, 18, 17, 0));
  CHECK(after_business_hours(at(2026, 11, 18, 9, 0), 8.25) == at(2026, 11, 18, 17, 15));
  CHECK(after_business_hours(at(2026, 11, 18, 17, 0), 1) == at(2026, 11, 19, 9, 15));
  CHECK(after_business_hours(at(2026, 11, 18, 3, 0), 1) == at(2026, 11, 18, 9, 30));
  CHECK(after_business_hours(at(2026, 11, 18, 20, 0), 1) == at(2026, 11, 19, 9, 30));
  // Friday evening: over the weekend and the holiday of Monday.
  CHECK(after_business_hours(at(2026, 11, 20, 16, 15), 2) == at(2026, 11, 24, 9, 30));
  // 28 December: over the new year and its weekend.
  CHECK(after_business_hours(at(2026, 12, 28, 13, 15), 8) == at(2027, 1, 4, 12, 30));
  // However long: within a year and a day.
  CHECK(after_business_hours(at(2026, 11, 18, 9, 0), 1e7) - at(2026, 11, 18, 9, 0) == 366 * 86'400'000LL);
}
