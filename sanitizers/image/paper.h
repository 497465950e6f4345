// How large a picture is on paper, and how many of its pixels are kept.
#pragma once

#include <cstdint>

#include "proto/clean/job.h"
#include "sanitizers/image/picture.h"

namespace kiyome::sanitizer::image {

// What a picture says of itself before its pixels.
struct Shape {
  std::uint32_t width = 0, height = 0;  // of the stored pixels
  double dpi_x = 0, dpi_y = 0;          // as declared; 0 when it is not
  bool camera = false;                  // taken by a camera: its declared density means nothing
  unsigned orientation = 1;             // EXIF / TIFF, 1 to 8
};

// What to make of it. Pixel counts are those of the stored orientation, millipoints those of the shown one.
struct Plan {
  std::uint32_t width = 0, height = 0;
  std::uint32_t width_millipoints = 1, height_millipoints = 1;
  bool reduced = false;  // fewer pixels than the picture has
};

// `whole`: the decoder holds all stored pixels at once. Refusal limit-pixels, before anything is allocated;
// damaged when a side is 0.
Outcome<Plan> plan(const Shape& shape, const clean::JobOptions& options, bool whole);

}  // namespace kiyome::sanitizer::image
