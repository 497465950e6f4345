// An original that two people released, sealed: the one thing that crosses and was not cleaned. The gate
// takes it only when its own switch is on, and only in exactly one form. FORMAT.md tells the octets. Standard
// library only.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "proto/base/item_id.h"
#include "proto/base/limits.h"

namespace kiyome::transfer {

// The ZIP around it: headers, the name twice, salt and tags, and what an octet stream that does not get
// smaller takes more.
inline constexpr std::size_t kSealedZip = limits::kSealedOriginal + 1024;
inline constexpr std::size_t kSealedName = 255;  // octets of the file name within

// (id, 1) is its identity, of which the gate says Accepted, Refused and a DeliveryResult for recipient 0.
struct SealedOriginal {
  static constexpr std::uint16_t part = 1;
  ItemId id;                              // its own, of no item
  ItemId item;                            // whose original it is
  std::string recipient;                  // address
  std::string name;                       // of the file within: a line without '/' and '\'
  std::array<std::uint8_t, 32> sha256{};  // of content
  std::string content;                    // the encrypted ZIP
  bool operator==(const SealedOriginal&) const = default;
};

}  // namespace kiyome::transfer
