// Which charset octets are in, when nothing says so or what is said cannot be. Priorities of a Japanese
// workplace: escapes → valid UTF-8 → kana → uchardet. Linear; looks at the first kGuessOctets only.
#pragma once

#include <string_view>

#include "sanitizers/text/charset.h"

namespace kiyome::sanitizer::text {

enum class Kind : bool {
  body,
  word
};  // a word is a header's token: short, and likelier Japanese than uchardet thinks

struct Guess {
  Charset charset;
  bool certain = false;  // the octets can hardly be anything else
};
Guess guess_charset(std::string_view octets, Kind kind);

// The declared charset, or the one that overrules it because the declared one plainly cannot be.
struct Choice {
  Charset charset;
  bool overruled = false;
};
Choice choose_charset(std::string_view octets, Charset declared, Kind kind);

}  // namespace kiyome::sanitizer::text
