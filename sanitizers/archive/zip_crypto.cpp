// See zip_crypto.h.
#include "sanitizers/archive/zip_crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>

#include "proto/base/check.h"
#include "sanitizers/text/charset_tables.h"
#include "sanitizers/text/clean_writer.h"

namespace kiyome::sanitizer::archive {
namespace {

const unsigned char* octets_of(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

// ---- ZipCrypto ----

class OldCipher {
 public:
  explicit OldCipher(std::string_view password) : table_(get_crc_table()) {
    for (const char c : password) feed(static_cast<unsigned char>(c));
  }
  unsigned char open(unsigned char sealed) {
    const std::uint32_t mixed = (keys_[2] | 2) & 0xffff;
    const auto plain = static_cast<unsigned char>(sealed ^ (mixed * (mixed ^ 1) >> 8));
    feed(plain);
    return plain;
  }

 private:
  std::uint32_t crc(std::uint32_t value, unsigned char octet) const {
    return static_cast<std::uint32_t>(table_[(value ^ octet) & 0xff]) ^ value >> 8;
  }
  void feed(unsigned char octet) {
    keys_[0] = crc(keys_[0], octet);
    keys_[1] = (keys_[1] + (keys_[0] & 0xff)) * 134775813u + 1;
    keys_[2] = crc(keys_[2], static_cast<unsigned char>(keys_[1] >> 24));
  }
  const z_crc_t* table_;
  std::array<std::uint32_t, 3> keys_{0x12345678, 0x23456789, 0x34567890};
};

std::optional<std::string> opened_by_old_cipher(const ZipEntry& entry, std::string_view password) {
  constexpr std::size_t kHead = 12;
  if (entry.data.size() < kHead) return std::nullopt;
  OldCipher cipher(password);
  unsigned char last = 0;
  for (const char c : entry.data.substr(0, kHead)) last = cipher.open(static_cast<unsigned char>(c));
  // Writers that say the CRC behind the data check by the time instead.
  if (last != entry.crc >> 24 && last != (entry.time >> 8 & 0xff)) return std::nullopt;
  std::string out(entry.data.substr(kHead));
  for (char& c : out) c = static_cast<char>(cipher.open(static_cast<unsigned char>(c)));
  return out;
}

// ---- WinZip AES ----

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// Counter mode with a little-endian counter from 1, which OpenSSL's own CTR is not.
void apply_key_stream(const EVP_CIPHER* block_cipher, const unsigned char* key, std::string& octets) {
  constexpr std::size_t kBlock = 16, kAtOnce = 4096;
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(EVP_CIPHER_CTX_new());
  KIYOME_CHECK(context && EVP_EncryptInit_ex(context.get(), block_cipher, nullptr, key, nullptr) == 1);
  KIYOME_CHECK(EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1);
  std::array<unsigned char, kAtOnce> counters{}, stream{};
  std::uint64_t counter = 1;
  for (std::size_t at = 0; at < octets.size(); at += kAtOnce) {
    for (std::size_t block = 0; block < kAtOnce; block += kBlock, ++counter)
      for (unsigned i = 0; i < 8; ++i) counters[block + i] = static_cast<unsigned char>(counter >> (8 * i));
    int size = 0;
    KIYOME_CHECK(EVP_EncryptUpdate(context.get(), stream.data(), &size, counters.data(), kAtOnce) == 1);
    const std::size_t count = std::min(kAtOnce, octets.size() - at);
    for (std::size_t i = 0; i < count; ++i) octets[at + i] = static_cast<char>(octets[at + i] ^ stream[i]);
  }
}

std::optional<std::string> opened_by_aes(const ZipEntry& entry, std::string_view password) {
  constexpr std::size_t kCheck = 2, kMac = 10;
  const unsigned strength = entry.aes->strength;
  if (strength < 1 || strength > 3) return std::nullopt;
  const std::size_t key = 8 + 8 * strength, salt = key / 2;
  if (entry.data.size() < salt + kCheck + kMac) return std::nullopt;
  std::array<unsigned char, 2 * 32 + kCheck> keys{};
  const int keys_size = static_cast<int>(2 * key + kCheck);
  KIYOME_CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets_of(entry.data),
                                 static_cast<int>(salt), 1000, EVP_sha1(), keys_size, keys.data()) == 1);
  if (CRYPTO_memcmp(keys.data() + 2 * key, entry.data.data() + salt, kCheck) != 0) return std::nullopt;
  const std::string_view sealed = entry.data.substr(salt + kCheck, entry.data.size() - salt - kCheck - kMac);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned mac_size = 0;
  KIYOME_CHECK(HMAC(EVP_sha1(), keys.data() + key, static_cast<int>(key), octets_of(sealed), sealed.size(),
                    mac.data(), &mac_size) != nullptr);
  if (CRYPTO_memcmp(mac.data(), entry.data.data() + entry.data.size() - kMac, kMac) != 0) return std::nullopt;
  std::string out(sealed);
  apply_key_stream(strength == 1   ? EVP_aes_128_ecb()
                   : strength == 2 ? EVP_aes_192_ecb()
                                   : EVP_aes_256_ecb(),
                   keys.data(), out);
  return out;
}

// ---- passwords ----

// One character in CP932, or nothing. Of several places the one that Windows writes: IBM's own before NEC's
// copy of it in rows 89 to 92.
std::string in_cp932(char32_t c) {
  if (c < 0x80) return std::string(1, static_cast<char>(c));
  if (c >= 0xff61 && c <= 0xff9f) return std::string(1, static_cast<char>(c - 0xff61 + 0xa1));
  for (std::size_t cell = 0; cell < text::tables::kCp932Cells; ++cell) {
    const std::size_t row = cell / 94, column = cell % 94;
    if (text::tables::kCp932[cell] != c || (row >= 88 && row < 92)) continue;
    const std::size_t lead = row / 2 + (row < 62 ? 0x81 : 0xc1);
    const std::size_t trail = row % 2 == 1 ? column + 0x9f : column + (column < 63 ? 0x40 : 0x41);
    return {static_cast<char>(lead), static_cast<char>(trail)};
  }
  return {};
}

// The whole, or empty when a character is not in CP932.
std::string in_cp932(std::string_view utf8) {
  std::string out;
  for (std::size_t at = 0; at < utf8.size();) {
    char32_t c = 0;
    std::size_t skip = 0;
    const std::size_t length = text::utf8_sequence(utf8, at, c, skip);
    const std::string octets = length == 0 ? std::string() : in_cp932(c);
    if (octets.empty()) return {};
    out += octets;
    at += length;
  }
  return out;
}

}  // namespace

