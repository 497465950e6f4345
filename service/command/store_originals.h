// The log of originals into a shared database: every segment that something needs, under its own number and
// octet for octet; what was accepted and not decided becomes an arrival.
#pragma once

#include <cstdint>
#include <string>

#include "service/command/store_copy.h"

namespace kiyome::command {

struct MovedOriginals {
  std::uint64_t segments = 0, octets = 0, arrivals = 0;
  std::uint64_t missing = 0;  // segments that the items name and that are not there
};
// `folder`: the log's; `items`: the cleaner's, which says what was decided. Throws TemporaryFailure.
MovedOriginals move_originals(const std::string& folder, const StillFile& items,
                              store::postgres::Connection& to);

}  // namespace kiyome::command
