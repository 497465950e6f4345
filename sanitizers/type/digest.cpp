// See digest.h.
#include "sanitizers/type/digest.h"

#include <openssl/evp.h>

#include "proto/base/check.h"

namespace kiyome::sanitizer::type {
namespace {

// Held for the life of the process: the fetched algorithm and one context, reused for each part.
struct Digest {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Digest& digest() {
  static Digest instance;
  return instance;
}

}  // namespace

void warm_up_digest() { (void)sha256("warm"); }

std::array<std::uint8_t, 32> sha256(std::string_view octets) {
  Digest& d = digest();
  std::array<std::uint8_t, 32> out{};
  unsigned size = 0;
  KIYOME_CHECK(d.algorithm != nullptr && d.context != nullptr);
  KIYOME_CHECK(EVP_DigestInit_ex2(d.context, d.algorithm, nullptr) == 1);
  KIYOME_CHECK(EVP_DigestUpdate(d.context, octets.data(), octets.size()) == 1);
  KIYOME_CHECK(EVP_DigestFinal_ex(d.context, out.data(), &size) == 1 && size == out.size());
  return out;
}

}  // namespace kiyome::sanitizer::type
