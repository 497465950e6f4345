// ICO and CUR: the largest of their pictures, each a bitmap with a mask, or a PNG.
#include <algorithm>
#include <array>
#include <vector>

#include "proto/base/limits.h"
#include "sanitizers/image/decoders.h"
#include "sanitizers/image/dib.h"
#include "sanitizers/image/reducer.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::image {
namespace {

using type::le16;
using type::le32;
using type::slice;

constexpr std::size_t kDirectory = 6, kEntry = 16;

// The octets of the largest picture, of those the one with the most octets (which has the most colours).
std::string_view largest(std::string_view octets) {
  std::string_view out;
  std::uint64_t best = 0;
  const std::size_t count = std::min<std::size_t>(le16(octets, 4), limits::kImageIcons);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view entry = slice(octets, kDirectory + i * kEntry, kEntry);
    if (entry.size() < kEntry) break;
    const auto side = [&](std::size_t at) {
      const auto told = static_cast<unsigned char>(entry[at]);
      return told == 0 ? 256u : told;
    };
    const std::string_view content = slice(octets, le32(entry, 12), le32(entry, 8));
    const std::uint64_t size = std::uint64_t{side(0)} * side(1);
    if (content.empty() || size < best || (size == best && content.size() <= out.size())) continue;
    best = size;
    out = content;
  }
  return out;
}

// The mask makes pixels see-through; it has one bit a pixel.
void apply_mask(const Dib& mask, std::uint32_t y, std::vector<std::uint8_t>& bits,
                std::vector<std::uint8_t>& rgba) {
  std::fill(bits.begin(), bits.end(), std::uint8_t{0});
  dib_row(mask, y, bits.data());
  for (std::size_t i = 0; i < rgba.size(); i += 4)
    if (bits[i] != 0) rgba[i + 3] = 0;
}

Outcome<Picture> read_bitmap(std::string_view octets, const clean::JobOptions& options) {
  auto dib = read_dib(octets, 0);
  if (!dib) return refused(dib.error());
  if (dib->compression != DibCompression::none) return refused(clean::Finding::kUnsupportedType);
  dib->height /= 2;  // the mask is counted
  Shape shape;
  shape.width = dib->width;
  shape.height = dib->height;
  const auto planned = plan(shape, options, false);
  if (!planned) return refused(planned.error());
  if (dib->bits == 32) dib->masks[3] = 0xff000000;
  const bool alpha = dib_uses_alpha(*dib);
  if (!alpha) dib->masks[3] = 0;

  Dib mask = *dib;
  mask.bits = 1;
  mask.palette[0] = {0, 0, 0};
  mask.palette[1] = {255, 255, 255};
  mask.pixels = slice(dib->pixels, dib->stride() * dib->height);
  Reducer reducer(shape.width, shape.height, 3, planned->width, planned->height);
  std::vector<std::uint8_t> rgba(std::size_t{dib->width} * 4), bits(rgba.size());
  std::vector<std::uint8_t> row(std::size_t{dib->width} * 3);
  std::uint32_t known = 0;
  for (std::uint32_t y = 0; y < dib->height; ++y) {
    std::fill(rgba.begin(), rgba.end(), std::uint8_t{255});
    known += dib_row(*dib, y, rgba.data()) ? 1 : 0;
    if (!alpha) apply_mask(mask, y, bits, rgba);
    onto_white(rgba.data(), row.data(), dib->width, 3);
    reducer.row(row.data());
  }
  if (known == 0) return refused(clean::Finding::kDamagedPart);
  return Picture{make_sheet(reducer.take(), *planned, 1, known < dib->height), {}};
}

}  // namespace

Outcome<Picture> read_icon(std::string_view octets, const clean::JobOptions& options) {
  const std::string_view content = largest(octets);
  // Four octets are a weak signature: a TGA has them too.
  if (content.empty()) return refused(clean::Finding::kUnsupportedType);
  if (content.starts_with("\x89PNG\r\n\x1a\n")) return read_png(content, options);
  return read_bitmap(content, options);
}

}  // namespace kiyome::sanitizer::image
