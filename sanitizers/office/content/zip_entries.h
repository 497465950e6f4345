// The entries that a ZIP's central directory names, as LibreOffice reads them too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiyome::sanitizer::office {

struct ZipEntry {
  std::string_view name;
  std::uint32_t method = 0;
  std::string_view data;  // compressed; empty when the directory leads astray
};

// At most kOfficeEntries. Views of `octets`.
std::vector<ZipEntry> zip_entries(std::string_view octets);

// At most `most` octets of an entry; fewer when it is shorter or damaged.
std::string inflated(const ZipEntry& entry, std::size_t most);

}  // namespace kiyome::sanitizer::office
