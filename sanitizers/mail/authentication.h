// Authentication-Results (RFC 8601): what an earlier server says it found out about the sender.
#pragma once

#include <string_view>
#include <vector>

#include "proto/clean/types.h"

namespace kiyome::sanitizer::mail {

// Appends the results of SPF, DKIM and DMARC that the field `value` (still folded; hostile) tells, up to
// limits::kCleanAuthentication in all. A field that does not follow the grammar tells what stood before the
// fault; a server whose name is no host name tells nothing.
void read_authentication(std::string_view value, std::vector<clean::Authentication>& out);

}  // namespace kiyome::sanitizer::mail
