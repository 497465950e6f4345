#include "service/auth/one_time_code.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <array>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/auth/secrets.h"

namespace kiyome::auth {
namespace {

constexpr std::size_t kDigits = 6;
constexpr std::size_t kRecoveryOctets = 10;
constexpr std::size_t kTypedMax = 128;  // octets; no code is longer

std::string percent(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~@").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::string totp(std::string_view secret, std::int64_t step) {
  std::array<unsigned char, 8> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i)
    counter[7 - i] = static_cast<unsigned char>(static_cast<std::uint64_t>(step) >> (8 * i));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  KIYOME_CHECK(HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), counter.data(),
                    counter.size(), digest.data(), &size) != nullptr &&
               size == 20);
  // RFC 4226 section 5.3.
  const std::size_t at = digest[19] & 15;
  const std::uint32_t number = (digest[at] & 0x7Fu) << 24 | static_cast<std::uint32_t>(digest[at + 1]) << 16 |
                               static_cast<std::uint32_t>(digest[at + 2]) << 8 | digest[at + 3];
  return fmt::format("{:06}", number % 1'000'000);
}

std::optional<std::int64_t> totp_step(std::string_view secret, std::string_view code, std::int64_t now_ms,
                                      std::int64_t last_step) {
  if (secret.empty() || code.size() != kDigits) return std::nullopt;
  const std::int64_t now = now_ms / kTotpStepMs;
  std::optional<std::int64_t> found;
  for (std::int64_t step = now - 1; step <= now + 1; ++step)
    if (sodium_memcmp(totp(secret, step).data(), code.data(), kDigits) == 0 && step > last_step && !found)
      found = step;
  return found;
}

std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view login) {
  return fmt::format("otpauth://totp/{}:{}?secret={}&issuer={}&algorithm=SHA1&digits=6&period=30",
                     percent(issuer), percent(login), base32(secret), percent(issuer));
}

std::string typed_code(std::string_view text) {
  std::string out;
  if (text.size() > kTypedMax) return out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view three = text.substr(at, 3);
    if (three == "\u3000" || three == "－" || three == "‐" || three == "ー") {
      at += 2;
    } else if (three.size() == 3 && (three.starts_with("\xEF\xBC") || three.starts_with("\xEF\xBD"))) {
      // U+FF01..FF5E stand for 0x21..0x7E.
      const unsigned low = ((static_cast<unsigned char>(three[1]) & 0x3Fu) << 6) |
                           (static_cast<unsigned char>(three[2]) & 0x3Fu);
      out += low >= 0xF01 && low <= 0xF5E ? static_cast<char>(low - 0xF01 + 0x21) : '?';
      at += 2;
    } else if (text[at] != ' ' && text[at] != '-') {
      out += text[at];
    }
  }
  return lower(out);
}

std::vector<std::string> new_recovery_codes() {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < limits::kRecoveryCodes; ++i) {
    const std::string letters = lower(base32(random_octets(kRecoveryOctets)));
    out.push_back(fmt::format("{}-{}-{}-{}", letters.substr(0, 4), letters.substr(4, 4), letters.substr(8, 4),
                              letters.substr(12)));
  }
  return out;
}

}  // namespace kiyome::auth
