// The kept fields of the outermost message, decoded (INTERFACE "Clean mail"), and the few lines that stand
// for the header of a message within a message. Hostile input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"
#include "sanitizers/mail/fields.h"

namespace kiyome::sanitizer::mail {

struct WordContext;

// `body_charset` is the guess for raw 8-bit values.
clean::MailHeader read_mail_header(const Fields& fields, std::string_view body_charset);

// 差出人 / 宛先 / 日時 / 件名 lines with LF, for a nested message; only the fields that are there.
std::string show_header(const Fields& fields, std::string_view body_charset);

// The ids of a Message-ID, In-Reply-To or References value, each "<left@right>", at most kMailReferences.
std::vector<std::string> read_message_ids(std::string_view value);

}  // namespace kiyome::sanitizer::mail
