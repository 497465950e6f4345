// The line syntax that calendars (RFC 5545 section 3.1) and cards (RFC 6350 section 3.2, vCard 2.1) share:
// [group.]NAME;PARAM=value;…:value, long lines folded. Hostile, linear, bounded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiyome::sanitizer::text {

struct ContentLine {
  std::string name;  // upper case, without its group
  std::vector<std::pair<std::string, std::string>>
      parameters;     // names in upper case; "TYPE" for the bare words of vCard 2.1
  std::string value;  // raw: neither unescaped nor decoded
  // The first parameter of that name, or empty.
  std::string_view parameter(std::string_view wanted) const;
};

// Folds undone in octets of any charset that has ASCII's (not UTF-16): a fold may stand within a character
// (RFC 5545 section 3.1). In a card, a line that ends in "=" is quoted-printable and goes on by its own rule.
std::string unfolded(std::string_view octets, bool card);

// Line ends are LF, CR LF or CR; folds are undone before anything is read. With `card`, the soft line breaks
// of quoted-printable values are folds as well. Lines beyond kContentLines are left out.
std::vector<ContentLine> content_lines(std::string_view octets, bool card);

// "\n", "\,", "\;", "\\" of a TEXT value.
std::string unescaped(std::string_view value);
// Splits at a separator that is not escaped.
std::vector<std::string_view> split_escaped(std::string_view value, char separator);

// "名前: 値" with further lines of the value indented below; nothing for an empty value.
void write_field(std::string& out, std::string_view label, std::string_view value);

}  // namespace kiyome::sanitizer::text
