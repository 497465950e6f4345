// The marker segments of a JPEG file, walked without decoding: what stands in them beside the picture, and
// where the picture ends.
#pragma once

#include <string_view>
#include <vector>

#include "sanitizers/image/exif.h"

namespace kiyome::sanitizer::image {

struct JpegMarkers {
  Exif exif;  // the first one
  bool has_exif = false;
  bool metadata = false;       // EXIF, XMP, IPTC, comments, a maker's own
  bool multi_picture = false;  // CIPA DC-007: further pictures follow the end
  std::string_view tail;       // behind the end of the image; empty when there is no end
};

JpegMarkers walk_jpeg(std::string_view octets);

}  // namespace kiyome::sanitizer::image
