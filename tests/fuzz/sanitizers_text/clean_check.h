// What every text from the room must be, whatever went in: aborts the fuzzer otherwise.
#pragma once

#include <cstdlib>
#include <string_view>

#include "proto/base/check.h"
#include "sanitizers/text/clean_writer.h"

namespace kiyome::fuzz {

// `mark` is one octet that may stand in it besides (image marks), or LF.
inline void check_clean(std::string_view text, char mark = '\n') {
  std::size_t at = 0;
  while (at < text.size()) {
    char32_t c = 0;
    std::size_t skip = 1;
    const std::size_t n = sanitizer::text::utf8_sequence(text, at, c, skip);
    KIYOME_CHECK(n != 0);
    KIYOME_CHECK(c >= 0x20 || c == '\n' || c == '\t' || c == static_cast<char32_t>(mark));
    KIYOME_CHECK(c < 0x7f || c >= 0xa0);
    KIYOME_CHECK(!(c >= 0xfdd0 && c <= 0xfdef) && (c & 0xfffe) != 0xfffe);
    at += n;
  }
}

}  // namespace kiyome::fuzz
