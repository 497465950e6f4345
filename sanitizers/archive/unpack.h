// One packed entry → its octets in pieces: stored and deflated ones by zlib, the other methods of ZIP by
// libarchive. Hostile input; what comes out is bounded by whoever takes it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::archive {

using Take = std::function<bool(std::string_view)>;  // false: no more

struct Unpacked {
  std::optional<clean::Finding> trouble;
  bool stopped = false;  // `take` did not want more
};

// The octets have to be exactly `size`, and their CRC `crc` unless `without_crc` (AE-2 has a MAC instead).
struct Packed {
  std::string_view octets;
  std::uint32_t method = 0;
  std::uint32_t flags = 0;  // bits 1 and 2 belong to the method
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  bool without_crc = false;
};
Unpacked unpack(const Packed& packed, const Take& take);

// In library_unpack.cpp: bzip2, LZMA, XZ, Zstandard, PPMd … of a ZIP. A method that libarchive has not is
// unsupported-type.
Unpacked unpack_by_library(const Packed& packed, const Take& take);

}  // namespace kiyome::sanitizer::archive
