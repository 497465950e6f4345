// The charsets that are decoded by table alone.
#pragma once

#include <cstdint>
#include <string_view>

#include "sanitizers/text/clean_writer.h"

namespace kiyome::sanitizer::text {

// `index` as in charset.h.
void decode_single_octet(std::uint8_t index, std::string_view octets, CleanWriter& out);
void decode_multi_octet(std::uint8_t index, std::string_view octets, CleanWriter& out);

}  // namespace kiyome::sanitizer::text
