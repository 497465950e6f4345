// Transfer encodings of the clean output grammar, decoded strictly: exactly one way of writing each is
// accepted where the grammar says so. Trusts nothing. Linear; what is decoded is never longer than what came
// in. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "service/gate/verify_fault.h"

namespace kiyome::gate {

enum class Encoding : std::uint8_t { seven_bit, quoted_printable, base64 };

// Appends what `encoded` (whole lines with their CRLF) decodes to. For seven_bit the lines are proved and
// nothing is appended: the octets are the text.
Checked decode(Encoding encoding, std::string_view encoded, std::string& decoded);

// Where in `encoded`, proved by decode(), the octet `decoded_offset` of its text comes from.
std::size_t encoded_offset(Encoding encoding, std::string_view encoded, std::size_t decoded_offset);

// Canonical base64 without line ends (RFC 4648 section 3.5), not empty. Appends.
bool decode_base64(std::string_view encoded, std::string& decoded);

}  // namespace kiyome::gate
