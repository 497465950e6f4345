// Section 1 of the clean output grammar: which characters may stand in a line of text, composed, joined and
// marked as the rules say. Trusts nothing. Linear, no allocation, thread-safe. Unicode data comes from
// utf8proc.
#pragma once

#include <cstdint>
#include <string_view>

#include "service/gate/verify_fault.h"

namespace kiyome::gate {

enum class Tab : bool { refused, allowed };

// `line` holds no line end. `backslash` becomes true when one of the wide or currency forms stands in it;
// ASCII's own is easy to look for and not told.
Checked check_characters(std::string_view line, Tab tab, bool& wide_backslash);

// Whether it may stand in clean text at all; where, and beside what, check_characters() says. TAB may not: it
// is of texts, not of lines.
bool is_clean_character(std::uint32_t c);

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 0;  // octets; 0 = no valid UTF-8 here
};
// RFC 3629: shortest form, no surrogates, at most U+10FFFF.
CodePoint code_point_at(std::string_view text, std::size_t at);

// ¥ ￥ ＼ ﹨ and the ASCII one.
bool is_backslash(std::uint32_t c);

}  // namespace kiyome::gate
