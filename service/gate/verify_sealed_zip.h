// Proves that octets are a sealed original's ZIP and nothing else: one entry, encrypted by AE-2 with AES-256,
// every header as our own writer lays it down, nothing before, between or behind. What is encrypted cannot be
// proved, and nothing here opens it; so nobody opens it without the password, which goes another way.
// Standard library only; thread-safe; linear in nothing but the headers.
#pragma once

#include <optional>
#include <string_view>

#include "service/gate/verify.h"

namespace kiyome::gate {

// `name` is the one the entry must bear. Empty = proved.
//   local header     30 octets: version 51, flags 0x0801, method 99, 1980-01-01, no checksum
//   name, field 9901 (AE-2, AES-256, stored or deflated)
//   salt 16, verifier 2, data, tag 10
//   directory        46 octets that say the same, name, field; end record 22
std::optional<Violation> verify_sealed_zip(std::string_view octets, std::string_view name);

}  // namespace kiyome::gate
