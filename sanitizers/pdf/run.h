// A PDF → pages of pixels and words in the clean language. Everything in this room that reads hostile octets
// is reached from here. Not thread-safe: PDFium is not.
#pragma once

#include <string_view>

#include "proto/clean/job.h"
#include "sanitizers/pdf/render.h"

namespace kiyome::sanitizer::pdf {

// Loads the engine and the fonts. Before confinement, once. Throws std::runtime_error when the machine lacks
// them.
void warm_up();

// Says the whole answer: Document, then each Page with its Rows and Words, then End; or a Refusal and End.
void read_document(std::string_view octets, const clean::JobOptions& options, const Say& say);

}  // namespace kiyome::sanitizer::pdf
