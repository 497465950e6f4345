#include "service/auth/secrets.h"

#include <sodium.h>

#include <algorithm>

#include "proto/base/check.h"
#include "service/base/digest.h"

namespace kiyome::auth {
namespace {

constexpr std::size_t kTokenOctets = 32;
constexpr std::size_t kTokenCharacters = 43;

}  // namespace

std::string random_octets(std::size_t count) {
  KIYOME_CHECK(sodium_init() >= 0);
  std::string out(count, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

std::string new_token() {
  const std::string octets = random_octets(kTokenOctets);
  char text[kTokenCharacters + 1];
  sodium_bin2base64(text, sizeof text, reinterpret_cast<const unsigned char*>(octets.data()), octets.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return std::string(text, kTokenCharacters);
}

bool has_token_form(std::string_view token) {
  return token.size() == kTokenCharacters && std::all_of(token.begin(), token.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_';
         });
}

std::string digest_of(std::string_view secret) {
  const auto digest = sha256(secret);
  return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}

std::string base32(std::string_view octets) {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  unsigned bits = 0, waiting = 0;
  for (const char c : octets) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
    for (waiting += 8; waiting >= 5; waiting -= 5) out += kLetters[bits >> (waiting - 5) & 31];
  }
  if (waiting > 0) out += kLetters[bits << (5 - waiting) & 31];
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace kiyome::auth
