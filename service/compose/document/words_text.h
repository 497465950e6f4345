// A document's words as a clean text, for policy `text`.
#pragma once

#include <string>
#include <vector>

#include "proto/clean/document.h"

namespace kiyome::compose {

// In reading order, LF between lines, an empty line between paragraphs and between pages; the character rules
// of a clean text hold. What was changed is appended to `findings`.
std::string words_as_text(const std::vector<clean::Words>& pages, std::vector<clean::Finding>& findings);

}  // namespace kiyome::compose
