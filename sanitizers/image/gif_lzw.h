// GIF's variable-length-code LZW (GIF89a appendix F).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kiyome::sanitizer::image {

// From the code size on, sub-blocks and all. Fills `indices` and returns how many were known before the
// octets ended or stopped making sense.
std::size_t unpack_gif(std::string_view octets, std::vector<std::uint8_t>& indices);

}  // namespace kiyome::sanitizer::image
