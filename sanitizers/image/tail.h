// What stands behind a picture's end, or makes its file one of another type as well. Only notes: nothing of
// it comes through.
#pragma once

#include <string_view>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::image {

// Adds what octets behind the picture's end mean: polyglot; or what cameras put there (further pictures,
// film).
void note_tail(std::string_view tail, bool multi_picture, std::vector<clean::Finding>& notes);

// Adds polyglot when the whole file also reads as a ZIP or a PDF.
void note_other_type(std::string_view octets, std::vector<clean::Finding>& notes);

}  // namespace kiyome::sanitizer::image
