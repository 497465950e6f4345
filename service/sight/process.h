// What the kernel says of this process and of the disk below its folders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "service/sight/sheet.h"

namespace kiyome::sight {

// Standard names: CPU, memory, descriptors, threads, start; and this program's version.
void show_process(Sheet& sheet);

struct Space {
  std::uint64_t free = 0, whole = 0;  // octets; free: for who is not root
};
// Nothing when the file system cannot be asked.
std::optional<Space> space_of(const std::string& folder);

// Space below `folder`, and what stands in it: `name` is a label ("originals"), `path` a file or a folder of
// files. Of a folder at most limits::kSightFiles are looked at.
struct Stored {
  const char* name;
  std::string path;
};
void show_disk(Sheet& sheet, const std::string& folder, const std::vector<Stored>& stored);

}  // namespace kiyome::sight
