// Calendar arithmetic. All values are clamped to four-digit years, so nothing overflows.
#include "sanitizers/text/calendar_time.h"

#include <algorithm>
#include <array>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::text {
namespace {

constexpr std::int64_t kDay = 86400;

// Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
std::int64_t days_of(int year, int month, int day) {
  const int y = month <= 2 ? year - 1 : year;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(y - era * 400);
  const auto day_of_year = static_cast<unsigned>((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1);
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<std::int64_t>(era) * 146097 + static_cast<std::int64_t>(day_of_era) - 719468;
}

int days_in_month(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

std::optional<int> digits(std::string_view s, std::size_t at, std::size_t count) {
  if (at + count > s.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = s[at + i];
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// "+0900", "-053000".
int utc_offset(std::string_view s) {
  const int sign = s.starts_with('-') ? -1 : 1;
  if (!s.empty() && (s[0] == '+' || s[0] == '-')) s.remove_prefix(1);
  const int hours = digits(s, 0, 2).value_or(0), minutes = digits(s, 2, 2).value_or(0);
  return sign * (std::min(hours, 23) * 3600 + std::min(minutes, 59) * 60);
}

enum class Summer : std::uint8_t { none, america, europe };

struct KnownZone {
  std::string_view id;
  int minutes;  // east of UTC, standard time
  Summer summer;
};
// What calendars of our correspondents name: IANA and Windows names.
constexpr KnownZone kZones[] = {
    {"Asia/Tokyo", 540, Summer::none},
    {"Japan", 540, Summer::none},
    {"JST", 540, Summer::none},
    {"Tokyo Standard Time", 540, Summer::none},
    {"東京 (標準時)", 540, Summer::none},
    {"UTC", 0, Summer::none},
    {"Etc/UTC", 0, Summer::none},
    {"Etc/GMT", 0, Summer::none},
    {"GMT", 0, Summer::none},
    {"Z", 0, Summer::none},
    {"Asia/Seoul", 540, Summer::none},
    {"Korea Standard Time", 540, Summer::none},
    {"Asia/Shanghai", 480, Summer::none},
    {"China Standard Time", 480, Summer::none},
    {"Asia/Hong_Kong", 480, Summer::none},
    {"Asia/Taipei", 480, Summer::none},
    {"Taipei Standard Time", 480, Summer::none},
    {"Asia/Singapore", 480, Summer::none},
    {"Singapore Standard Time", 480, Summer::none},
    {"Asia/Manila", 480, Summer::none},
    {"Australia/Perth", 480, Summer::none},
    {"Asia/Bangkok", 420, Summer::none},
    {"Asia/Ho_Chi_Minh", 420, Summer::none},
    {"Asia/Jakarta", 420, Summer::none},
    {"SE Asia Standard Time", 420, Summer::none},
    {"Asia/Kolkata", 330, Summer::none},
    {"Asia/Calcutta", 330, Summer::none},
    {"India Standard Time", 330, Summer::none},
    {"Asia/Dubai", 240, Summer::none},
    {"Arabian Standard Time", 240, Summer::none},
    {"Europe/Moscow", 180, Summer::none},
    {"Europe/London", 0, Summer::europe},
    {"GMT Standard Time", 0, Summer::europe},
    {"Europe/Dublin", 0, Summer::europe},
    {"Europe/Lisbon", 0, Summer::europe},
    {"Europe/Paris", 60, Summer::europe},
    {"Europe/Berlin", 60, Summer::europe},
    {"Europe/Madrid", 60, Summer::europe},
    {"Europe/Rome", 60, Summer::europe},
    {"Europe/Amsterdam", 60, Summer::europe},
    {"Europe/Brussels", 60, Summer::europe},
    {"Europe/Vienna", 60, Summer::europe},
    {"Europe/Zurich", 60, Summer::europe},
    {"Europe/Stockholm", 60, Summer::europe},
    {"W. Europe Standard Time", 60, Summer::europe},
    {"Romance Standard Time", 60, Summer::europe},
    {"Central European Standard Time", 60, Summer::europe},
    {"Central Europe Standard Time", 60, Summer::europe},
    {"Europe/Helsinki", 120, Summer::europe},
    {"FLE Standard Time", 120, Summer::europe},
    {"America/New_York", -300, Summer::america},
    {"US/Eastern", -300, Summer::america},
    {"Eastern Standard Time", -300, Summer::america},
    {"America/Toronto", -300, Summer::america},
    {"America/Chicago", -360, Summer::america},
    {"US/Central", -360, Summer::america},
    {"Central Standard Time", -360, Summer::america},
    {"America/Denver", -420, Summer::america},
    {"Mountain Standard Time", -420, Summer::america},
    {"America/Phoenix", -420, Summer::none},
    {"America/Los_Angeles", -480, Summer::america},
    {"US/Pacific", -480, Summer::america},
    {"Pacific Standard Time", -480, Summer::america},
    {"America/Vancouver", -480, Summer::america},
    {"Pacific/Honolulu", -600, Summer::none},
    {"Hawaiian Standard Time", -600, Summer::none},
    {"Australia/Brisbane", 600, Summer::none},
};

// The onset of a yearly change in a given year, as civil seconds.
std::int64_t onset(const Change& change, int year) {
  int day = change.day;
  if (change.nth != 0) {
    const int length = days_in_month(year, change.month);
    const auto weekday_at = [&](int d) { return weekday_of({year, change.month, d, 0, 0, 0}); };
    if (change.nth > 0)
      day = 1 + (change.weekday - weekday_at(1) + 7) % 7 + 7 * (change.nth - 1);
    else
      day = length - (weekday_at(length) - change.weekday + 7) % 7 + 7 * (change.nth + 1);
    day = std::clamp(day, 1, length);
  }
  return seconds_of(
      {year, change.month, std::min(day, days_in_month(year, change.month)), change.hour, change.minute, 0});
}

bool is_summer(Summer rule, const CivilTime& civil) {
  // America: second Sunday of March to first Sunday of November; Europe: last Sundays of March and October.
  const bool america = rule == Summer::america;
  Change begin{3, america ? 2 : -1, 0, 1, 2, 0, 0, true, 0};
  Change end{america ? 11 : 10, america ? 1 : -1, 0, 1, 2, 0, 0, true, 0};
  const std::int64_t now = seconds_of(civil);
  return now >= onset(begin, civil.year) && now < onset(end, civil.year);
}

// "(UTC+09:00) 大阪、札幌、東京" and "GMT+0900": the offset stands in the name.
std::optional<int> offset_in_name(std::string_view id) {
  for (const std::string_view mark : {"UTC", "GMT"}) {
    const std::size_t at = id.find(mark);
    if (at == std::string_view::npos || at + 4 > id.size()) continue;
    if (id.starts_with("Etc/")) return std::nullopt;  // those count westward
    std::string digits_only;
    const char sign = id[at + 3];
    if (sign != '+' && sign != '-') continue;
    for (const char c : id.substr(at + 4, 5)) {
      if (c >= '0' && c <= '9') digits_only += c;
      if (c != ':' && (c < '0' || c > '9')) break;
    }
    if (digits_only.size() == 2) digits_only += "00";
    if (digits_only.size() == 4) return utc_offset(sign + digits_only);
  }
  return std::nullopt;
}

}  // namespace

std::int64_t seconds_of(const CivilTime& c) {
  return days_of(c.year, c.month, c.day) * kDay + c.hour * 3600 + c.minute * 60 + c.second;
}

CivilTime civil_of(std::int64_t seconds) {
  std::int64_t days = seconds / kDay;
  std::int64_t rest = seconds % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_index = (5 * day_of_year + 2) / 153;
  CivilTime c;
  c.day = static_cast<int>(day_of_year - (153 * month_index + 2) / 5 + 1);
  c.month = static_cast<int>(month_index < 10 ? month_index + 3 : month_index - 9);
  c.year = static_cast<int>(year_of_era + static_cast<unsigned>(era) * 400) + (c.month <= 2 ? 1 : 0);
  c.hour = static_cast<int>(rest / 3600);
  c.minute = static_cast<int>(rest / 60 % 60);
  c.second = static_cast<int>(rest % 60);
  return c;
}

int weekday_of(const CivilTime& c) {
  return static_cast<int>(((days_of(c.year, c.month, c.day) + 4) % 7 + 7) % 7);
}

std::optional<CalendarTime> calendar_time(std::string_view value) {
  CalendarTime out;
  const auto year = digits(value, 0, 4), month = digits(value, 4, 2), day = digits(value, 6, 2);
  if (!year || !month || !day || *year < 1 || *month < 1 || *month > 12 || *day < 1 ||
      *day > days_in_month(*year, *month))
    return std::nullopt;
  out.civil = {*year, *month, *day, 0, 0, 0};
  if (value.size() < 9 || value[8] != 'T') {
    out.date_only = true;
    return out;
  }
  const auto hour = digits(value, 9, 2), minute = digits(value, 11, 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  out.civil.hour = *hour;
  out.civil.minute = *minute;
  out.civil.second = std::min(digits(value, 13, 2).value_or(0), 59);
  out.utc = value.ends_with('Z') || value.ends_with('z');
  return out;
}

std::optional<std::int64_t> duration_of(std::string_view s) {
  std::int64_t sign = 1;
  if (!s.empty() && (s[0] == '+' || s[0] == '-')) {
    sign = s[0] == '-' ? -1 : 1;
    s.remove_prefix(1);
  }
  if (!s.starts_with('P')) return std::nullopt;
  std::int64_t total = 0, number = 0;
  constexpr std::int64_t kMost = 1000000;
  for (const char c : s.substr(1)) {
    if (c >= '0' && c <= '9') {
      number = std::min(kMost, number * 10 + (c - '0'));
      continue;
    }
    const std::int64_t unit = c == 'W'   ? 7 * kDay
                              : c == 'D' ? kDay
                              : c == 'H' ? 3600
                              : c == 'M' ? 60
                              : c == 'S' ? 1
                                         : 0;
    if (unit == 0 && c != 'T') return std::nullopt;
    total = std::min(kMost * kDay, total + number * unit);
    number = 0;
  }
  return sign * total;
}

void Zones::begin(std::string_view id) {
  if (zones_.size() < limits::kCalendarZones) zones_.push_back({std::string(id), {}});
}

void Zones::observance(const Change& change) {
  if (!zones_.empty() && zones_.back().changes.size() < limits::kCalendarZones)
    zones_.back().changes.push_back(change);
}

std::optional<int> Zones::offset(std::string_view id, const CivilTime& civil) const {
  for (const Zone& zone : zones_) {
    if (zone.id != id || zone.changes.empty()) continue;
    // The observance that began last before this time; its onsets repeat yearly.
    const std::int64_t now = seconds_of(civil);
    const Change* current = &zone.changes.front();
    std::int64_t began = INT64_MIN;
    for (const Change& change : zone.changes)
      for (const int year : {civil.year, civil.year - 1}) {
        const std::int64_t at = change.yearly ? onset(change, std::max(year, 1)) : change.from;
        if (at > now || at < change.from || at <= began) continue;
        began = at;
        current = &change;
      }
    return current->offset;
  }
  while (id.starts_with('/')) id.remove_prefix(1);
  for (const KnownZone& zone : kZones) {
    // "/softwarestudio.org/Tzfile/Europe/Berlin" and the like end in the name.
    if (id != zone.id && !(zone.id.size() > 6 && id.ends_with(zone.id))) continue;
    const int hour = zone.summer != Summer::none && is_summer(zone.summer, civil) ? 60 : 0;
    return (zone.minutes + hour) * 60;
  }
  return offset_in_name(id);
}

Change change_of(const std::vector<ContentLine>& lines, std::size_t begin, std::size_t end) {
  Change change;
  change.month = 1;
  for (std::size_t i = begin; i < end; ++i) {
    const ContentLine& line = lines[i];
    if (line.name == "TZOFFSETTO") change.offset = utc_offset(line.value);
    if (line.name == "DTSTART")
      if (const auto start = calendar_time(line.value)) {
        change.from = seconds_of(start->civil);
        change.month = start->civil.month;
        change.day = start->civil.day;
        change.hour = start->civil.hour;
        change.minute = start->civil.minute;
      }
  }
  for (std::size_t i = begin; i < end; ++i) {
    if (lines[i].name != "RRULE") continue;
    change.yearly = true;
    for (const std::string_view part : split_escaped(lines[i].value, ';')) {
      if (part.starts_with("BYMONTH=")) {
        const std::string_view number = part.substr(8);
        const auto month = number.size() >= 2 ? digits(number, 0, 2) : digits(number, 0, 1);
        if (month && *month >= 1 && *month <= 12) change.month = *month;
      } else if (part.starts_with("BYDAY=") && part.size() >= 9) {
        std::string_view day = part.substr(6);
        const bool last = day[0] == '-';
        if (day[0] == '-' || day[0] == '+') day.remove_prefix(1);
        const int nth = digits(day, 0, 1).value_or(0);
        constexpr std::string_view kDays = "SUMOTUWETHFRSA";
        const std::size_t found = day.size() >= 3 ? kDays.find(day.substr(1, 2)) : std::string_view::npos;
        if (nth < 1 || nth > 5 || found == std::string_view::npos) continue;
        change.nth = last ? -nth : nth;
        change.weekday = static_cast<int>(found / 2);
      }
    }
  }
  return change;
}

}  // namespace kiyome::sanitizer::text
