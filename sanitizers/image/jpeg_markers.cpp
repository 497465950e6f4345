#include "sanitizers/image/jpeg_markers.h"

#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::image {
namespace {

using namespace std::string_view_literals;

enum Marker : unsigned char {
  kRst0 = 0xd0,
  kRst7 = 0xd7,
  kSoi = 0xd8,
  kEoi = 0xd9,
  kSos = 0xda,
  kApp0 = 0xe0,
  kApp1 = 0xe1,
  kApp2 = 0xe2,
  kApp14 = 0xee,
  kApp15 = 0xef,
  kCom = 0xfe,
};

void look(unsigned char marker, std::string_view content, JpegMarkers& out) {
  constexpr std::string_view kExif = "Exif\0\0"sv;
  if (marker == kApp1 && content.starts_with(kExif) && !out.has_exif) {
    out.exif = read_exif(content.substr(kExif.size()));
    out.has_exif = true;
  }
  if (marker == kApp2 && content.starts_with("MPF\0"sv)) out.multi_picture = true;
  // JFIF and Adobe tell how the pixels are meant, an ICC profile which colours; everything else is metadata.
  const bool about_pixels =
      marker == kApp0 || marker == kApp14 || (marker == kApp2 && content.starts_with("ICC_PROFILE\0"sv));
  if (marker == kCom || (marker >= kApp0 && marker <= kApp15 && !about_pixels)) out.metadata = true;
}

// Behind a scan's entropy-coded data: where the next marker's FF stands.
std::size_t behind_scan(std::string_view octets, std::size_t at) {
  while ((at = octets.find('\xff', at)) != std::string_view::npos && at + 1 < octets.size()) {
    const auto next = static_cast<unsigned char>(octets[at + 1]);
    if (next != 0 && next != 0xff && (next < kRst0 || next > kRst7)) return at;
    at += next == 0xff ? 1 : 2;
  }
  return octets.size();
}

}  // namespace

JpegMarkers walk_jpeg(std::string_view octets) {
  JpegMarkers out;
  std::size_t at = 2;  // each turn goes on
  while ((at = octets.find('\xff', at)) != std::string_view::npos && at + 1 < octets.size()) {
    const auto marker = static_cast<unsigned char>(octets[at + 1]);
    if (marker == kEoi) {
      out.tail = octets.substr(at + 2);
      break;
    }
    if (marker == 0xff) {
      ++at;
      continue;
    }
    at += 2;
    if (marker == 0 || marker == 1 || (marker >= kRst0 && marker <= kSoi)) continue;
    const std::size_t size = type::be16(octets, at);
    look(marker, type::slice(octets, at + 2, size < 2 ? 0 : size - 2), out);
    at += size < 2 ? 2 : size;
    if (marker == kSos) at = behind_scan(octets, at);
  }
  return out;
}

}  // namespace kiyome::sanitizer::image
