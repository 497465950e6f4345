// Numbers as a clean PDF has them (PDF.md, R): decimal, at most three digits behind the point.
#pragma once

#include <cstdint>
#include <string>

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

}  // namespace kiyome::compose
