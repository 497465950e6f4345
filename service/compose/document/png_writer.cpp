// See png_writer.h. PNG: ISO/IEC 15948.
#include "service/compose/document/png_writer.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "proto/base/check.h"
#include "service/compose/document/colours.h"
#include "service/compose/document/deflate.h"
#include "service/compose/document/page_shape.h"

namespace kiyome::compose {
namespace {

constexpr std::size_t kDataChunk = 65536;
constexpr std::uint64_t kDensityMax = 100000;

enum ColourType : std::uint8_t { kGray = 0, kTrueColour = 2, kPalette = 3 };

void append_32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

void append_chunk(std::string& out, std::string_view type, std::string_view content) {
  append_32(out, static_cast<std::uint32_t>(content.size()));
  out.append(type).append(content);
  append_32(out, crc32(content, crc32(type)));
}

std::string header(const Pixels& pixels, ColourType type) {
  std::string content;
  append_32(content, pixels.width);
  append_32(content, pixels.height);
  content += '\x08';
  content += static_cast<char>(type);
  return content.append(3, '\0');
}

// Pixels a metre, from the page's width on paper.
std::string density(const clean::Page& page) {
  constexpr std::uint64_t kMillipointsAMetre = 2834646;  // 72000 / 0.0254
  const std::uint64_t wanted = page.pixel_width * kMillipointsAMetre / std::max(page.width_millipoints, 1u);
  const auto value = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(wanted, 1, kDensityMax));
  std::string content;
  append_32(content, value);
  append_32(content, value);
  return content += '\x01';
}

// Indices of the colours when there are at most 256, each row behind a filter octet 0.
bool index_rows(const Pixels& pixels, std::string& rows, std::string& palette) {
  ColourTable table;
  rows.reserve(pixels.area() + pixels.height);
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    rows += '\0';
    const std::uint8_t* row = pixels.row(y);
    for (std::uint32_t x = 0; x < pixels.width; ++x, row += 3) {
      const std::uint32_t colour = std::uint32_t{row[0]} << 16 | std::uint32_t{row[1]} << 8 | row[2];
      const std::uint16_t number = table.add(colour);
      if (number > 255) return false;
      rows += static_cast<char>(number);
      if (number * std::size_t{3} == palette.size()) palette.append(reinterpret_cast<const char*>(row), 3);
    }
  }
  return true;
}

std::uint8_t paeth(int left, int above, int corner) {
  const int guess = left + above - corner;
  const int from_left = std::abs(guess - left), from_above = std::abs(guess - above);
  const int from_corner = std::abs(guess - corner);
  if (from_left <= from_above && from_left <= from_corner) return static_cast<std::uint8_t>(left);
  return static_cast<std::uint8_t>(from_above <= from_corner ? above : corner);
}

// One filtered row; `above` is a row of zeros for the first one.
void filter(unsigned type, const std::uint8_t* row, const std::uint8_t* above, std::size_t step,
            std::vector<std::uint8_t>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int left = i >= step ? row[i - step] : 0, corner = i >= step ? above[i - step] : 0;
    const int guess = type == 0 ? 0 : type == 1 ? left : type == 2 ? above[i] : paeth(left, above[i], corner);
    out[i] = static_cast<std::uint8_t>(row[i] - guess);
  }
}

// The usual guess at what packs best: the least sum of differences (PNG, 12.8).
std::uint64_t weight(const std::vector<std::uint8_t>& row) {
  std::uint64_t sum = 0;
  for (const std::uint8_t octet : row)
    sum += static_cast<std::uint64_t>(std::abs(static_cast<std::int8_t>(octet)));
  return sum;
}

// Without a choice between filters: gray pages are letters, which repeat as they are; pages with colour are
// pictures, whose pixels differ little from those above.
std::string quick_rows(const Pixels& pixels) {
  std::string rows;
  rows.reserve((pixels.row_octets() + 1) * pixels.height);
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    const std::uint8_t* row = pixels.row(y);
    const bool up = pixels.channels == 3 && y > 0;
    rows += up ? '\x02' : '\0';
    const std::size_t begin = rows.size();
    rows.append(reinterpret_cast<const char*>(row), pixels.row_octets());
    if (!up) continue;
    const std::uint8_t* above = pixels.row(y - 1);
    char* out = rows.data() + begin;
    for (std::size_t i = 0; i < pixels.row_octets(); ++i) out[i] = static_cast<char>(row[i] - above[i]);
  }
  return rows;
}

std::string filter_rows(const Pixels& pixels) {
  std::string rows;
  rows.reserve((pixels.row_octets() + 1) * pixels.height);
  const std::vector<std::uint8_t> zeros(pixels.row_octets(), 0);
  std::vector<std::uint8_t> best(pixels.row_octets()), tried(pixels.row_octets());
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    std::uint64_t least = ~std::uint64_t{0};
    unsigned chosen = 0;
    for (const unsigned type : {0u, 1u, 2u, 4u}) {
      filter(type, pixels.row(y), y > 0 ? pixels.row(y - 1) : zeros.data(), pixels.channels, tried);
      const std::uint64_t sum = weight(tried);
      if (sum >= least) continue;
      least = sum;
      chosen = type;
      best.swap(tried);
    }
    rows += static_cast<char>(chosen);
    rows.append(reinterpret_cast<const char*>(best.data()), best.size());
  }
  return rows;
}

}  // namespace

std::string clean_png(const clean::Page& page, std::string_view pixels, PngEffort effort) {
  const std::uint32_t channels = octets_of_pixel(page.format);
  KIYOME_CHECK(pixels.size() == std::size_t{page.pixel_width} * page.pixel_height * channels &&
               !pixels.empty());
  std::string held(pixels);  // a view of pixels can be written through
  Room gray;
  Pixels view{reinterpret_cast<std::uint8_t*>(held.data()), page.pixel_width, page.pixel_height,
              std::size_t{page.pixel_width} * channels, channels};
  if (channels == 3 && is_gray(view)) view = gray_copy(view, gray);

  const bool quick = effort == PngEffort::quick;
  std::string rows, palette;
  ColourType type = view.channels == 1 ? kGray : kPalette;
  if (type == kGray || !index_rows(view, rows, palette)) {
    if (type == kPalette) type = kTrueColour;
    rows = quick ? quick_rows(view) : filter_rows(view);
  }
  const std::string data = Deflater(quick ? Deflater::kQuick : Deflater::kUsual).zlib(rows);
  std::string out = "\x89PNG\r\n\x1A\n";
  append_chunk(out, "IHDR", header(view, type));
  append_chunk(out, "pHYs", density(page));
  if (type == kPalette) append_chunk(out, "PLTE", palette);
  for (std::size_t at = 0; at < data.size(); at += kDataChunk)
    append_chunk(out, "IDAT", std::string_view(data).substr(at, kDataChunk));
  append_chunk(out, "IEND", "");
  return out;
}

}  // namespace kiyome::compose
