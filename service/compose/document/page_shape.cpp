// See page_shape.h.
#include "service/compose/document/page_shape.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace kiyome::compose {
namespace {

bool is_white(const std::uint8_t* octets, std::size_t count) {
  for (; count >= 8; count -= 8, octets += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, octets, 8);
    if (word != ~std::uint64_t{0}) return false;
  }
  for (; count > 0; --count)
    if (*octets++ != 0xFF) return false;
  return true;
}

}  // namespace

bool is_gray(const Pixels& pixels) {
  if (pixels.channels == 1) return true;
  const std::size_t octets = pixels.row_octets();
  constexpr std::size_t kStretch = 48;  // 16 pixels: vectors and pixels meet
  static constexpr auto kMask = [] {
    std::array<std::uint8_t, kStretch> mask{};
    for (std::size_t i = 0; i < kStretch; ++i) mask[i] = i % 3 == 2 ? 0 : 0xFF;
    return mask;
  }();
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    const std::uint8_t* row = pixels.row(y);
    std::array<std::uint8_t, kStretch> differs{};
    std::size_t i = 0;
    for (; i + kStretch < octets; i += kStretch)
      for (std::size_t k = 0; k < kStretch; ++k) differs[k] |= (row[i + k] ^ row[i + k + 1]) & kMask[k];
    for (; i < octets; i += 3) differs[0] |= (row[i] ^ row[i + 1]) | (row[i] ^ row[i + 2]);
    if (std::any_of(differs.begin(), differs.end(), [](std::uint8_t d) { return d != 0; })) return false;
  }
  return true;
}

Pixels gray_copy(const Pixels& pixels, Room& room) {
  const Pixels gray{room.of(pixels.area()), pixels.width, pixels.height, pixels.width, 1};
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    const std::uint8_t* from = pixels.row(y);
    std::uint8_t* to = gray.row(y);
    for (std::uint32_t x = 0; x < pixels.width; ++x) to[x] = from[std::size_t{3} * x + 1];
  }
  return gray;
}

Rect ink_box(const Pixels& pixels) {
  const std::size_t octets = pixels.row_octets();
  std::uint32_t top = 0, bottom = pixels.height;
  while (top < bottom && is_white(pixels.row(top), octets)) ++top;
  while (bottom > top && is_white(pixels.row(bottom - 1), octets)) --bottom;
  if (top == bottom) return {};
  std::size_t left = octets, right = 0;  // octets of a row
  for (std::uint32_t y = top; y < bottom; ++y) {
    const std::uint8_t* row = pixels.row(y);
    if (!is_white(row, left))
      left = static_cast<std::size_t>(
          std::find_if(row, row + left, [](std::uint8_t o) { return o != 0xFF; }) - row);
    if (!is_white(row + right, octets - right))
      for (right = octets; row[right - 1] == 0xFF; --right) {
      }
  }
  const auto x0 = static_cast<std::uint32_t>(left / pixels.channels);
  const auto x1 = static_cast<std::uint32_t>((right + pixels.channels - 1) / pixels.channels);
  return {x0, top, x1 - x0, bottom - top};
}

bool is_uniform(const Pixels& pixels) {
  const std::size_t octets = pixels.row_octets();
  const std::uint8_t* first = pixels.row(0);
  if (std::memcmp(first, first + pixels.channels, octets - pixels.channels) != 0) return false;
  for (std::uint32_t y = 1; y < pixels.height; ++y)
    if (std::memcmp(first, pixels.row(y), octets) != 0) return false;
  return true;
}

}  // namespace kiyome::compose
