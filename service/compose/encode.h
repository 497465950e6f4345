// Transfer encodings and RFC 2047 words, written from clean texts of our own.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::compose {

// Without line ends.
void append_base64(std::string_view octets, std::string& out);
// 76 columns, CRLF after every line (RFC 2045 section 6.8).
std::string base64_lines(std::string_view octets);

// LF → CRLF, and CRLF after the last line if it lacks it.
std::string with_crlf(std::string_view text);

struct EncodedText {
  std::string_view encoding;  // Content-Transfer-Encoding
  std::string octets;
};
// A clean text (UTF-8, LF or no line end at all after the last line) as the content of a text/plain entity:
// CRLF after every line, and the narrowest encoding any MTA can carry and no mailbox format alters.
EncodedText encode_text(std::string_view text);

// `text` as RFC 2047 words of at most 75 octets each, never dividing a character, with `between` between
// them. The first word is short enough to end by column 76 when it begins at `column`; the others when they
// begin at column 1.
std::string encoded_words(std::string_view text, std::string_view between, std::size_t column);

}  // namespace kiyome::compose
