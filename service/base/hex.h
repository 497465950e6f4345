// Octets as hexadecimal digits, lower case, and back.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kiyome {

std::string hex(std::span<const std::uint8_t> octets);
// Lower-case digits of exactly as many octets as `out` has; false for all else, and `out` is then of no use.
bool unhex(std::string_view digits, std::span<std::uint8_t> out);

}  // namespace kiyome
