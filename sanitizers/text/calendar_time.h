// Times of calendars: civil dates, time zones by name and by VTIMEZONE (RFC 5545 sections 3.3.5, 3.6.5). No
// zone files: they cannot be opened here; the zones our mail names are a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sanitizers/text/content_lines.h"

namespace kiyome::sanitizer::text {

struct CivilTime {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

// Seconds since 1970 of a civil time read as UTC, and back. Years 1…9999.
std::int64_t seconds_of(const CivilTime& civil);
CivilTime civil_of(std::int64_t seconds);
int weekday_of(const CivilTime& civil);  // 0 = Sunday

struct CalendarTime {
  CivilTime civil;
  bool date_only = false;
  bool utc = false;
};
// "20240110", "20240110T100000", "20240110T100000Z".
std::optional<CalendarTime> calendar_time(std::string_view value);
// "P1DT2H30M", "-PT15M": seconds.
std::optional<std::int64_t> duration_of(std::string_view value);

// When a zone's clock changes, every year: the n-th weekday of a month (n = -1: the last; 0: the day itself).
struct Change {
  int month = 0, nth = 0, weekday = 0, day = 1;
  int hour = 0, minute = 0;
  std::int64_t from = 0;  // civil seconds of the first onset
  bool yearly = false;
  int offset = 0;  // seconds east of UTC from then on
};

class Zones {
 public:
  // A VTIMEZONE: its TZID, then its observances.
  void begin(std::string_view id);
  void observance(const Change& change);
  // Seconds east of UTC at a civil time of the zone; nothing if the zone is unknown.
  std::optional<int> offset(std::string_view id, const CivilTime& civil) const;

 private:
  struct Zone {
    std::string id;
    std::vector<Change> changes;
  };
  std::vector<Zone> zones_;
};

// Reads the properties of one STANDARD or DAYLIGHT.
Change change_of(const std::vector<ContentLine>& lines, std::size_t begin, std::size_t end);

}  // namespace kiyome::sanitizer::text
