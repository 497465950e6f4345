// Numbers as a clean PDF has them (PDF.md, R): decimal, at most three digits behind the point. Texts in
// UTF-16BE, as hexadecimal digits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "service/compose/utf8.h"

namespace kiyome::compose {

// A thousandth of a point or of anything else.
inline void append_thousandths(std::string& out, std::uint64_t value) {
  out += std::to_string(value / 1000);
  const std::uint64_t rest = value % 1000;
  if (rest == 0) return;
  out += '.';
  out += static_cast<char>('0' + rest / 100);
  if (rest % 100 == 0) return;
  out += static_cast<char>('0' + rest / 10 % 10);
  if (rest % 10 != 0) out += static_cast<char>('0' + rest % 10);
}

// Four upper-case hexadecimal digits.
inline void append_hex_16(std::string& out, std::uint16_t value) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[value >> shift & 0xF];
}

inline void append_utf16(std::string& out, char32_t c) {
  if (c < 0x10000) return append_hex_16(out, static_cast<std::uint16_t>(c));
  append_hex_16(out, static_cast<std::uint16_t>(0xD800 + ((c - 0x10000) >> 10)));
  append_hex_16(out, static_cast<std::uint16_t>(0xDC00 + ((c - 0x10000) & 0x3FF)));
}

inline void append_utf16(std::string& out, std::string_view utf8) {
  for (std::size_t at = 0; at < utf8.size();) {
    const CodePoint c = code_point_at(utf8, at);
    append_utf16(out, c.value);
    at += c.length;
  }
}

}  // namespace kiyome::compose
