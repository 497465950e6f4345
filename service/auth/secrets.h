// Random tokens, of which a store keeps only the digest, and their spellings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kiyome::auth {

// 256 random bits in 43 characters of base64url.
std::string new_token();
bool has_token_form(std::string_view token);
std::string random_octets(std::size_t count);
// The 32 octets under which a secret is stored. Secrets of ours are random, so a fast digest is enough.
std::string digest_of(std::string_view secret);
// RFC 4648 section 6, without padding.
std::string base32(std::string_view octets);

// ASCII letters only: what is compared must not depend on a locale.
std::string lower(std::string_view text);

}  // namespace kiyome::auth
