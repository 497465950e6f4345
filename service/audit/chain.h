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

// As it stands in a trail.
struct Linked {
  Entry entry;
  Hash hash{};
  bool sound = true;  // its columns have the forms that we write; without that nothing is looked at further
};

// Where a trail begins: behind this entry. 0 and zeros: at its very first.
struct Base {
  std::uint64_t sequence = 0;
  Hash head{};
  bool operator==(const Base&) const = default;
};

// The first bad entry and why, in words for an operator.
struct Fault {
  std::uint64_t sequence = 0;
  std::string what;
};

// SHA-256 over previous ‖ every field, each counted, integers little-endian.
Hash link(const Hash& previous, const Entry& entry);

// Fed with the entries in order; gives the first fault. Thread: one owner.
class Verifier {
 public:
  explicit Verifier(const Base& base = {}) : last_(base.sequence), head_(base.head) {}
  std::optional<Fault> take(const Entry& entry, const Hash& stored);
  std::optional<Fault> take(const Linked& linked);
  std::uint64_t last() const { return last_; }
  const Hash& head() const { return head_; }

 private:
  std::uint64_t last_ = 0;
  Hash head_{};
};

}  // namespace kiyome::audit
