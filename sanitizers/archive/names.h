// Names of entries: stored octets in an unnamed charset → UTF-8 lines with '/' between folders. Hostile
// input. Nothing here makes a name safe for a disk; it tells which ones try to leave their folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::archive {

// The charset of all names of an archive that do not say theirs, as text::decode_word() takes it. They were
// made on one machine: together they tell more than each alone.
std::string charset_of_names(const std::vector<std::string_view>& names);

struct EntryName {
  std::string path;                      // a clean line, at most kCleanName octets
  bool unsafe = false;                   // leaves its folder, names a drive or a stream, hides characters
  std::vector<clean::Finding> findings;  // undecodable-text …
};
EntryName read_name(std::string_view stored, std::string_view charset);

// What stands behind the last separator.
std::string_view base_name(std::string_view path);

// Makes the n-th of several equal paths another one: "a.txt" → "a (2).txt".
std::string numbered(std::string_view path, std::size_t number);

}  // namespace kiyome::sanitizer::archive
