// APPNOTE.TXT 4.3 and 4.4; AE-2: https://www.winzip.com/en/support/aes-encryption/ .
#include "service/cleaner/decide/sealed_zip.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/base/errors.h"

namespace kiyome::cleaner {
namespace {

constexpr std::size_t kSalt = 16, kKey = 32, kVerifier = 2, kTag = 10, kBlock = 16;
constexpr int kRounds = 1000;             // the format's own; the password has to be strong, and ours is
constexpr std::uint16_t kNeeds = 51;      // version of a reader that knows AES
constexpr std::uint16_t kFlags = 0x0801;  // encrypted; the name is UTF-8
constexpr std::uint16_t kAes = 99, kStored = 0, kDeflated = 8;
constexpr std::uint16_t kDay = 0x21;  // 1980-01-01: the time is nobody's business
constexpr std::size_t kTurn = 64u << 10;

struct CipherEnd {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void put16(std::string& out, std::uint64_t value) {
  out += static_cast<char>(value & 255);
  out += static_cast<char>(value >> 8 & 255);
}
void put32(std::string& out, std::uint64_t value) {
  put16(out, value & 0xffff);
  put16(out, value >> 16 & 0xffff);
}

void must(bool done) {
  if (!done) throw TemporaryFailure("a sealed ZIP could not be written");
}

// Raw deflate (RFC 1951); nothing when it is no smaller.
std::optional<std::string> deflated(std::string_view content) {
  z_stream stream{};
  must(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(content.size(), '\0');
  stream.next_in = const_cast<unsigned char*>(octets(content));  // zlib's interface; it does not write there
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = octets(out);
  stream.avail_out = static_cast<uInt>(out.size());
  const int end = ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (end != Z_STREAM_END) return std::nullopt;
  return out;
}

// AES-256 over a counter in little-endian order from 1, which OpenSSL's own counter mode does not have.
void encrypt(std::string& data, const unsigned char* key) {
  const std::unique_ptr<EVP_CIPHER_CTX, CipherEnd> context(EVP_CIPHER_CTX_new());
  must(context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_ecb(), nullptr, key, nullptr) == 1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  std::uint64_t counter = 0;
  std::string blocks(kTurn, '\0'), stream(kTurn, '\0');
  for (std::size_t at = 0; at < data.size(); at += kTurn) {
    for (std::size_t block = 0; block < kTurn; block += kBlock) {
      ++counter;
      for (std::size_t i = 0; i < 8; ++i) blocks[block + i] = static_cast<char>(counter >> (8 * i) & 255);
    }
    int length = 0;
    must(EVP_EncryptUpdate(context.get(), octets(stream), &length, octets(blocks), kTurn) == 1);
    const std::size_t count = std::min(kTurn, data.size() - at);
    for (std::size_t i = 0; i < count; ++i) data[at + i] = static_cast<char>(data[at + i] ^ stream[i]);
  }
  sodium_memzero(stream.data(), stream.size());
}

// Salt, what tells a wrong password, the encrypted data, what proves it.
std::string sealed_data(std::string data, std::string_view password) {
  std::array<unsigned char, kSalt> salt;
  randombytes_buf(salt.data(), salt.size());
  std::array<unsigned char, 2 * kKey + kVerifier> keys;
  must(PKCS5_PBKDF2_HMAC_SHA1(password.data(), static_cast<int>(password.size()), salt.data(), kSalt, kRounds,
                              keys.size(), keys.data()) == 1);
  encrypt(data, keys.data());
  std::array<unsigned char, EVP_MAX_MD_SIZE> tag;
  unsigned length = 0;
  must(HMAC(EVP_sha1(), keys.data() + kKey, kKey, octets(data), data.size(), tag.data(), &length) != nullptr);
  std::string out(reinterpret_cast<const char*>(salt.data()), kSalt);
  out.append(reinterpret_cast<const char*>(keys.data() + 2 * kKey), kVerifier);
  out.append(data);
  out.append(reinterpret_cast<const char*>(tag.data()), kTag);
  sodium_memzero(keys.data(), keys.size());
  return out;
}

// What the local header and the directory have in common, from the flags on to the lengths.
std::string described(std::string_view name, std::size_t sealed, std::size_t size) {
  std::string out;
  put16(out, kFlags);
  put16(out, kAes);
  put16(out, 0);  // time
  put16(out, kDay);
  put32(out, 0);  // AE-2 has no checksum
  put32(out, sealed);
  put32(out, size);
  put16(out, name.size());
  put16(out, 11);
  return out;
}

std::string aes_field(std::uint16_t method) {
  std::string out;
  put16(out, 0x9901);
  put16(out, 7);
  put16(out, 2);  // AE-2
  out += "AE";
  out += '\3';  // AES-256
  put16(out, method);
  return out;
}

}  // namespace

std::string sealed_zip(std::string_view name, std::string_view content, std::string_view password) {
  KIYOME_CHECK(!name.empty() && name.size() <= 255 && content.size() <= limits::kSealedOriginal);
  KIYOME_CHECK(!password.empty() && password.size() < 128);
  std::optional<std::string> smaller = deflated(content);
  const std::uint16_t method = smaller ? kDeflated : kStored;
  const std::string data = sealed_data(smaller ? std::move(*smaller) : std::string(content), password);
  const std::string common = described(name, data.size(), content.size()), aes = aes_field(method);
  std::string out = "PK\3\4";
  put16(out, kNeeds);
  out.append(common).append(name).append(aes).append(data);
  const std::size_t directory = out.size();
  out += "PK\1\2";
  put16(out, kNeeds);  // made by: MS-DOS, so that no file mode is told
  put16(out, kNeeds);
  out.append(common);
  put16(out, 0);  // comment
  put16(out, 0);  // disk
  put16(out, 0);  // attributes
  put32(out, 0);
  put32(out, 0);  // where the local header is
  out.append(name).append(aes);
  const std::size_t length = out.size() - directory;
  out += "PK\5\6";
  put32(out, 0);  // disks
  put16(out, 1);
  put16(out, 1);
  put32(out, length);
  put32(out, directory);
  put16(out, 0);
  return out;
}

std::string new_seal_password() {
  constexpr std::string_view kAlphabet = "23456789abcdefghjkmnpqrstuvwxyz#";  // 32: 5 bits each
  static_assert(kAlphabet.size() == 32);
  std::string out;
  for (int i = 0; i < 25; ++i) {
    if (i > 0 && i % 5 == 0) out += '-';
    out += kAlphabet[randombytes_uniform(kAlphabet.size())];
  }
  return out;
}

}  // namespace kiyome::cleaner
