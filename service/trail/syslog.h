// An audit entry as a collector takes it: RFC 5424, framed by counted octets (RFC 5425 section 4.3, RFC 6587
// section 3.4.1). Pure.
#pragma once

#include <string>

#include "service/audit/checkpoint.h"

namespace kiyome::trail {

// "<110>1 2026-11-21T03:34:56.789Z HOST kiyome-cleaner - verdict [kiyome@32473 sequence="7" hash="…" …] …";
// conflicts and other trouble go as <107> (error). The detail is the message, in UTF-8.
std::string syslog_message(const audit::Linked& linked, audit::Trail trail, const std::string& host);
std::string syslog_frame(const std::string& message);

}  // namespace kiyome::trail