void warm_up_zip_crypto() {
  ZipEntry entry;
  entry.aes = ZipAes{};
  const std::string nothing(28, '\0');
  entry.data = nothing;
  (void)opened_by_aes(entry, "warm");
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  KIYOME_CHECK(HMAC(EVP_sha1(), "k", 1, octets_of("m"), 1, mac.data(), &size) != nullptr);
  for (const EVP_CIPHER* cipher : {EVP_aes_128_ecb(), EVP_aes_192_ecb(), EVP_aes_256_ecb()}) {
    std::string octets(1, '\0');
    apply_key_stream(cipher, octets_of(nothing + nothing), octets);
  }
}

std::vector<std::string> password_octets(const std::vector<std::string>& passwords) {
  std::vector<std::string> out;
  for (const std::string& password : passwords) {
    out.push_back(password);
    std::string other = in_cp932(password);
    if (!other.empty() && other != password) out.push_back(std::move(other));
  }
  return out;
}

std::optional<std::string> decrypted(const ZipEntry& entry, std::string_view password) {
  if ((entry.flags & 0x40) != 0) return std::nullopt;  // PKWARE's strong encryption
  return entry.aes ? opened_by_aes(entry, password) : opened_by_old_cipher(entry, password);
}

}  // namespace kiyome::sanitizer::archive
