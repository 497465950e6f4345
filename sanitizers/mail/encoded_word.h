// RFC 2047 encoded words, also as real senders write them: characters split between words, no space between
// words, words inside quoted strings, missing padding, raw 8-bit text beside them. Result: clean-language
// text on one line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kiyome::sanitizer::mail {

// What the decoding of one item's header values shares.
struct WordContext {
  std::string fallback_charset;    // of raw 8-bit text: the body's charset, or empty
  std::size_t words_left = 20000;  // limits::kEncodedWords for the whole item
  bool undecodable = false;        // some octets had no character
  bool malformed = false;          // a word was broken, or too many words
};

// An encoded word at `begin`: its parts as views into the text. `end` is behind "?=".
struct EncodedWord {
  std::string_view charset, text;
  char encoding = 'b';  // 'b' or 'q'
  std::size_t end = 0;
};
// Whether one begins at `begin` (which stands on "=?").
bool read_encoded_word(std::string_view text, std::size_t begin, EncodedWord& word);

// Octets of a header value (folded or not) → one line of clean text, at most kCleanHeaderText octets.
std::string decode_header_text(std::string_view raw, WordContext& context);

// Raw octets without encoded words: `charset` if known, else as raw header text is guessed.
std::string decode_raw(std::string_view octets, std::string_view charset, WordContext& context);

// A clean text as it may stand on one line: LF and TAB become spaces, no space at either end.
std::string on_one_line(std::string text);

}  // namespace kiyome::sanitizer::mail
