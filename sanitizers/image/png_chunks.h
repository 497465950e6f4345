// The chunks of a PNG file, walked without decoding: what stands in them beside the picture, and where the
// picture ends.
#pragma once

#include <string_view>

#include "sanitizers/image/exif.h"

namespace kiyome::sanitizer::image {

struct PngChunks {
  Exif exif;
  double dpi_x = 0, dpi_y = 0;  // pHYs in metres; 0 when there is none
  bool metadata = false;        // texts, time, EXIF
  bool animated = false;        // APNG
  std::string_view tail;        // behind IEND
};

PngChunks walk_png(std::string_view octets);

}  // namespace kiyome::sanitizer::image
