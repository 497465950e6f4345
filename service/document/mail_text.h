// A mail within a file, as one text: the fields a person reads, then its body.
#pragma once

#include <string>

#include "proto/clean/types.h"

namespace kiyome::document {

// UTF-8 with LF; its characters are made clean when it is written.
std::string mail_text(const clean::MailAnswer& answer);

}  // namespace kiyome::document
