// A mail of our own to somebody outside: plain text in the clean mail's form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/item_id.h"
#include "service/base/config.h"

namespace kiyome::compose {

struct Letter {
  ItemId id;       // names it: X-Kiyome-Id, Message-ID
  std::string to;  // mail address
  std::string subject;
  std::string text;  // UTF-8, LF; what people wrote in it has gone through clean_text()
  std::int64_t unix_ms = 0;
};

// CRLF, 7-bit. Thread-safe.
std::string letter_mail(const Letter& letter, const Config& config);

// The letter that brings a sealed original to somebody on the Internet side: our words and one encrypted ZIP,
// attached under `zip_name` (ASCII letters, digits, "._-"). The only mail of ours with octets in it that
// nobody cleaned; the password is in another place.
std::string sealed_mail(const Letter& letter, std::string_view zip_name, std::string_view zip,
                        const Config& config);

}  // namespace kiyome::compose
