// See digest.h.
#include "sanitizers/archive/digest.h"

#include <openssl/evp.h>

#include "proto/base/check.h"

namespace kiyome::sanitizer::archive {

std::array<std::uint8_t, 32> sha256(std::string_view octets) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static EVP_MD_CTX* const context = EVP_MD_CTX_new();
  std::array<std::uint8_t, 32> out{};
  unsigned size = 0;
  KIYOME_CHECK(algorithm != nullptr && context != nullptr);
  KIYOME_CHECK(EVP_DigestInit_ex2(context, algorithm, nullptr) == 1);
  KIYOME_CHECK(EVP_DigestUpdate(context, octets.data(), octets.size()) == 1);
  KIYOME_CHECK(EVP_DigestFinal_ex(context, out.data(), &size) == 1 && size == out.size());
  return out;
}

}  // namespace kiyome::sanitizer::archive
