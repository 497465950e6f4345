#include "service/base/digest.h"

#include <openssl/evp.h>

#include "proto/base/check.h"

namespace kiyome {
namespace {

// Fetched once: looking the algorithm up by name costs more than hashing a small mail.
const EVP_MD* algorithm() {
  static const EVP_MD* const value = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  KIYOME_CHECK(value != nullptr);
  return value;
}

}  // namespace

std::array<std::uint8_t, 32> sha256(std::string_view octets) {
  std::array<std::uint8_t, 32> out{};
  KIYOME_CHECK(EVP_Digest(octets.data(), octets.size(), out.data(), nullptr, algorithm(), nullptr) == 1);
  return out;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  KIYOME_CHECK(context_ && EVP_DigestInit_ex2(context_, algorithm(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

void Sha256::add(std::string_view octets) {
  KIYOME_CHECK(EVP_DigestUpdate(context_, octets.data(), octets.size()) == 1);
}

std::array<std::uint8_t, 32> Sha256::finish() {
  std::array<std::uint8_t, 32> out{};
  KIYOME_CHECK(EVP_DigestFinal_ex(context_, out.data(), nullptr) == 1);
  return out;
}

}  // namespace kiyome
