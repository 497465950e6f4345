// The one font of every clean PDF, by its length and digest: glyphs without any ink, so that words can be
// marked and searched (compose/PDF.md, object 7). What another font file could do to a reader, none can.
#pragma once

#include <array>
#include <cstdint>

namespace kiyome::gate {

inline constexpr std::uint64_t kInvisibleFontOctets = 304;
inline constexpr std::array<std::uint8_t, 32> kInvisibleFontSha256 = {
    0xF2, 0x1C, 0x5D, 0xDA, 0x67, 0x1C, 0xF8, 0x70, 0x78, 0x2C, 0xD0, 0x3B, 0x98, 0x00, 0x1B, 0xF5,
    0x43, 0xD8, 0x79, 0xBB, 0x1F, 0xB4, 0x23, 0x11, 0x7F, 0x1C, 0xFE, 0xB3, 0x83, 0x61, 0x0A, 0xF9};

}  // namespace kiyome::gate
