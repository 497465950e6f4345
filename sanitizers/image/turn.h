// EXIF and TIFF orientation.
#pragma once

#include "sanitizers/image/picture.h"

namespace kiyome::sanitizer::image {

// The pixels as they are meant to be seen. Orientation 1 to 8; others count as 1.
Pixels turned(Pixels stored, unsigned orientation);

}  // namespace kiyome::sanitizer::image
