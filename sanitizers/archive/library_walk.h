// The entries of what is neither ZIP nor LZH, by libarchive: 7z, RAR, tar, cpio, ar, CAB, and single files
// packed by gzip and its like. Only the reader of the named type is switched on. Hostile input.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sanitizers/archive/walk.h"

namespace kiyome::sanitizer::archive {

// Null if the type is none of ours. `octets` outlive the walk; `name` is the archive's own.
std::unique_ptr<Walk> library_walk(std::string_view octets, std::string_view type, std::string_view name);

// Whether it is one of several volumes of a RAR: what it holds cannot be judged without the others.
bool is_rar_volume(std::string_view octets);

// What libarchive does not look at in a gzip file: the sums of its members, and what follows the last one.
struct GzipLook {
  bool sound = false;
  bool tail = false;
};
GzipLook look_at_gzip(std::string_view octets);

// The name that a gzip header carries (RFC 1952, FNAME), as stored, or empty.
std::string_view gzip_name(std::string_view octets);

}  // namespace kiyome::sanitizer::archive
