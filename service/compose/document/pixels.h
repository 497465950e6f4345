// Pixels in memory, as the page encodings see them: a view that owns nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kiyome::compose {

struct Rect {
  std::uint32_t x = 0, y = 0, width = 0, height = 0;
  std::uint64_t area() const { return std::uint64_t{width} * height; }
  bool operator==(const Rect&) const = default;
};

// Rows from the top; a pixel is one octet (gray) or three (sRGB).
struct Pixels {
  std::uint8_t* data = nullptr;
  std::uint32_t width = 0, height = 0;
  std::size_t stride = 0;  // octets from row to row
  std::uint32_t channels = 1;

  std::uint8_t* row(std::uint32_t y) const { return data + y * stride; }
  std::size_t row_octets() const { return std::size_t{width} * channels; }
  std::uint64_t area() const { return std::uint64_t{width} * height; }
  Pixels part(const Rect& rect) const {
    return {row(rect.y) + std::size_t{rect.x} * channels, rect.width, rect.height, stride, channels};
  }
};

}  // namespace kiyome::compose
