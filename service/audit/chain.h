// The audit trail's chain: every entry's hash covers the entry and the hash before it, so a change, a gap or
// a swap anywhere breaks all that follows. Pure; the store keeps the entries.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/item_id.h"

namespace kiyome::audit {

using Hash = std::array<std::uint8_t, 32>;

struct Entry {
  std::uint64_t sequence = 0;  // from 1, without gaps
  std::int64_t unix_ms = 0;
  std::string event;  // "verdict", "delivery", "release", "delete", "start" …
  std::optional<ItemId> item;
  std::string actor;   // a role, or the user of the command line
  std::string detail;  // one JSON object
};

// SHA-256 over previous ‖ every field, each counted, integers little-endian.
Hash link(const Hash& previous, const Entry& entry);

// Fed with the entries in order; gives the first fault in words, or empty. Thread: one owner.
class Verifier {
 public:
  std::optional<std::string> take(const Entry& entry, const Hash& stored);
  std::uint64_t last() const { return last_; }
  const Hash& head() const { return head_; }

 private:
  std::uint64_t last_ = 0;
  Hash head_{};
};

}  // namespace kiyome::audit
