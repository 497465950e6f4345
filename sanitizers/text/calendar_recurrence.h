// RRULE (RFC 5545 section 3.3.10) in Japanese words.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::sanitizer::text {

// Never empty for a non-empty rule: what cannot be said in words is shown as it is written.
std::string recurrence_in_words(std::string_view rule);

}  // namespace kiyome::sanitizer::text
