// Code points from the engine → UTF-8 of the clean language. Trusts nothing it is given.
#pragma once

#include <cstdint>
#include <string>

namespace kiyome::sanitizer::pdf {

// Characters that a word may show: no controls, surrogates, private use, noncharacters or invisible
// formatting (U+200B …, bidi controls, tags). Blanks are no letters of a word either. U+FFFD is one: the page
// shows it.
bool is_letter(char32_t c);

// Blanks of all kinds, line ends among them.
bool is_blank(char32_t c);

// Kana, kanji, hangul, full-width forms: as wide as high, in most fonts.
bool is_wide(char32_t c);

void append_utf8(std::string& out, char32_t c);

// UTF-16 units, one at a time, to code points; a lone surrogate vanishes.
class Utf16 {
 public:
  // The code point that `unit` completes, or 0 when there is none yet. Whole code points pass through.
  char32_t take(std::uint32_t unit) {
    const char32_t high = high_;
    high_ = 0;
    if (unit >= 0xd800 && unit < 0xdc00) {
      high_ = unit;
      return 0;
    }
    if (unit < 0xdc00 || unit >= 0xe000) return unit;
    return high == 0 ? 0 : 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00);
  }

 private:
  char32_t high_ = 0;
};

// A document's title: UTF-16LE octets → a line of at most kCleanName octets, without blanks at its ends.
std::string line_of_utf16(const std::string& octets);

}  // namespace kiyome::sanitizer::pdf
