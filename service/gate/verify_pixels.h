// Inflated rows of pixels: unused bits are zero, no index is above the palette's highest. Trusts nothing.
// Linear, no allocation. Not thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace kiyome::gate {

struct PixelShape {
  std::uint32_t width = 0, height = 0;
  unsigned bits = 8;  // of a component: 1, 4 or 8
  unsigned components = 1;
  unsigned highest = 255;  // index; 255 = none is refused

  std::uint64_t row_octets() const { return (std::uint64_t{width} * components * bits + 7) / 8; }
  std::uint64_t octets() const { return row_octets() * height; }
};

class PixelRows {
 public:
  explicit PixelRows(const PixelShape& shape);
  // The next octets of the rows, which stand one behind the other.
  bool add(std::string_view octets);

 private:
  bool indices_are_low(std::string_view octets) const;

  PixelShape shape_;
  std::uint64_t row_;
  std::uint64_t column_ = 0;
  unsigned char unused_ = 0;  // bits of a row's last octet
};

}  // namespace kiyome::gate
