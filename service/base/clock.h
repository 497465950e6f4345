// Time and names. Deadlines use the monotonic clock; only what a person reads uses the wall clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/item_id.h"

namespace kiyome {

using Steady = std::chrono::steady_clock;
inline constexpr std::int64_t kDayMs = 86'400'000;

inline double milliseconds_since(Steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(Steady::now() - begin).count();
}

std::int64_t unix_ms_now();
// The wall clock as it was when this was made, going on with the monotonic one: its times compare with those
// on a disk, and nobody who sets the clock forward makes anything expire.
class GoingClock {
 public:
  std::int64_t now_ms() const {
    return start_ms_ + std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start_).count();
  }

 private:
  std::int64_t start_ms_ = unix_ms_now();
  Steady::time_point start_ = Steady::now();
};
std::string host_name();  // this machine's; "-" when it has none
// A new UUIDv7, monotonic within this process even when the clock steps back. Thread-safe.
ItemId new_item_id();
// "2026-11-21T12:34:56.789+09:00" in the machine's zone.
std::string iso_time(std::int64_t unix_ms);
// Of "2026-11-21" (the day's first moment in the machine's zone) or RFC 3339
// ("2026-11-21T12:34:56.789+09:00", "…Z"), years 1970 to 9999. Nothing for all else.
std::optional<std::int64_t> unix_ms_of(std::string_view text);

}  // namespace kiyome
