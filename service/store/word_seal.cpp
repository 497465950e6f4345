#include "service/store/word_seal.h"

#include <sodium.h>

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/base/check.h"
#include "proto/base/limits.h"

namespace kiyome::store {
namespace {

constexpr char kContext[crypto_kdf_CONTEXTBYTES + 1] = "kiyoword";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kPad = 256;

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// u8 length and the word, each; zeros behind the last.
std::string packed(const std::vector<std::string>& words) {
  ByteWriter out;
  for (const std::string& word : words) {
    KIYOME_CHECK(!word.empty() && word.size() <= limits::kJobPassword);
    out.u8(static_cast<std::uint8_t>(word.size()));
    out.raw(word);
  }
  std::string all = out.take();
  all.resize((all.size() / kPad + 1) * kPad, '\0');
  return all;
}

}  // namespace

WordSeal::WordSeal(const CleanerKeyPair& key) {
  KIYOME_CHECK(sodium_init() >= 0);
  static_assert(crypto_kdf_KEYBYTES == 32 && crypto_aead_xchacha20poly1305_ietf_KEYBYTES == 32);
  crypto_kdf_derive_from_key(key_.data(), key_.size(), 1, kContext, key.secret_key.data());
  crypto_kdf_derive_from_key(tag_key_.data(), tag_key_.size(), 2, kContext, key.secret_key.data());
}

WordSeal::~WordSeal() {
  sodium_memzero(key_.data(), key_.size());
  sodium_memzero(tag_key_.data(), tag_key_.size());
}

std::string WordSeal::seal(std::string_view pair, const std::vector<std::string>& words) const {
  std::string plain = packed(words);
  std::string out(1 + kNonce + plain.size() + kTag, '\0');
  out[0] = static_cast<char>(kVersion);
  unsigned char* const nonce = octets(out) + 1;
  randombytes_buf(nonce, kNonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonce, nullptr, octets(plain), plain.size(),
                                             octets(pair), pair.size(), nullptr, nonce, key_.data());
  sodium_memzero(plain.data(), plain.size());
  return out;
}

std::vector<std::string> WordSeal::open(std::string_view pair, std::string_view sealed) const {
  if (sealed.size() < 1 + kNonce + kTag || static_cast<std::uint8_t>(sealed[0]) != kVersion) return {};
  const std::string_view nonce = sealed.substr(1, kNonce), body = sealed.substr(1 + kNonce);
  std::string plain(body.size() - kTag, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(octets(plain), nullptr, nullptr, octets(body), body.size(),
                                                 octets(pair), pair.size(), octets(nonce), key_.data()) != 0)
    return {};
  std::vector<std::string> out;
  for (std::size_t at = 0; at < plain.size();) {
    const std::size_t length = static_cast<unsigned char>(plain[at++]);
    if (length == 0 || length > plain.size() - at) break;
    out.push_back(plain.substr(at, length));
    at += length;
  }
  sodium_memzero(plain.data(), plain.size());
  return out;
}

std::string WordSeal::tag(std::string_view pair, const std::vector<std::string>& words) const {
  std::string all = packed(words);
  const std::size_t length = all.size();
  all.append(pair);
  all.append(std::to_string(length));  // where the words end
  std::string out(16, '\0');
  crypto_generichash(octets(out), out.size(), octets(all), all.size(), tag_key_.data(), tag_key_.size());
  sodium_memzero(all.data(), length);
  return out;
}

}  // namespace kiyome::store
