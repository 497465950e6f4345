#include "service/base/clock.h"

#include <sodium.h>
#include <unistd.h>

#include <ctime>
#include <mutex>

#include "proto/base/check.h"
#include "service/base/guarded.h"

namespace kiyome {
namespace {

// RFC 9562 section 6.2, method 1: the 12 bits behind the time count within one millisecond, so that the ids
// of one process ascend in the order they were made. When the count is used up, or the clock stepped back,
// the time runs ahead.
struct Latest {
  std::int64_t unix_ms = 0;
  unsigned count = 0;
};
constexpr unsigned kCountMax = 0xfff;
constexpr unsigned kCountStart = 0x7ff;  // a new millisecond starts within the lower half

Guarded<Latest>& latest() {
  static Guarded<Latest> value;
  return value;
}

}  // namespace

std::int64_t unix_ms_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

std::string host_name() {
  char name[256] = {};  // more than HOST_NAME_MAX, so it ends in a zero
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "-";
}

ItemId new_item_id() {
  static const int ready = sodium_init();  // -1 when the machine gives no randomness
  KIYOME_CHECK(ready >= 0);
  std::array<std::uint8_t, 10> random{};
  randombytes_buf(random.data(), random.size());
  const unsigned start = static_cast<unsigned>(random[0] << 8 | random[1]) & kCountStart;
  const Latest mine = latest().with([&](Latest& value) {
    const std::int64_t now = unix_ms_now();
    if (now > value.unix_ms)
      value = {now, start};
    else if (value.count == kCountMax)
      value = {value.unix_ms + 1, start};
    else
      ++value.count;
    return value;
  });
  random[0] = static_cast<std::uint8_t>(mine.count >> 8);
  random[1] = static_cast<std::uint8_t>(mine.count);
  return ItemId::make(mine.unix_ms, random);
}

std::string iso_time(std::int64_t unix_ms) {
  std::int64_t seconds = unix_ms / 1000, ms = unix_ms % 1000;
  if (ms < 0) ms += 1000, --seconds;
  const auto time = static_cast<std::time_t>(seconds);
  std::tm local{};
  localtime_r(&time, &local);
  char date[32], zone[8], out[64];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local);
  std::strftime(zone, sizeof zone, "%z", &local);  // +0900
  std::snprintf(out, sizeof out, "%s.%03d%.3s:%.2s", date, static_cast<int>(ms), zone, zone + 3);
  return out;
}

namespace {

// Takes `digits` decimal digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int out = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return out;
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+09:00"; minutes east of Greenwich.
std::optional<int> take_zone(std::string_view& text) {
  if (take_char(text, 'Z')) return 0;
  const bool west = !text.empty() && text.front() == '-';
  if (!take_char(text, '+') && !take_char(text, '-')) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

std::optional<std::int64_t> unix_ms_of(std::string_view text) {
  std::tm when{};
  const auto year = take_number(text, 4);
  if (!year || *year < 1970 || !take_char(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || *month < 1 || *month > 12 || !take_char(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(unsigned(*month)),
                                         std::chrono::day(unsigned(day.value_or(0)))};
  if (!date.ok()) return std::nullopt;
  when.tm_year = *year - 1900;
  when.tm_mon = *month - 1;
  when.tm_mday = *day;
  if (text.empty()) {
    when.tm_isdst = -1;
    return static_cast<std::int64_t>(std::mktime(&when)) * 1000;
  }
  if (!take_char(text, 'T')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take_char(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *second > 60) return std::nullopt;
  std::int64_t ms = 0;
  if (take_char(text, '.')) {
    int scale = 100;
    std::size_t digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits, scale /= 10) {
      ms += (text.front() - '0') * scale;
      text.remove_prefix(1);
    }
    if (digits == 0 || digits > 9) return std::nullopt;
  }
  const auto zone = take_zone(text);
  if (!zone || !text.empty()) return std::nullopt;
  when.tm_hour = *hour;
  when.tm_min = *minute;
  when.tm_sec = *second;
  return (static_cast<std::int64_t>(::timegm(&when)) - std::int64_t{*zone} * 60) * 1000 + ms;
}

}  // namespace kiyome
