// See digest.h. By nettle, which uses the processor's SHA instructions like OpenSSL, and is small: OpenSSL's
// half a megabyte of pointers to set right at start is memory that every fork would copy the mapping of.
#include "sanitizers/type/digest.h"

#include <nettle/sha2.h>

namespace kiyome::sanitizer::type {

std::array<std::uint8_t, 32> sha256(std::string_view octets) {
  sha256_ctx state;
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> out{};
  sha256_init(&state);
  sha256_update(&state, octets.size(), reinterpret_cast<const std::uint8_t*>(octets.data()));
  sha256_digest(&state, out.size(), out.data());
  return out;
}

}  // namespace kiyome::sanitizer::type
