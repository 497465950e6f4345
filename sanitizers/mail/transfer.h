// Content-Transfer-Encoding (RFC 2045 section 6) as it is found in the wild: tolerant, linear, total: every
// octet string decodes to something, and `broken` says that a strict reader would have stopped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiyome::sanitizer::mail {

enum class Encoding : std::uint8_t { identity, base64, quoted_printable, uuencode, unknown };

// The value of a Content-Transfer-Encoding field, with comments, quotes, inner spaces and the common
// misspellings.
Encoding encoding_of(std::string_view field_value);

// Fills the decoding tables; calling it before the children are forked keeps their pages shared. Cheap to
// call again.
void warm_up_transfer();

// Appends to `out`. base64: octets outside the alphabet are skipped, padding ends a group and the next group
// begins anew (concatenated blocks), missing padding is assumed. Result: false when something was skipped,
// cut short or joined.
bool decode_base64(std::string_view octets, std::string& out);
// `header` is the Q encoding of RFC 2047: "_" is a space.
bool decode_quoted_printable(std::string_view octets, std::string& out, bool header = false);

// Whether the first lines could be base64 and nothing else (at least `octets_min` of the alphabet before
// anything else).
bool looks_like_base64(std::string_view octets, std::size_t octets_min = 16);

// Where, behind the base64 of a text, something begins that was never encoded (the footer of a mailing list,
// what a gateway added); npos when nothing does, or when the octets do not begin with base64.
std::size_t plain_tail(std::string_view octets);

// Whether decoding as base64 makes sense at all: text that was only called base64 has spaces and punctuation
// between words.
bool is_mostly_base64(std::string_view octets);

}  // namespace kiyome::sanitizer::mail
