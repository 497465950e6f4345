#include "service/gate/pick_up/business_time.h"

#include <algorithm>
#include <chrono>

namespace kiyome::gate {
namespace {

constexpr std::int64_t kMinuteMs = 60'000, kDayMs = 1440 * kMinuteMs;
constexpr std::int64_t kZoneMs = 9 * 60 * kMinuteMs;
constexpr std::int64_t kOpenMs = (8 * 60 + 30) * kMinuteMs, kCloseMs = (17 * 60 + 15) * kMinuteMs;
constexpr int kDaysMax = 366;

constexpr unsigned kSunday = 0, kMonday = 1, kSaturday = 6;

std::chrono::sys_days date(const Day& day) {
  return std::chrono::year(day.year) / static_cast<int>(day.month) / static_cast<int>(day.day);
}
Day day_of(std::chrono::sys_days date) {
  const std::chrono::year_month_day parts(date);
  return {static_cast<int>(parts.year()), static_cast<unsigned>(parts.month()),
          static_cast<unsigned>(parts.day())};
}
unsigned weekday(const Day& day) { return std::chrono::weekday(date(day)).c_encoding(); }
Day shifted(const Day& day, int days) { return day_of(date(day) + std::chrono::days(days)); }

// The day in March or September on which the sun stands at the equinox in Japan, 1980 to 2099.
unsigned equinox(std::int32_t year, double in_1980) {
  const std::int32_t years = year - 1980;
  return static_cast<unsigned>(in_1980 + 0.242194 * years) - static_cast<unsigned>(years / 4);
}

// What the law names, without what follows from it.
bool is_named(const Day& d) {
  const auto monday = [&](unsigned number) {
    return weekday(d) == kMonday && d.day > (number - 1) * 7 && d.day <= number * 7;
  };
  switch (d.month) {
    case 1:
      return d.day == 1 || monday(2);  // 元日、成人の日
    case 2:
      return d.day == 11 || d.day == 23;  // 建国記念の日、天皇誕生日
    case 3:
      return d.day == equinox(d.year, 20.8431);  // 春分の日
    case 4:
      return d.day == 29;  // 昭和の日
    case 5:
      return d.day >= 3 && d.day <= 5;  // 憲法記念日、みどりの日、こどもの日
    case 7:
      return monday(3);  // 海の日
    case 8:
      return d.day == 11;  // 山の日
    case 9:
      return monday(3) || d.day == equinox(d.year, 23.2488);  // 敬老の日、秋分の日
    case 10:
      return monday(2);  // スポーツの日
    case 11:
      return d.day == 3 || d.day == 23;  // 文化の日、勤労感謝の日
    default:
      return false;
  }
}

}  // namespace

bool is_holiday(const Day& day) {
  if (is_named(day)) return true;
  // Article 3 (2): a holiday on a Sunday makes the next day that is none a holiday.
  for (Day before = shifted(day, -1); is_named(before); before = shifted(before, -1))
    if (weekday(before) == kSunday) return true;
  // Article 3 (3): so is a day between two of them.
  return is_named(shifted(day, -1)) && is_named(shifted(day, 1));
}

bool is_business_day(const Day& day) {
  const unsigned of_week = weekday(day);
  if (of_week == kSaturday || of_week == kSunday || is_holiday(day)) return false;
  return !((day.month == 12 && day.day >= 29) || (day.month == 1 && day.day <= 3));
}

std::int64_t after_business_hours(std::int64_t unix_ms, double hours) {
  std::int64_t left = static_cast<std::int64_t>(hours * 60) * kMinuteMs;
  const std::int64_t local = unix_ms + kZoneMs;
  const std::int64_t begin_day = local / kDayMs;
  for (std::int64_t day = begin_day; day < begin_day + kDaysMax; ++day) {
    const Day here = day_of(std::chrono::sys_days(std::chrono::days(day)));
    if (!is_business_day(here)) continue;
    const std::int64_t begin = std::max(day * kDayMs + kOpenMs, local), end = day * kDayMs + kCloseMs;
    if (begin > end) continue;
    if (left <= end - begin) return begin + left - kZoneMs;
    left -= end - begin;
  }
  return unix_ms + kDaysMax * kDayMs;
}

}  // namespace kiyome::gate
