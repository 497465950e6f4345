// The entries of a LZH (LHA) file: headers by our own reading, unpacking by the lhasa library. libarchive's
// reader knows fewer methods, fails on headers of Japanese programs and asks iconv for whatever code page the
// archive names. Hostile input.
#pragma once

#include <memory>
#include <string_view>

#include "sanitizers/archive/walk.h"

namespace kiyome::sanitizer::archive {

// `octets` outlive the walk.
std::unique_ptr<Walk> lzh_walk(std::string_view octets);

}  // namespace kiyome::sanitizer::archive
