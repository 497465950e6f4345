// Signed checkpoints of a trail: who makes them and how one is looked at. The key lies in the owner's folder
// and signs nothing else; that a key is the right one is known by the other zone, which keeps the first it
// saw.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/transfer/checkpoint.h"
#include "service/audit/chain.h"

namespace kiyome::audit {

using transfer::Checkpoint;
using transfer::CheckpointKind;
using transfer::Trail;
using PublicKey = std::array<std::uint8_t, 32>;

std::string_view name_of(Trail trail);  // "cleaner", "edge", "gate", "console"
std::optional<Trail> trail_of(std::string_view name);

// Whether its signature is its key's. Thread-safe; any octets.
bool holds(const Checkpoint& checkpoint);

// Thread-safe. The secret key is wiped at the end.
class Signer {
 public:
  // FOLDER/audit.key (0600), made when it is not there. Throws TemporaryFailure; also for a file that is no
  // key: a new one would make an enemy's trail look like ours.
  explicit Signer(const std::string& folder);
  ~Signer();
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;

  const PublicKey& key() const { return public_; }
  Checkpoint sign(Trail trail, CheckpointKind kind, std::uint64_t sequence, const Hash& head,
                  std::int64_t unix_ms) const;

 private:
  std::array<std::uint8_t, 64> secret_{};
  PublicKey public_{};
};

// {"trail","sequence","at","head","key","signature","kind","unix_ms"}, hexadecimal; `told_ms` (0: not yet)
// adds "told_at".
std::string checkpoint_json(const Checkpoint& checkpoint, std::int64_t told_ms = 0);
// Of such an object; nothing for any other text. Trusts nothing.
std::optional<Checkpoint> checkpoint_of_json(const std::string& json);

}  // namespace kiyome::audit
