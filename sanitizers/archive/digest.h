// SHA-256 of entries, by OpenSSL's EVP with an algorithm fetched once: a child looks nothing up.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kiyome::sanitizer::archive {

// Aborts if the library cannot hash: a part without its digest must not be told.
std::array<std::uint8_t, 32> sha256(std::string_view octets);

}  // namespace kiyome::sanitizer::archive
