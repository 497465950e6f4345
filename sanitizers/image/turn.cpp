#include "sanitizers/image/turn.h"

#include <algorithm>
#include <cstddef>

namespace kiyome::sanitizer::image {
namespace {

// Stored pixel (x, y) of each shown one, walked in squares that stay in the cache.
template <unsigned channels>
void turn(const Pixels& stored, Pixels& shown, unsigned orientation) {
  constexpr std::uint32_t kSquare = 64;
  const bool swaps = orientation >= 5;
  // Where the shown picture runs against the stored one, along the shown axes.
  const bool back_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool back_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const std::ptrdiff_t row = std::ptrdiff_t{stored.width} * channels;
  const std::ptrdiff_t step = (swaps ? row : std::ptrdiff_t{channels}) * (back_x ? -1 : 1);
  for (std::uint32_t top = 0; top < shown.height; top += kSquare) {
    for (std::uint32_t left = 0; left < shown.width; left += kSquare) {
      const std::uint32_t right = std::min(shown.width, left + kSquare);
      for (std::uint32_t y = top; y < std::min(shown.height, top + kSquare); ++y) {
        const std::uint32_t along = back_x ? shown.width - 1 - left : left;
        const std::uint32_t across = back_y ? shown.height - 1 - y : y;
        const std::uint8_t* from =
            stored.octets.data() + (swaps ? along * row + std::ptrdiff_t{across} * channels
                                          : across * row + std::ptrdiff_t{along} * channels);
        std::uint8_t* to = shown.octets.data() + (std::size_t{y} * shown.width + left) * channels;
        for (std::uint32_t x = left; x < right; ++x, from += step)
          for (unsigned c = 0; c < channels; ++c) *to++ = from[c];
      }
    }
  }
}

}  // namespace

Pixels turned(Pixels stored, unsigned orientation) {
  if (orientation < 2 || orientation > 8) return stored;
  Pixels shown{stored.width, stored.height, stored.channels, {}};
  if (orientation >= 5) std::swap(shown.width, shown.height);
  shown.octets.resize(stored.octets.size());
  if (stored.channels == 1)
    turn<1>(stored, shown, orientation);
  else
    turn<3>(stored, shown, orientation);
  return shown;
}

}  // namespace kiyome::sanitizer::image
