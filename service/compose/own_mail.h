// A mail of our own to somebody on the closed side: plain text in the grammar that the gate's verifier asks
// for.
#pragma once

#include <cstdint>
#include <string>

#include "proto/base/item_id.h"
#include "service/base/config.h"
#include "service/compose/words.h"

namespace kiyome::compose {

struct OwnMail {
  ItemId id;  // names it: X-Kiyome-Id "<id>.<part>", Message-ID
  std::uint16_t part = 0;
  std::string to;  // mail address; empty when there are several
  Worded words;
  std::int64_t unix_ms = 0;
};

// CRLF. Thread-safe.
std::string own_mail(const OwnMail& mail, const Config& config);

}  // namespace kiyome::compose
