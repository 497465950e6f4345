// Integers at a place; what lies past the end reads as zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kiyome::sanitizer::type {

// Never throws, unlike substr().
inline std::string_view slice(std::string_view s, std::size_t at,
                              std::size_t count = std::string_view::npos) {
  return at >= s.size() ? std::string_view() : s.substr(at, count);
}

inline std::uint64_t integer_at(std::string_view s, std::size_t at, unsigned octets, bool big_endian) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < octets; ++i) {
    const std::size_t place = at + (big_endian ? i : octets - 1 - i);
    value = value << 8 | (place < s.size() ? static_cast<unsigned char>(s[place]) : 0u);
  }
  return value;
}
inline std::uint32_t le16(std::string_view s, std::size_t at) {
  return static_cast<std::uint32_t>(integer_at(s, at, 2, false));
}
inline std::uint32_t le32(std::string_view s, std::size_t at) {
  return static_cast<std::uint32_t>(integer_at(s, at, 4, false));
}
inline std::uint64_t le64(std::string_view s, std::size_t at) { return integer_at(s, at, 8, false); }
inline std::uint32_t be16(std::string_view s, std::size_t at) {
  return static_cast<std::uint32_t>(integer_at(s, at, 2, true));
}
inline std::uint32_t be32(std::string_view s, std::size_t at) {
  return static_cast<std::uint32_t>(integer_at(s, at, 4, true));
}

}  // namespace kiyome::sanitizer::type
