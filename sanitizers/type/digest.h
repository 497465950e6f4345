// SHA-256 of parts and entries.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kiyome::sanitizer::type {

std::array<std::uint8_t, 32> sha256(std::string_view octets);

}  // namespace kiyome::sanitizer::type
