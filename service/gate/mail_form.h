// The form of mails that the gate writes by itself: encoded words, base64, dates. Writes from texts that are
// looked at elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiyome::gate {

// RFC 2047 words of whole characters, one a line, for a field of ours.
std::string encoded_words(std::string_view utf8);
// RFC 2045 section 6.8: 76 columns, CRLF behind every line.
void append_base64_lines(std::string_view octets, std::string& out);
// RFC 5322 section 3.3, in Japan.
std::string mail_date(std::int64_t unix_ms);

}  // namespace kiyome::gate
