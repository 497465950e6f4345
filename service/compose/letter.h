// A mail of our own to somebody outside: plain text in the clean mail's form.
#pragma once

#include <cstdint>
#include <string>

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

}  // namespace kiyome::compose
