// The first octet chooses the charset's name, the rest is decoded: always clean, never far larger than its
// input.
#include <cstdint>

#include "sanitizers/text/text.h"
#include "tests/fuzz/sanitizers_text/clean_check.h"

namespace text = kiyome::sanitizer::text;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  text::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kNames[] = {
      "",           "iso-2022-jp",   "shift_jis",    "euc-jp",      "utf-8",  "us-ascii",    "gb2312",
      "big5",       "euc-kr",        "iso-8859-1",   "utf-7",       "utf-16", "utf-32",      "iso-2022-kr",
      "hz-gb-2312", "windows-1251",  "x-unknown",    "utf-16le",    "euc-tw", "iso-2022-cn", "johab",
      "tis-620",    "iso-2022-jp-3", "euc-jisx0213", "windows-1258"};
  if (size == 0) return 0;
  const std::string_view name = kNames[data[0] % std::size(kNames)];
  const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  const text::Text body = text::decode(octets, name);
  kiyome::fuzz::check_clean(body.utf8);
  KIYOME_CHECK(body.utf8.size() <= octets.size() * 6 + 16);
  const text::Text word = text::decode_word(octets, name);
  kiyome::fuzz::check_clean(word.utf8);
  KIYOME_CHECK(word.utf8.find('\n') == std::string::npos);
  // The octets as a name of a charset.
  text::decode("\xe3\x81\x82 a", octets.substr(0, 80));
  return 0;
}
