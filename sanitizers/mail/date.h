// Dates of mails: RFC 5322 with its obsolete forms, and what else stands in Date fields (ISO 8601, asctime,
// Japanese). Hostile input; looks at the first 200 octets only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/clean/types.h"

namespace kiyome::sanitizer::mail {

// Empty when no day, month and year can be made out. `text` is the field value, in UTF-8 where it is not
// ASCII.
std::optional<clean::Date> read_date(std::string_view text);

// "2024-05-01 12:34 +0900" for a nested message's header.
std::string show_date(const clean::Date& date);

}  // namespace kiyome::sanitizer::mail
