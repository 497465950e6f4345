#include "sanitizers/image/dib.h"

#include <algorithm>
#include <bit>

#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::image {
namespace {

using type::le16;
using type::le32;
using type::slice;

constexpr std::uint32_t kCore = 12, kInfo = 40, kWithMasks = 52, kWithAlpha = 56, kOs2 = 64;
constexpr std::uint32_t kPlain = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaBitFields = 6;
constexpr std::uint64_t kLeastPart = 100;  // one of so many rows has to be there
constexpr double kInch = 0.0254;           // metres

// BITMAPCOREHEADER, OS/2 1.x.
void read_core(std::string_view octets, Dib& out) {
  out.width = le16(octets, 4);
  out.height = le16(octets, 6);
  out.bits = le16(octets, 10);
}

bool read_info(std::string_view octets, Dib& out) {
  const auto width = static_cast<std::int32_t>(le32(octets, 4));
  const auto height = static_cast<std::int32_t>(le32(octets, 8));
  if (width <= 0 || height == 0 || height == INT32_MIN) return false;
  out.top_down = height < 0;
  out.width = static_cast<std::uint32_t>(width);
  out.height = static_cast<std::uint32_t>(out.top_down ? -height : height);
  out.bits = le16(octets, 14);
  out.dpi_x = le32(octets, 24) * kInch;
  out.dpi_y = le32(octets, 28) * kInch;
  return true;
}

void read_palette(std::string_view octets, std::size_t count, std::size_t step, Dib& out) {
  for (std::size_t i = 0; i < std::min<std::size_t>(count, 256); ++i)
    for (std::size_t c = 0; c < 3; ++c)
      out.palette[i][c] = static_cast<std::uint8_t>(type::integer_at(octets, i * step + 2 - c, 1, false));
}

// How colours lie in 16 and 32 bits when nobody tells.
std::array<std::uint32_t, 4> usual_masks(unsigned bits) {
  if (bits == 16) return {0x7c00, 0x03e0, 0x001f, 0};
  return {0xff0000, 0x00ff00, 0x0000ff, 0};
}

std::uint8_t channel(std::uint32_t pixel, std::uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  const std::uint64_t most = mask >> shift;
  return static_cast<std::uint8_t>(((pixel & mask) >> shift) * 255 / most);
}

}  // namespace

Outcome<Dib> read_dib(std::string_view octets, std::size_t pixels_at) {
  Dib out;
  const std::uint32_t size = le32(octets, 0);
  if (octets.size() < size || size < kCore) return refused(clean::Finding::kDamagedPart);
  const bool core = size == kCore;
  if (!core && size < 16) return refused(clean::Finding::kDamagedPart);
  const std::string_view header = octets.substr(0, size);  // what a short one leaves out reads as 0
  if (core) read_core(header, out);
  if (!core && !read_info(header, out)) return refused(clean::Finding::kDamagedPart);
  const std::uint32_t compression = core ? kPlain : le32(header, 16);
  const bool fields = compression == kBitFields || compression == kAlphaBitFields;
  if (size == kOs2 && compression > kRle4) return refused(clean::Finding::kUnsupportedType);  // fax, RLE24
  constexpr unsigned kBits[] = {1, 2, 4, 8, 16, 24, 32};
  if (std::find(std::begin(kBits), std::end(kBits), out.bits) == std::end(kBits))
    return refused(clean::Finding::kDamagedPart);
  if (compression == kRle8 && out.bits == 8)
    out.compression = DibCompression::rle8;
  else if (compression == kRle4 && out.bits == 4)
    out.compression = DibCompression::rle4;
  else if (compression != kPlain && !(fields && (out.bits == 16 || out.bits == 32)))
    return refused(clean::Finding::kUnsupportedType);  // a JPEG or PNG for a printer

  std::size_t palette_at = size;
  out.masks = usual_masks(out.bits);
  if (fields) {
    // Version 2 and later headers hold the masks; the first one is followed by them.
    const bool alpha = compression == kAlphaBitFields || size >= kWithAlpha;
    for (std::size_t c = 0; c < 4; ++c) out.masks[c] = c < 3 || alpha ? le32(octets, kInfo + 4 * c) : 0;
    if (size < kWithMasks) palette_at = std::size_t{kInfo} + (alpha ? 16 : 12);
  }
  const std::size_t step = core ? 3 : 4;
  std::size_t colours = out.bits <= 8 ? std::size_t{1} << out.bits : 0;
  if (const std::uint32_t used = core ? 0 : le32(header, 32); used != 0 && used < colours) colours = used;
  if (pixels_at > palette_at && colours * step > pixels_at - palette_at)
    colours = (pixels_at - palette_at) / step;
  read_palette(slice(octets, palette_at), colours, step, out);
  out.pixels = slice(octets, pixels_at != 0 ? pixels_at : palette_at + colours * step);
  // A header that promises far more rows than follow is not worth seconds of white.
  const bool packed = out.compression != DibCompression::none;
  if (out.pixels.empty() || (!packed && out.pixels.size() < out.stride() * out.height / kLeastPart))
    return refused(clean::Finding::kDamagedPart);
  return out;
}

bool dib_row(const Dib& dib, std::uint32_t y, std::uint8_t* rgba) {
  const std::size_t stride = dib.stride();
  const std::size_t used = (std::size_t{dib.width} * dib.bits + 7) / 8;  // the last row's padding may lack
  const std::uint64_t begin = std::uint64_t{dib.top_down ? y : dib.height - 1 - y} * stride;
  if (begin > dib.pixels.size() || dib.pixels.size() - begin < used) return false;
  const auto* const row = reinterpret_cast<const std::uint8_t*>(dib.pixels.data()) + begin;
  for (std::uint32_t x = 0; x < dib.width; ++x, rgba += 4) {
    rgba[3] = 255;
    if (dib.bits <= 8) {
      const unsigned per_octet = 8 / dib.bits;
      const unsigned shift = 8 - dib.bits * (x % per_octet + 1);
      const unsigned index = (row[x / per_octet] >> shift) & ((1u << dib.bits) - 1);
      std::copy_n(dib.palette[index].begin(), 3, rgba);
    } else if (dib.bits == 24) {
      const std::uint8_t* const from = row + std::size_t{x} * 3;
      rgba[0] = from[2];
      rgba[1] = from[1];
      rgba[2] = from[0];
    } else {
      const std::uint8_t* const from = row + std::size_t{x} * (dib.bits / 8);
      std::uint32_t pixel = from[0] | std::uint32_t{from[1]} << 8;
      if (dib.bits == 32) pixel |= std::uint32_t{from[2]} << 16 | std::uint32_t{from[3]} << 24;
      for (std::size_t c = 0; c < 4; ++c)
        if (c < 3 || dib.masks[3] != 0) rgba[c] = channel(pixel, dib.masks[c]);
    }
  }
  return true;
}

bool dib_uses_alpha(const Dib& dib) {
  if (dib.masks[3] == 0 || dib.bits < 16) return false;
  std::vector<std::uint8_t> row(std::size_t{dib.width} * 4);
  for (std::uint32_t y = 0; y < dib.height; ++y) {
    if (!dib_row(dib, y, row.data())) continue;
    for (std::size_t i = 3; i < row.size(); i += 4)
      if (row[i] != 0) return true;
  }
  return false;
}

}  // namespace kiyome::sanitizer::image
