// The few things of an EXIF block (a small TIFF) that change how a picture looks. Own parser: it reads one
// directory, follows no further offset, allocates nothing.
#pragma once

#include <string_view>

namespace kiyome::sanitizer::image {

struct Exif {
  unsigned orientation = 1;     // 1 to 8
  double dpi_x = 0, dpi_y = 0;  // 0 when not told
  bool camera = false;          // names a maker
};

// `octets` from "II*" or "MM*" on; what cannot be read keeps its default.
Exif read_exif(std::string_view octets);

}  // namespace kiyome::sanitizer::image
