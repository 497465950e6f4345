// What a reader should know about the sender: what the upstream found out, and what is to be mistrusted.
#pragma once

#include <string>
#include <vector>

#include "service/compose/compose.h"

namespace kiyome::compose {

// One lead line with LF: the results that the trusted upstream (notice.trusted_authserv_id) wrote down, the
// first of each method; or empty. The upstream removes such fields of others that bear its name (RFC 8601
// section 5); deploy/OPERATE.md says so to its operator.
std::string sender_check(const clean::MailHeader& header, const NoticeConfig& config);

// Lead lines (LF after each), or empty. Their findings are added.
std::string sender_warnings(const clean::MailHeader& header, const NoticeConfig& config,
                            std::vector<clean::Finding>& findings);

}  // namespace kiyome::compose
