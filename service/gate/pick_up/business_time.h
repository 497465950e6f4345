// Business hours in Japan: 8:30 to 17:15 (UTC+9, without daylight saving) on days that are neither Saturday,
// Sunday, a holiday of the law (国民の祝日に関する法律 as it stands since 2022) nor 29 December to 3 January
// (行政機関の休日に関する法律). Pure; thread-safe; trusts that the time is after 1970.
#pragma once

#include <cstdint>

namespace kiyome::gate {

struct Day {
  std::int32_t year = 0;
  std::uint32_t month = 0, day = 0;  // from 1
};

// 祝日: of the law, 振替休日 and 国民の休日 among them. Right for 2022 to 2099: equinoxes are computed.
bool is_holiday(const Day& day);
bool is_business_day(const Day& day);

// When `hours` of business have passed since then. Never more than a year later.
std::int64_t after_business_hours(std::int64_t unix_ms, double hours);

}  // namespace kiyome::gate
