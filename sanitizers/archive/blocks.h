// The one block that unpacked octets pass through: its pages are used again for every entry.
#pragma once

#include <array>
#include <cstddef>

namespace kiyome::sanitizer::archive {

inline constexpr std::size_t kBlock = 256u << 10;
inline std::array<unsigned char, kBlock>& block() {
  static std::array<unsigned char, kBlock> instance;
  return instance;
}

}  // namespace kiyome::sanitizer::archive
