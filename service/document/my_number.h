// Whether a text bears a number that looks like a personal number (個人番号, マイナンバー): twelve digits
// with their check digit. Reads the clean language only. Pure, linear in the text.
#pragma once

#include <string_view>

namespace kiyome::document {

// Twelve digits of which the last is the check digit (order no. 85 of 2014 of the Ministry of Internal
// Affairs, article 5). All zeros are nobody's.
bool is_my_number(std::string_view digits);

// In a text, in digits of either width:
//   - twelve digits that stand alone, also as 4-4-4, not as a piece of a longer number or of a word;
//   - behind a word for it also with blanks or hyphens anywhere, as forms print a digit in each box.
// One number in eleven of twelve digits has a fitting check digit by chance: this asks for a look, it proves
// nothing.
bool has_my_number(std::string_view utf8);

}  // namespace kiyome::document
