#include "sanitizers/image/png_chunks.h"

#include "proto/base/limits.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::image {
namespace {

constexpr std::size_t kSignature = 8, kAround = 12;  // length, type and CRC of a chunk
constexpr double kInch = 0.0254;                     // metres

void look(std::string_view type, std::string_view content, PngChunks& out) {
  if (type == "tEXt" || type == "zTXt" || type == "iTXt" || type == "tIME" || type == "eXIf")
    out.metadata = true;
  if (type == "acTL") out.animated = true;
  if (type == "eXIf") out.exif = read_exif(content);
  if (type == "pHYs" && content.size() == 9 && content[8] == 1) {
    out.dpi_x = type::be32(content, 0) * kInch;
    out.dpi_y = type::be32(content, 4) * kInch;
  }
}

}  // namespace

PngChunks walk_png(std::string_view octets) {
  PngChunks out;
  std::size_t at = kSignature;
  for (std::size_t i = 0; i < limits::kImageChunks && octets.size() - at >= kAround; ++i) {
    const std::size_t size = type::be32(octets, at);
    if (size > octets.size() - at - kAround) break;
    const std::string_view name = octets.substr(at + 4, 4);
    look(name, octets.substr(at + 8, size), out);
    at += size + kAround;
    if (name == "IEND") {
      out.tail = octets.substr(at);
      break;
    }
  }
  return out;
}

}  // namespace kiyome::sanitizer::image
