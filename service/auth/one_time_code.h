// TOTP (RFC 6238) and recovery codes: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiyome::auth {

inline constexpr std::int64_t kTotpStepMs = 30'000;

// The six digits of `secret` (octets) at a step (Unix time / 30 s).
std::string totp(std::string_view secret, std::int64_t step);
// The step whose code this is: the one of `now_ms`, or one to either side, if it lies behind `last_step`. A
// code is good once, and none before it afterwards.
std::optional<std::int64_t> totp_step(std::string_view secret, std::string_view code, std::int64_t now_ms,
                                      std::int64_t last_step);
std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view login);

// What a person typed, with full-width digits and letters as their narrow ones, in lower case, without blanks
// and hyphens.
std::string typed_code(std::string_view text);

// 80 random bits each: "abcd-efgh-ijkl-mnop". They are stored as the digest of typed_code().
std::vector<std::string> new_recovery_codes();

}  // namespace kiyome::auth
