// Writes a clean PNG (../PDF.md): for pictures that shall stay pictures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/clean/document.h"

namespace kiyome::compose {

// `quick`: for pictures to look at, of which there are many and each lasts for days: a third of the time.
enum class PngEffort : std::uint8_t { usual, quick };

// `pixels` are all rows of the page, from the top. Lossless.
std::string clean_png(const clean::Page& page, std::string_view pixels, PngEffort effort = PngEffort::usual);

}  // namespace kiyome::compose
