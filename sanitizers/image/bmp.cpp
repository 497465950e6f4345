// BMP files: a small header before a bitmap (dib.h).
#include <algorithm>
#include <vector>

#include "sanitizers/image/decoders.h"
#include "sanitizers/image/dib.h"
#include "sanitizers/image/reducer.h"
#include "sanitizers/image/tail.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::image {
namespace {

constexpr std::size_t kFileHeader = 14;

// Rows that are there; white for the others. How many were there.
std::uint32_t say_rows(const Dib& dib, Reducer& reducer) {
  std::vector<std::uint8_t> rgba(std::size_t{dib.width} * 4), row(std::size_t{dib.width} * 3);
  std::uint32_t known = 0;
  for (std::uint32_t y = 0; y < dib.height; ++y) {
    std::fill(rgba.begin(), rgba.end(), std::uint8_t{255});
    known += dib_row(dib, y, rgba.data()) ? 1 : 0;
    onto_white(rgba.data(), row.data(), dib.width, 3);
    reducer.row(row.data());
  }
  return known;
}

void say_indices(const Dib& dib, const std::vector<std::uint8_t>& indices, Reducer& reducer) {
  std::vector<std::uint8_t> row(std::size_t{dib.width} * 3);
  for (std::size_t y = 0; y < dib.height; ++y) {
    for (std::size_t x = 0; x < dib.width; ++x)
      std::copy_n(dib.palette[indices[y * dib.width + x]].begin(), 3, row.data() + x * 3);
    reducer.row(row.data());
  }
}

}  // namespace

Outcome<Picture> read_bmp(std::string_view octets, const clean::JobOptions& options) {
  if (octets.size() <= kFileHeader) return refused(clean::Finding::kDamagedPart);
  const std::size_t pixels_at = type::le32(octets, 10);
  auto dib = read_dib(octets.substr(kFileHeader), pixels_at > kFileHeader ? pixels_at - kFileHeader : 0);
  if (!dib) return refused(dib.error());
  const bool packed = dib->compression != DibCompression::none;
  Shape shape;
  shape.width = dib->width;
  shape.height = dib->height;
  shape.dpi_x = dib->dpi_x;
  shape.dpi_y = dib->dpi_y;
  const auto planned = plan(shape, options, packed);
  if (!planned) return refused(planned.error());

  Reducer reducer(shape.width, shape.height, 3, planned->width, planned->height);
  bool damaged = false;
  if (packed) {
    std::vector<std::uint8_t> indices;
    damaged = !unpack_dib(*dib, indices);
    say_indices(*dib, indices, reducer);
  } else {
    if (!dib_uses_alpha(*dib)) dib->masks[3] = 0;
    const std::uint32_t known = say_rows(*dib, reducer);
    if (known == 0) return refused(clean::Finding::kDamagedPart);
    damaged = known < dib->height;
  }
  Picture out{make_sheet(reducer.take(), *planned, 1, damaged), {}};
  const std::size_t told = type::le32(octets, 2);  // the file's size, where programs fill it in
  const std::uint64_t needed = octets.size() - dib->pixels.size() + dib->stride() * dib->height;
  if (!packed) note_tail(type::slice(octets, std::max<std::uint64_t>(told, needed)), false, out.notes);
  return out;
}

}  // namespace kiyome::sanitizer::image
