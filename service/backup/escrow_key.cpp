#include "service/backup/escrow_key.h"

#include <fcntl.h>
#include <sodium.h>

#include "proto/base/check.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/hex.h"
#include "service/base/sockets.h"

namespace kiyome::backup {
namespace {

constexpr std::size_t kKey = 32, kSum = 4, kGroup = 8;
constexpr std::string_view kTitle = "KIYOMEBACKUPSECRET1";  // as it reads without hyphens

std::array<std::uint8_t, kSum> sum_of(const SecretKey& secret) {
  std::array<std::uint8_t, 32> digest{};
  crypto_generichash(digest.data(), digest.size(), secret.bytes.data(), secret.bytes.size(), nullptr, 0);
  std::array<std::uint8_t, kSum> out{};
  std::copy_n(digest.begin(), kSum, out.begin());
  return out;
}

std::string grouped(const std::string& digits, std::size_t group) {
  std::string out;
  for (std::size_t at = 0; at < digits.size(); at += group)
    out.append(out.empty() ? "" : "-").append(digits, at, group);
  return out;
}

std::string path_in(const std::string& data_dir) { return data_dir + "/backup.pub"; }

}  // namespace

SecretKey::~SecretKey() { sodium_memzero(bytes.data(), bytes.size()); }

SecretKey make_secret_key() {
  KIYOME_CHECK(sodium_init() >= 0);
  SecretKey out;
  PublicKey unused;
  crypto_box_keypair(unused.bytes.data(), out.bytes.data());
  return out;
}

PublicKey public_part(const SecretKey& secret) {
  PublicKey out;
  crypto_scalarmult_base(out.bytes.data(), secret.bytes.data());
  return out;
}

std::string fingerprint(const PublicKey& key) {
  std::array<std::uint8_t, 32> digest{};
  crypto_generichash(digest.data(), digest.size(), key.bytes.data(), key.bytes.size(), nullptr, 0);
  return grouped(hex(std::span(digest).first(8)), 4);
}

std::string text_of(const SecretKey& secret) {
  const auto sum = sum_of(secret);
  return "KIYOME-BACKUP-SECRET-1-" + grouped(hex(secret.bytes) + hex(sum), kGroup);
}

std::optional<SecretKey> parse_secret(std::string_view text) {
  KIYOME_CHECK(sodium_init() >= 0);
  std::string words;
  for (const char c : text) {
    if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (words.size() > kTitle.size() + 2 * (kKey + kSum)) return std::nullopt;
    words += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  if (!words.starts_with(kTitle)) return std::nullopt;
  const std::string digits = words.substr(kTitle.size());
  std::array<std::uint8_t, kKey + kSum> octets{};
  std::size_t count = 0;
  if (digits.size() != 2 * octets.size() ||
      sodium_hex2bin(octets.data(), octets.size(), digits.data(), digits.size(), nullptr, &count, nullptr) !=
          0 ||
      count != octets.size())
    return std::nullopt;
  SecretKey out;
  std::copy_n(octets.begin(), kKey, out.bytes.begin());
  const auto sum = sum_of(out);
  const bool fits = std::equal(sum.begin(), sum.end(), octets.begin() + kKey);
  sodium_memzero(octets.data(), octets.size());
  sodium_memzero(words.data(), words.size());
  return fits ? std::optional(out) : std::nullopt;
}

std::optional<PublicKey> load_public_key(const std::string& data_dir) {
  KIYOME_CHECK(sodium_init() >= 0);
  const std::string path = path_in(data_dir);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file) throw_errno("open " + path);
  const std::string text = read_whole(file.get());
  PublicKey out;
  std::size_t count = 0;
  if (text.size() != 2 * kKey + 1 || text.back() != '\n' ||
      sodium_hex2bin(out.bytes.data(), kKey, text.data(), 2 * kKey, nullptr, &count, nullptr) != 0 ||
      count != kKey)
    throw ConfigError(path + ": not a public key");
  return out;
}

void store_public_key(const std::string& data_dir, const PublicKey& key) {
  write_file(path_in(data_dir), hex(key.bytes) + "\n", 0644);
}

}  // namespace kiyome::backup
