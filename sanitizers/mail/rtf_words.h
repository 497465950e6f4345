// The control words of RTF that stand for a character, a code page, or something not to be shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiyome::sanitizer::mail {

// The character a control word stands for (\par → LF, \emdash → U+2014 …), 0 for none.
std::uint32_t rtf_character(std::string_view word);
// The code page that \ansi, \ansicpgN, \mac, \pc, \pca choose for the document, 0 for another word.
std::uint32_t rtf_document_page(std::string_view word, int value);
// Whether the word begins a destination whose text is not the document's.
bool rtf_is_skipped(std::string_view word);
// Appends one character; `c` is at most U+10FFFF and no surrogate.
void rtf_put_utf8(std::string& out, std::uint32_t c);

}  // namespace kiyome::sanitizer::mail
