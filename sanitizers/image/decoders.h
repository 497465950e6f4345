// The decoders, one file each. They take hostile octets and give pixels or the reason why not; they open no
// file, and allocate nothing that plan() has not allowed.
#pragma once

#include <string_view>

#include "proto/clean/job.h"
#include "sanitizers/image/picture.h"
#include "sanitizers/image/sheet.h"

namespace kiyome::sanitizer::image {

Outcome<Picture> read_jpeg(std::string_view octets, const clean::JobOptions& options);
Outcome<Picture> read_png(std::string_view octets, const clean::JobOptions& options);
Outcome<Picture> read_gif(std::string_view octets, const clean::JobOptions& options);
Outcome<Picture> read_webp(std::string_view octets, const clean::JobOptions& options);
Outcome<Picture> read_bmp(std::string_view octets, const clean::JobOptions& options);
Outcome<Picture> read_icon(std::string_view octets, const clean::JobOptions& options);

// Many pages: says Document and the pages itself, or gives the reason why there is nothing to say.
Outcome<void> read_tiff(std::string_view octets, const clean::JobOptions& options, const Say& say);

}  // namespace kiyome::sanitizer::image
