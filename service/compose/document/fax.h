// CCITT Group 4 (ITU-T T.6) as PDF.md has it: what a row has in common with the one above costs a bit or two.
// Only ever encodes; nothing foreign is parsed.
#pragma once

#include <cstdint>
#include <string>

namespace kiyome::compose {

// `bits` are rows of (width + 7) / 8 octets from the top, the highest bit left, 1 is white; bits beyond the
// width are passed over. T.6 leaves no choice, so there is one result. Width and height are above 0.
std::string group_4(const std::uint8_t* bits, std::uint32_t width, std::uint32_t height);

}  // namespace kiyome::compose
