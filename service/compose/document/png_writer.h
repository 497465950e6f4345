// Writes a clean PNG (../PDF.md): for pictures that shall stay pictures.
#pragma once

#include <string>
#include <string_view>

#include "proto/clean/document.h"

namespace kiyome::compose {

// `pixels` are all rows of the page, from the top. Lossless.
std::string clean_png(const clean::Page& page, std::string_view pixels);

}  // namespace kiyome::compose
