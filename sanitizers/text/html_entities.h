// Character references of HTML ("&amp;", "&#x3042;"), as the HTML standard reads them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kiyome::sanitizer::text {

struct CharacterReference {
  std::size_t octets = 0;  // consumed, the ampersand included; 0 = this ampersand is just an ampersand
  char32_t first = 0;
  char32_t second = 0;  // of the few names that stand for two characters
};

// `at` points at an '&'. In an attribute a name without ';' before '=' or a letter is text ("?a=1&copy=2").
CharacterReference character_reference(std::string_view s, std::size_t at, bool in_attribute);

// Appends the UTF-8 of a scalar value; controls but TAB and LF, and noncharacters, are left out.
void append_character(std::string& out, char32_t c);

// An attribute's value with its references resolved.
std::string attribute_text(std::string_view raw);

}  // namespace kiyome::sanitizer::text
