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

inline double milliseconds_since(Steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(Steady::now() - begin).count();
}

std::int64_t unix_ms_now();
// A new UUIDv7, monotonic within this process even when the clock steps back. Thread-safe.
ItemId new_item_id();
// "2026-11-21T12:34:56.789+09:00" in the machine's zone.
std::string iso_time(std::int64_t unix_ms);
// Of "2026-11-21" (the day's first moment in the machine's zone) or RFC 3339
// ("2026-11-21T12:34:56.789+09:00", "…Z"), years 1970 to 9999. Nothing for all else.
std::optional<std::int64_t> unix_ms_of(std::string_view text);

}  // namespace kiyome
