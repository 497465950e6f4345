// ItemId: the one name of an item from SMTP accept to delivery. A UUIDv7 (RFC 9562 section 5.7).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/result.h"

namespace kiyome {

struct ItemId {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const ItemId&) const = default;

  // 36 characters, lower case, RFC 9562 section 4. Thread-safe; never fails.
  std::string text() const;

  // Milliseconds since the Unix epoch that the id was made at.
  std::int64_t unix_ms() const;

  // Exactly the 36-character form, either case; anything else is an Error.
  static Result<ItemId> parse(std::string_view text);

  // Builds an id from a time and 10 random octets of the caller (this room has no I/O and so no randomness).
  static ItemId make(std::int64_t unix_ms, const std::array<std::uint8_t, 10>& random);
};

}  // namespace kiyome
