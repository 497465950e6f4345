#include "service/base/clock.h"

#include <sodium.h>

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

}  // namespace kiyome
