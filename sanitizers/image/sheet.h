// From decoded pixels to messages of the clean language.
#pragma once

#include <functional>

#include "proto/clean/job.h"
#include "proto/clean/types.h"
#include "sanitizers/image/paper.h"
#include "sanitizers/image/picture.h"

namespace kiyome::sanitizer::image {

using Say = std::function<void(const clean::Message&)>;

// The picture's pixels, turned as they are meant to be seen, on their paper.
Sheet make_sheet(Pixels pixels, const Plan& plan, unsigned orientation, bool damaged);

// Page and Rows. Gray when every pixel is; one white pixel when no pixels are asked for.
void say_sheet(const Sheet& sheet, const clean::JobOptions& options, const Say& say);

// Octets with transparency onto white paper: RGBA to RGB, gray and alpha to gray.
void onto_white(const std::uint8_t* from, std::uint8_t* to, std::size_t pixels, unsigned channels);

}  // namespace kiyome::sanitizer::image
