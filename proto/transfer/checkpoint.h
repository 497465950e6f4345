// A signed head of an audit trail, as it goes to the other zone: who rewrites a trail here cannot rewrite
// what stands there. FORMAT.md tells the octets. Standard library only; who signs and looks is service/audit.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace kiyome::transfer {

// Whose trail it is.
enum class Trail : std::uint8_t { cleaner = 1, edge = 2, gate = 3, console = 4 };
// head: the trail reached this entry with this hash. cut: entries up to this one were let go, their days
// being over; the trail begins behind it.
enum class CheckpointKind : std::uint8_t { head = 1, cut = 2 };

// Said until the other side says the very same back, which it does when it has it on disk.
struct Checkpoint {
  Trail trail = Trail::cleaner;
  CheckpointKind kind = CheckpointKind::head;
  std::uint64_t sequence = 1;           // of the entry, from 1
  std::int64_t unix_ms = 0;             // when it was signed
  std::array<std::uint8_t, 32> head{};  // that entry's hash
  std::array<std::uint8_t, 32> key{};   // Ed25519, of the trail's owner
  std::array<std::uint8_t, 64> signature{};
  bool operator==(const Checkpoint&) const = default;
};

inline constexpr std::int64_t kCheckpointLatest = 253'402'300'799'999;  // the last moment of the year 9999

// What the signature covers: a name of ours that no other signed text begins with, and all fields but key and
// signature as they cross.
std::string signed_octets(const Checkpoint& checkpoint);

}  // namespace kiyome::transfer
