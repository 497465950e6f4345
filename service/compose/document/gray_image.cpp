// Gray pages as Flate images of 1, 4 or 8 bits.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "service/compose/document/bilevel.h"
#include "service/compose/document/page_images.h"

namespace kiyome::compose {
namespace {

struct Levels {
  std::array<std::uint32_t, 256> count{}, flat{};
};

// Eight pixels at a time; on most pages most of them are white.
Levels count_levels(const Pixels& pixels) {
  constexpr std::uint64_t kWhite = ~std::uint64_t{0};
  Levels levels;
  // Two, so that equal neighbours do not wait for each other.
  std::array<std::array<std::uint32_t, 256>, 2> mixed{};
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    const std::uint8_t* row = pixels.row(y);
    std::uint32_t x = 0;
    for (; x + kGroup <= pixels.width; x += kGroup) {
      std::uint64_t word = 0;
      std::memcpy(&word, row + x, kGroup);
      if (word == kWhite) {
        levels.flat[0xFF] += kGroup;
        continue;
      }
      if (y > 0 && is_shade(row + x, 1, pixels.stride)) {
        for (unsigned shift = 0; shift < 64; shift += 8) ++levels.flat[word >> shift & 0xFF];
        continue;
      }
      for (unsigned shift = 0; shift < 64; shift += 16) {
        ++mixed[0][word >> shift & 0xFF];
        ++mixed[1][word >> (shift + 8) & 0xFF];
      }
    }
    for (; x < pixels.width; ++x) ++mixed[0][row[x]];
  }
  for (std::size_t v = 0; v < 256; ++v) levels.count[v] = levels.flat[v] + mixed[0][v] + mixed[1][v];
  return levels;
}

std::vector<Colour> colours_of(const Levels& levels) {
  std::vector<Colour> colours;
  for (std::size_t v = 0; v < 256; ++v) {
    const auto level = static_cast<std::uint8_t>(v);
    if (levels.count[v] > 0) colours.push_back({level, level, level, levels.count[v], levels.flat[v]});
  }
  return colours;
}

using LevelTable = std::array<std::uint8_t, 256>;

LevelTable table_of(const std::vector<Colour>& colours, const Palette& palette) {
  LevelTable table{};
  for (std::size_t i = 0; i < colours.size(); ++i) table[colours[i].red] = palette.index[i];
  return table;
}

std::size_t octets_of_row(const Pixels& pixels, std::size_t bits) { return (pixels.width * bits + 7) / 8; }

// Two pixels by one look into a table.
void pack_4_bit(const Pixels& pixels, const LevelTable& table, char* packed) {
  const auto pairs = std::make_unique<std::array<std::uint8_t, 65536>>();
  for (std::size_t second = 0; second < 256; ++second)
    for (std::size_t first = 0; first < 256; ++first)
      (*pairs)[second << 8 | first] = static_cast<std::uint8_t>(table[first] << 4 | table[second]);
  const std::size_t octets = octets_of_row(pixels, 4);
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    const std::uint8_t* row = pixels.row(y);
    char* out = packed + y * octets;
    for (std::uint32_t x = 0; x + 2 <= pixels.width; x += 2)
      *out++ = static_cast<char>((*pairs)[std::size_t{row[x + 1]} << 8 | row[x]]);
    if (pixels.width % 2 != 0) *out = static_cast<char>(table[row[pixels.width - 1]] << 4);
  }
}

void pack_8_bit(const Pixels& pixels, char* packed) {
  for (std::uint32_t y = 0; y < pixels.height; ++y)
    std::memcpy(packed + std::size_t{y} * pixels.width, pixels.row(y), pixels.width);
}

std::vector<std::array<std::uint8_t, 3>> sixteen_grays() {
  std::vector<std::array<std::uint8_t, 3>> grays;
  for (unsigned i = 0; i < 16; ++i) {
    const auto level = static_cast<std::uint8_t>(i * 17);
    grays.push_back({level, level, level});
  }
  return grays;
}

bool is_two_level(const std::vector<Colour>& colours) {
  for (const Colour& colour : colours)
    if (colour.red != 0 && colour.red != 255) return false;
  return true;
}

}  // namespace

EncodedImage PageEncoder::gray_image(const Pixels& pixels) {
  const std::vector<Colour> colours = colours_of(count_levels(pixels));
  if (is_two_level(colours)) {
    pack_1_bit(pixels, pack(octets_of_row(pixels, 1) * pixels.height));
    return flate(pixels, "/ColorSpace /DeviceGray /BitsPerComponent 1");
  }
  const Palette grays = fixed_palette(colours, sixteen_grays());
  const Palette chosen = grays.error == 0 ? grays : choose_palette(colours, 16);
  const bool use_grays = looks_alike(grays) && (colours.size() > 16 || grays.error == 0);
  if (use_grays || looks_alike(chosen)) {
    const Palette& palette = use_grays ? grays : chosen;
    pack_4_bit(pixels, table_of(colours, palette), pack(octets_of_row(pixels, 4) * pixels.height));
    const std::size_t highest = std::max<std::size_t>(palette.colours.size(), 2) - 1;
    const std::string space = use_grays ? "/DeviceGray" : indexed_space(palette, highest);
    return flate(pixels, "/ColorSpace " + space + " /BitsPerComponent 4");
  }
  pack_8_bit(pixels, pack(pixels.area()));
  return smaller(flate(pixels, "/ColorSpace /DeviceGray /BitsPerComponent 8"), pixels);
}

}  // namespace kiyome::compose
