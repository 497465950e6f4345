// Which of our faces stands for a font that a document names but does not bring. Japanese documents do that
// all the time (MS-Mincho, Ryumin-Light …). Trusts nothing: a name is any octets, in any charset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kiyome::sanitizer::pdf {

enum class Face : std::uint8_t {
  mincho,   // Japanese, with serifs; half and full width
  pmincho,  // the same, proportional
  gothic,
  pgothic,
  korean_serif,
  korean_sans,
  simplified_serif,
  simplified_sans,
  traditional_serif,
  traditional_sans,
  sans,  // then the same bold, italic, bold italic; likewise serif and mono
  sans_bold,
  sans_italic,
  sans_bold_italic,
  serif,
  serif_bold,
  serif_italic,
  serif_bold_italic,
  mono,
  mono_bold,
  mono_italic,
  mono_bold_italic,
  world,  // other scripts: Arabic, Armenian …
  none,   // the engine's own symbols
};
constexpr std::size_t kFaces = static_cast<std::size_t>(Face::none);

// Charsets and the two bits of the pitch as Windows numbers them (LOGFONT); PDFium asks in these words.
constexpr int kSymbolCharset = 2, kJapaneseCharset = 128, kKoreanCharset = 129, kSimplifiedCharset = 134,
              kTraditionalCharset = 136;
constexpr int kFixedPitch = 1, kRomanFamily = 0x10;

struct FontWish {
  std::string_view name;  // as in the document: UTF-8, Shift_JIS, anything
  int weight = 400;
  bool italic = false;
  int charset = 0;
  int pitch_family = 0;
};

Face choose_face(const FontWish& wish);

// The charset that a face is said to have.
int charset_of(Face face);

}  // namespace kiyome::sanitizer::pdf
