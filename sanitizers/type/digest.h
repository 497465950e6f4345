// SHA-256 of parts and entries. OpenSSL's EVP with a digest fetched once, so that the CPU's SHA instructions
// are used and a child looks nothing up.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kiyome::sanitizer::type {

void warm_up_digest();  // by warm_up() of type.h
// Aborts if the library cannot hash: a part without its digest must not be told.
std::array<std::uint8_t, 32> sha256(std::string_view octets);

}  // namespace kiyome::sanitizer::type
