// The clean files of one file and of what lies within it, each under a name of its own. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "service/document/document_cleaner.h"

namespace kiyome::document {

struct OutputFile {
  std::string name, type, octets;
  std::uint32_t pages = 0;
};

struct OutputNaming {
  std::string name;      // what files of the whole are called by, without our extension
  std::string given;     // the name that it was cleaned under
  std::string entries;   // before the names of what lies within
  bool any_case = true;  // whether "A.pdf" and "a.pdf" are two names
  // A stem and what has to follow it (" (2).pdf"), as one name.
  std::function<std::string(std::string_view stem, std::string_view end)> join;
};

// Takes the octets out of `made`. Texts are written as clean text files. Reasons of what lies within, and
// what writing changed, are added to `reasons`.
std::vector<OutputFile> output_files(Made& made, const OutputNaming& naming, bool break_links,
                                     std::vector<clean::Finding>& reasons);

}  // namespace kiyome::document
