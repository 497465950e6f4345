// What a document could do and what it hides, as notes for a person: none of it is in the pages of pixels.
// Quick looks, not a proof: what they miss is left out of the clean document all the same.
#pragma once

#include <string_view>
#include <vector>

#include "proto/clean/findings.h"
#include "sanitizers/pdf/engine.h"

namespace kiyome::sanitizer::pdf {

// Of the whole document, by its octets and by what the engine counts. Each finding once.
std::vector<clean::Finding> notes_on_document(std::string_view octets, FpdfDocument* document);

// Of a page, by its annotations.
struct PageNotes {
  std::vector<clean::Finding> findings;
  bool shows_annotations = false;  // form fields, free text, stamps …: they may have words of their own
};
PageNotes notes_on_page(FpdfPage* page);

}  // namespace kiyome::sanitizer::pdf
