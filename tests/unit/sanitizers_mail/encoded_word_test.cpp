// RFC 2047 as senders write it.
#include <doctest/doctest.h>

#include "sanitizers/mail/encoded_word.h"
#include "sanitizers/text/text.h"

using namespace kiyome::sanitizer::mail;

namespace {

std::string decode(std::string_view raw, const char* charset = "") {
  kiyome::sanitizer::text::warm_up();
  WordContext context;
  context.fallback_charset = charset;
  return decode_header_text(raw, context);
}

struct Case {
  const char* raw;
  const char* text;
};

}  // namespace

TEST_CASE("encoded words: what RFC 2047 says") {
  const Case cases[] = {
      {"plain text", "plain text"},
      {"=?UTF-8?B?44GC?=", "あ"},
      {"=?utf-8?q?=E3=81=82?=", "あ"},
      {"=?ISO-2022-JP?B?GyRCJTclOSVGJWAbKEI=?=", "システム"},
      {"=?Shift_JIS?B?g2WDWINn?=", "テスト"},
      {"=?EUC-JP?B?pcaluaXI?=", "テスト"},
      {"=?US-ASCII?Q?Keith_Moore?= <moore@example>", "Keith Moore <moore@example>"},
      {"a =?UTF-8?Q?b?= c", "a b c"},
      {"=?UTF-8?Q?a?= =?UTF-8?Q?b?=", "ab"},
      {"=?UTF-8?Q?a?=\r\n =?UTF-8?Q?b?=", "ab"},
      {"=?UTF-8?Q?a_?= =?UTF-8?Q?b?=", "a b"},
      {"=?UTF-8*ja?B?44GC?=", "あ"},
      {"=?UTF-8?Q?=5F=20?=x", "_ x"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.raw));
    CHECK(decode(c.raw) == c.text);
  }
}

TEST_CASE("encoded words: the broken ways of the real world") {
  const Case cases[] = {
      // A character split between two words, in B and in Q.
      {"=?UTF-8?B?44E=?= =?UTF-8?B?gg==?=", "あ"},
      {"=?UTF-8?Q?=E3=81?=\r\n =?UTF-8?Q?=82?=", "あ"},
      // base64 cut at any digit, and without padding.
      {"=?UTF-8?B?44G?= =?UTF-8?B?C?=", "あ"},
      {"=?UTF-8?B?44GC44G?=", "あ�"},
      {"=?UTF-8?B?YWI?=", "ab"},
      // The shift state of ISO-2022-JP across words: the second has no escape of its own.
      {"=?ISO-2022-JP?B?GyRCJTclOQ==?= =?ISO-2022-JP?B?JUYlYBsoQg==?=", "システム"},
      // No space between words, or between words and text.
      {"=?UTF-8?B?44GC?==?UTF-8?B?44GE?=", "あい"},
      {"Re:=?UTF-8?B?44GC?=(2)", "Re:あ(2)"},
      // Spaces, line ends and question marks within Q.
      {"=?UTF-8?Q?a b c?=", "a b c"},
      {"=?UTF-8?Q?a\r\n b?=", "a b"},
      {"=?UTF-8?Q?why?=3F_not?=", "why?? not"},
      // Cut off at the end of the value.
      {"=?UTF-8?B?44GC44GE", "あい"},
      // Within a quoted string.
      {"\"=?UTF-8?B?44GC?=\"", "\"あ\""},
      // ISO-2022-JP that says ①㈱髙 by the vendor's codes, and half-width kana by ESC ( I.
      {"=?ISO-2022-JP?B?GyRCLSEtahsoQg==?=", "①㈱"},
      {"=?ISO-2022-JP?B?GyhJMTIbKEI=?=", "ｱｲ"},
      // Nothing of it is a word.
      {"=?UTF-8?X?abc?=", "=?UTF-8?X?abc?="},
      {"=?=", "=?="},
      {"1 =? 2 ?= 3", "1 =? 2 ?= 3"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.raw));
    CHECK(decode(c.raw) == c.text);
  }
}

TEST_CASE("encoded words: raw octets without any label") {
  CHECK(decode("\x1B$B%F%9%H\x1B(B") == "テスト");
  CHECK(decode("\xE3\x83\x86\xE3\x82\xB9\xE3\x83\x88") == "テスト");
  CHECK(decode("\x83\x65\x83\x58\x83\x67") == "テスト");
  CHECK(decode("\xA5\xC6\xA5\xB9\xA5\xC8") == "テスト");
  CHECK(decode("\x83\x65\x83\x58\x83\x67 =?UTF-8?B?44GC?=") == "テスト あ");
}

TEST_CASE("encoded words: the body's charset helps where octets alone say nothing") {
  CHECK(decode("\x87\x40\x87\x41", "iso-2022-jp") == "①②");
  CHECK(decode("\xC4\xE5\xEB\xEE", "windows-1251") == "Дело");
}

TEST_CASE("encoded words: a NUL and a fold without white space do not end a value") {
  CHECK(decode(std::string_view("te\0st", 5)) == "test");
  CHECK(decode("a\r\nb") == "a b");
}

TEST_CASE("encoded words: no more words are decoded than the bound, and it is told") {
  WordContext context;
  context.words_left = 2;
  const std::string text = decode_header_text("=?UTF-8?Q?a?= =?UTF-8?Q?b?= =?UTF-8?Q?c?=", context);
  CHECK(text == "ab =?UTF-8?Q?c?=");
  CHECK(context.malformed);
  WordContext enough;
  enough.words_left = 3;
  CHECK(decode_header_text("=?UTF-8?Q?a?= =?UTF-8?Q?b?= =?UTF-8?Q?c?=", enough) == "abc");
  CHECK(!enough.malformed);
}
