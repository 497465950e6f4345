// Pixels in memory, as the page encodings see them: a view that owns nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

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

// Pixels that are looked at together: one word of gray ones.
inline constexpr std::uint32_t kGroup = 8;

// Whether a group of pixels differs little from what is left of and above each of them: a background, a shade
// of one, or a soft picture. Letters and lines are steeper, each stroke against what is above it.
inline bool is_shade(const std::uint8_t* group, std::size_t channels, std::size_t stride) {
  constexpr int kStep = 8;
  const std::uint8_t* above = group - stride;
  for (std::size_t i = 0; i < kGroup * channels; ++i)
    if (std::abs(group[i] - above[i]) > kStep) return false;
  for (std::size_t i = channels; i < kGroup * channels; ++i)
    if (std::abs(group[i] - group[i - channels]) > kStep) return false;
  return true;
}

}  // namespace kiyome::compose
