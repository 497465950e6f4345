// Finding the octets on which the meaning of an SMTP stream hangs: CR, LF and NUL. Standard library only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace kiyome::smtp {

// The offset of the first CR, LF or NUL, or npos. Eight octets a step: a word without an octet below 0x0e
// holds none of the three.
inline std::size_t find_line_octet(std::string_view octets, std::size_t from = 0) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const std::size_t size = octets.size();
  std::size_t at = from;
  while (at < size) {
    if (size - at >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, octets.data() + at, 8);
      if (((word - kOnes * 0x0e) & ~word & kHighs) == 0) {
        at += 8;
        continue;
      }
    }
    const std::size_t end = size - at >= 8 ? at + 8 : size;
    for (; at < end; ++at)
      if (octets[at] == '\r' || octets[at] == '\n' || octets[at] == '\0') return at;
  }
  return std::string_view::npos;
}

}  // namespace kiyome::smtp
