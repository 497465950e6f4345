// The Japanese encodings, walked by our own tables: ISO-2022-JP in all its dialects, Shift_JIS as CP932 with
// the Mac's additions, EUC-JP as Windows and eucJP-ms write it. One mapping for all three: that of Windows
// (～ U+FF5E, － U+FF0D, ∥ U+2225).
#pragma once

#include <cstddef>
#include <string_view>

#include "sanitizers/text/clean_writer.h"

namespace kiyome::sanitizer::text {

void decode_cp932(std::string_view octets, CleanWriter& out);
void decode_eucjp(std::string_view octets, CleanWriter& out);

// `foreign` tells that 8-bit text was found between the 7-bit kind and read as UTF-8 or CP932.
void decode_iso2022jp(std::string_view octets, CleanWriter& out, bool& foreign);

// What a text looks like when read as one of the two 8-bit encodings; only the first kGuessOctets are looked
// at.
struct JapaneseShape {
  std::size_t invalid = 0;
  std::size_t kana = 0;    // hiragana and katakana
  std::size_t common = 0;  // kanji of level 1 and of names, CJK punctuation, full-width letters, ① and ㈱
  std::size_t rare = 0;    // other kanji of level 2 and the extensions
  std::size_t half_kana = 0;
  std::size_t odd = 0;  // user-defined and Mac characters
};
JapaneseShape cp932_shape(std::string_view octets);
JapaneseShape eucjp_shape(std::string_view octets);

}  // namespace kiyome::sanitizer::text
