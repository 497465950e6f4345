// The words of a file that is a text of some kind: plain, HTML, calendar, card.
#pragma once

#include <string>
#include <string_view>

#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::mail {

struct FileKind {
  std::string_view detected, declared;  // media types, lower case, either may be empty
  std::string_view name;
  std::string charset;  // declared, or empty
};

// At most kCleanText octets of it, decoded and made plain.
text::Text file_words(std::string_view octets, FileKind kind);

}  // namespace kiyome::sanitizer::mail
