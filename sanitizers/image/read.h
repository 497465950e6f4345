// A picture's octets → pages of pixels. Which decoder reads them is told by their signature, never by what
// the sender calls them.
#pragma once

#include <string_view>

#include "proto/clean/job.h"
#include "sanitizers/image/sheet.h"

namespace kiyome::sanitizer::image {

// What the decoders ask the system once and remember. Before confinement.
void warm_up();

// Says Document, Page and Rows …, End; or Refusal, End.
void read_picture(std::string_view octets, const clean::JobOptions& options, const Say& say);

}  // namespace kiyome::sanitizer::image
