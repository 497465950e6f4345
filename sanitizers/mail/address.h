// Address fields (RFC 5322 with its obsolete forms, RFC 6532) as real senders write them: comments as names,
// groups, unquoted specials, missing brackets, raw ISO-2022-JP and Shift_JIS, encoded words anywhere. Hostile
// input; linear; bounded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"
#include "sanitizers/mail/encoded_word.h"

namespace kiyome::sanitizer::mail {

// Appends what the field value names to `out`, which never grows over kMailAddresses.
// Result: false when something could not be read as an address, or there were too many.
bool read_addresses(std::string_view field_value, WordContext& context, std::vector<clean::Address>& out);

}  // namespace kiyome::sanitizer::mail
