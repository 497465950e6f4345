// A device-independent bitmap, as it stands in BMP files and icons: header, palette, rows.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sanitizers/image/paper.h"
#include "sanitizers/image/picture.h"

namespace kiyome::sanitizer::image {

enum class DibCompression : std::uint8_t { none, rle8, rle4 };

struct Dib {
  std::uint32_t width = 0, height = 0;
  double dpi_x = 0, dpi_y = 0;
  bool top_down = false;
  unsigned bits = 0;  // of a pixel: 1, 2, 4, 8, 16, 24 or 32
  DibCompression compression = DibCompression::none;
  std::array<std::array<std::uint8_t, 3>, 256> palette{};
  std::array<std::uint32_t, 4> masks{};  // red, green, blue, alpha of 16 and 32 bits
  std::string_view pixels;               // from the first row on
  std::size_t stride() const { return (std::size_t{width} * bits + 31) / 32 * 4; }
};

// `octets` from the header's size on. `pixels_at`: where the rows stand in them; 0: behind the palette.
// Refusals damaged and unsupported-type.
Outcome<Dib> read_dib(std::string_view octets, std::size_t pixels_at);

// One row of an uncompressed bitmap as RGBA, counted from the top; false when its octets are not all there.
// What is not there is left as it was.
bool dib_row(const Dib& dib, std::uint32_t y, std::uint8_t* rgba);

// Whether any pixel has an alpha above 0: programs that do not know of alpha leave it 0 everywhere.
bool dib_uses_alpha(const Dib& dib);

// Indices of a run-length encoded bitmap in rows from the top, width * height; what is skipped is index 0.
// false when the octets broke off.
bool unpack_dib(const Dib& dib, std::vector<std::uint8_t>& indices);

}  // namespace kiyome::sanitizer::image
