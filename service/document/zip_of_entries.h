// The clean files of an archive's entries as one clean ZIP with the archive's folders.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/document/document_cleaner.h"

namespace kiyome::document {

struct ZipForm {
  std::string name;
  bool break_links = false;  // in its texts
};

// Takes the files out of the entries. Nothing when there is none. A file that has no place in it (too deep)
// is left with its entry. What was changed of names and texts is added to `findings`.
std::optional<compose::CleanFile> zip_of(std::vector<Entry>& entries, const ZipForm& form,
                                         std::vector<clean::Finding>& findings);

}  // namespace kiyome::document
