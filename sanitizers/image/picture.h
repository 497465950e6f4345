// What the decoders of this room share: pixels, and a picture as one sheet of paper. Everything here is made
// of hostile octets by libraries that may be conquered; only the sandbox is trusted.
#pragma once

#include <cstdint>
#include <tl/expected.hpp>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::image {

// Rows from the top to the bottom, no padding. One octet a pixel is gray, three are RGB.
struct Pixels {
  std::uint32_t width = 0, height = 0;
  unsigned channels = 1;
  std::vector<std::uint8_t> octets;
};

// One page of the answer.
struct Sheet {
  Pixels pixels;
  std::uint32_t width_millipoints = 1, height_millipoints = 1;
  std::vector<clean::Finding> findings;
};

// A whole picture of the formats that have one page only.
struct Picture {
  Sheet sheet;
  std::vector<clean::Finding> notes;  // about the document; may name one twice
};

// Why a picture cannot be shown: a finding with effect `part`.
template <class T>
using Outcome = tl::expected<T, clean::Finding>;
inline tl::unexpected<clean::Finding> refused(clean::Finding why) { return tl::unexpected(why); }

}  // namespace kiyome::sanitizer::image
