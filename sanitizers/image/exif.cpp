#include "sanitizers/image/exif.h"

#include <algorithm>
#include <cstdint>

#include "proto/base/limits.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::image {
namespace {

constexpr std::uint64_t kMake = 0x010f, kOrientation = 0x0112, kXResolution = 0x011a, kYResolution = 0x011b,
                        kResolutionUnit = 0x0128;
constexpr std::uint64_t kInch = 2, kCentimetre = 3;
constexpr std::size_t kEntry = 12;

}  // namespace

Exif read_exif(std::string_view octets) {
  Exif out;
  if (!octets.starts_with("II") && !octets.starts_with("MM")) return out;
  const bool big = octets[0] == 'M';
  const auto integer = [&](std::uint64_t at, unsigned size) {
    return type::integer_at(octets, static_cast<std::size_t>(at), size, big);
  };
  const auto rational = [&](std::uint64_t at) {
    const double below = static_cast<double>(integer(at + 4, 4));
    return below == 0 ? 0.0 : static_cast<double>(integer(at, 4)) / below;
  };
  const std::uint64_t directory = integer(4, 4);
  if (directory + 2 > octets.size()) return out;
  const std::uint64_t count = std::min<std::uint64_t>(integer(directory, 2), limits::kImageExifEntries);
  std::uint64_t unit = kInch;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t entry = directory + 2 + i * kEntry;
    if (entry + kEntry > octets.size()) break;
    const std::uint64_t tag = integer(entry, 2), value = integer(entry + 8, 2);
    if (tag == kMake) out.camera = true;
    if (tag == kOrientation && value >= 1 && value <= 8) out.orientation = static_cast<unsigned>(value);
    if (tag == kXResolution) out.dpi_x = rational(integer(entry + 8, 4));
    if (tag == kYResolution) out.dpi_y = rational(integer(entry + 8, 4));
    if (tag == kResolutionUnit) unit = value;
  }
  const double factor = unit == kInch ? 1 : unit == kCentimetre ? 2.54 : 0;
  out.dpi_x *= factor;
  out.dpi_y *= factor;
  return out;
}

}  // namespace kiyome::sanitizer::image
