// Sections 1 to 3 of the grammar over decoded text, and file names: each refusal stands beside its accepting
// twin.
#include <doctest/doctest.h>
#include <utf8proc.h>

#include <chrono>
#include <string>

#include "service/gate/verify.h"
#include "service/gate/verify_values.h"
#include "tests/unit/service_gate/verify_sample.h"

using namespace kiyome;
using namespace kiyome::verify_sample;

namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}
std::string utf8(std::uint32_t c) {
  utf8proc_uint8_t octets[4];
  return {reinterpret_cast<const char*>(octets),
          static_cast<std::size_t>(utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), octets))};
}

bool clean_text(const std::string& text) { return !gate::verify_text(text); }
bool clean_line(const std::string& line) { return clean_text(line + "\r\n"); }
bool clean_body(const std::string& text) { return !gate::verify_mail(Sample::with_text(text).mail()); }

}  // namespace

TEST_CASE("verify: the Unicode data is version 15, as the grammar says") {
  CHECK(std::string(utf8proc_unicode_version()).starts_with("15."));
}

TEST_CASE("verify: a clean text is lines that end in CRLF") {
  for (const char* good : {"", "\r\n", "a\r\n", "a\tb\r\n\r\nc\r\n"}) CHECK(clean_text(good));
  for (const char* bad : {"a", "a\n", "a\r", "\n", "\r", "a\r\r\n", "a\rb\r\n", "a\nb\r\n", "a\r\nb",
                          "\xef\xbb\xbf"
                          "a\r\n"})
    CHECK_FALSE(clean_text(bad));
}

TEST_CASE("verify: every code point is allowed or refused as the grammar's table says") {
  const auto in_table = [](std::uint32_t c) {
    const std::uint32_t ranges[][2] = {{0, 8},
                                       {10, 0x1F},
                                       {0x7F, 0x9F},
                                       {0x2028, 0x2029},
                                       {0x61C, 0x61C},
                                       {0x200E, 0x200F},
                                       {0x202A, 0x202E},
                                       {0x2066, 0x2069},
                                       {0xAD, 0xAD},
                                       {0x34F, 0x34F},
                                       {0x115F, 0x1160},
                                       {0x17B4, 0x17B5},
                                       {0x180E, 0x180E},
                                       {0x200B, 0x200B},
                                       {0x2060, 0x2065},
                                       {0x206A, 0x206F},
                                       {0x2800, 0x2800},
                                       {0x13441, 0x13442},
                                       {0x3164, 0x3164},
                                       {0xFEFF, 0xFEFF},
                                       {0xFFA0, 0xFFA0},
                                       {0xFFF0, 0xFFFB},
                                       {0x1BCA0, 0x1BCA3},
                                       {0x1D173, 0x1D17A},
                                       {0xE0000, 0xE00FF},
                                       {0xE01F0, 0xE0FFF},
                                       {0xE000, 0xF8FF},
                                       {0xF0000, 0xFFFFD},
                                       {0x100000, 0x10FFFD},
                                       {0xFDD0, 0xFDEF}};
    for (const auto& range : ranges)
      if (c >= range[0] && c <= range[1]) return true;
    return (c & 0xFFFE) == 0xFFFE;
  };
  long wrong = 0;
  for (std::uint32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c == '\r' || c == '\n' || (c >= 0xD800 && c <= 0xDFFF) || c == 0x200C || c == 0x200D) continue;
    const std::string line = utf8(c);
    // What NFC changes when alone is refused for that; the compatibility ideographs are not.
    bool composed = true;
    if (!in_table(c) && c != 0 && !(c >= 0xF900 && c <= 0xFAFF) && !(c >= 0x2F800 && c <= 0x2FA1F)) {
      utf8proc_uint8_t* nfc = utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(line.c_str()));
      composed = line == reinterpret_cast<const char*>(nfc);
      std::free(nfc);
    }
    if (clean_line(line) != (!in_table(c) && composed)) {
      ++wrong;
      CAPTURE(c);
      CHECK(clean_line(line) == (!in_table(c) && composed));
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("verify: UTF-8 is exact") {
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf",
                          "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                          "\xe3\x81", "\xe3\x81x", "\xff", "あ\xe3", "\xf0\x9f\x98"})
    CHECK_FALSE(clean_line(bad));
  CHECK(clean_line("\xc2\xa1\xe0\xa0\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf3\xaf\xbf\xbd"));
}

TEST_CASE("verify: text is composed, but compatibility ideographs stay and part it") {
  CHECK(clean_line("が é ﾊﾟ 塚 神 \U0002F800 각 ỗ"));
  for (const char* bad : {"か\u3099", "e\u0301", "\u1100\u1161", "가\u11A8", "\u212B", "\u0344",
                          "a\u0301\u0323", "\u1E0B\u0323", "x\u0301 \u0958", "o\u0302\u0303"})
    CHECK_FALSE(clean_line(bad));
  CHECK(clean_line("塚\u3099"));  // the mark begins a run of its own
  CHECK(clean_line("か塚\u3099"));
  CHECK_FALSE(clean_line("塚か\u3099"));
  CHECK(clean_line("\u3099か"));
  CHECK(clean_line("x\u0323\u0301"));        // x composes with neither; in canonical order
  CHECK_FALSE(clean_line("x\u0301\u0323"));  // not in canonical order
  CHECK(clean_line("q\ufe0f\u0301"));
  CHECK(clean_text("か\r\n\u3099\r\n"));
}

TEST_CASE("verify: long runs that NFC has to look at are seen in windows, whole") {
  const std::string vowels = repeat("\u1161", 500);
  CHECK(clean_line(vowels));
  CHECK_FALSE(clean_line(vowels + "か\u3099"));
  CHECK_FALSE(clean_line(vowels + "\u1100\u1161" + vowels));
  for (std::size_t before = 30; before < 60; ++before) {
    const std::string run = repeat("\u1161", before);
    CHECK(clean_line(run + "\u0323\u0301"));
    CHECK_FALSE(clean_line(run + "\u0301\u0323" + run));
    CHECK_FALSE(clean_line(run + "e\u0301" + run));
    CHECK(clean_line(repeat("\U00012000", before) + "\U00012000"));
    CHECK_FALSE(clean_line(repeat("\U00011131", before) + "\U00011127"));  // composes to 1112E
  }
}

TEST_CASE("verify: at most eight marks in a row") {
  const std::string mark = "\u0323";
  CHECK(clean_line("x" + repeat(mark, 8)));
  CHECK_FALSE(clean_line("x" + repeat(mark, 9)));
  CHECK(clean_line("x" + repeat(mark, 8) + "x" + repeat(mark, 8)));
  CHECK(clean_text("x" + repeat(mark, 8) + "\r\n" + repeat(mark, 8) + "\r\n"));
  CHECK(clean_line("x" + repeat("\ufe0f", 8)));
  CHECK_FALSE(clean_line("x" + repeat("\ufe0f", 9)));
  // A joiner neither counts nor ends the row.
  CHECK(clean_line("\u0915" + repeat("\u0941", 7) + "\u094d\u200d\u0915"));
  CHECK_FALSE(clean_line("\u0915" + repeat("\u0941", 7) + "\u094d\u200d\u0903"));
}

TEST_CASE("verify: joiners stand only where writing needs them") {
  for (const char* good : {"👨\u200d👩\u200d👧", "👩🏽\u200d💻", "❤️\u200d🔥", "می\u200cخواهم",
                           "क्\u200dष", "क्\u200cष", "\u0dca\u200d\u0dbb"})
    CHECK(clean_line(good));
  for (const char* bad : {"a\u200db", "a\u200cb", "\u200d", "👨\u200d", "\u200d👩", "👨\u200d\u200d👩",
                          "👨\u200c👩", "日\u200d本", "م\u200dخ", "م\u200c", "م\u200ca", "क\u200dष", "क्\u200d",
                          "क्\u200da", "👨 \u200d👩", "\ufe0f\u200d👩", "🏽\u200d👩"})
    CHECK_FALSE(clean_line(bad));
  CHECK_FALSE(clean_text("👨\u200d\r\n👩\r\n"));
}

TEST_CASE("verify: no scheme but http and https before ://") {
  for (const char* good :
       {"http://a", "HTTPS://a", "see:https://a", "://", "。://x", "1http://a", "+-9https://a", "x.http://a"})
    CHECK(clean_line(good));
  for (const char* bad : {"ftp://a", "x://", "xhttp://a", "http-x://a", "httpx://a", "FILE://a",
                          "日本ftp://x", "h://", "a+b://x", "javascript://%0a"})
    CHECK_FALSE(clean_line(bad));
}

TEST_CASE("verify: no scheme that a desktop acts on") {
  for (const char* good :
       {"file: x", "file:", "file:\u3000x", "file:\u00a0x", "file:\tx", "profile:x", "1file:x", "mailto:a@b",
        "tel:03", "12:34", "ms-:x", "terms-x:y", "件名:あ", "file[:]x", "search-msx:y", "update:x"})
    CHECK(clean_line(good));
  for (const char* bad : {"file:x",   "FILE:x",           "（file:x",      "-file:x",     ".file:x",
                          "+file:x",  "ms-word:x",        "ms-a.b+c-1:x",  "x.ms-word:y", "Search-MS:x",
                          "search:x", "microsoft-edge:x", "view-source:x", "data:x",      "javascript:x",
                          "skype:x",  "x-data:y",         "a file:あ",     "feed:feed:x", "ldap:x"})
    CHECK_FALSE(clean_line(bad));
}

TEST_CASE("verify: no UNC path in any kind of backslash") {
  for (const char* good : {"\\x", "[\\\\]x", "\\\\", "\\\\ x", "a\\\\\\", "\\\\!", "¥1,000", "￥￥",
                           "\\\\\u3000x", "\\\\\u00a0x", "C:\\x"})
    CHECK(clean_line(good));
  for (const char* bad :
       {"\\\\x", "\\\\1", "\\\\?", "\\\\.", "\\\\_", "\\\\-", "\\\\$", "\\\\%", "\\\\@", "\\\\~", "\\\\{",
        "\\\\あ", "¥¥x", "￥\\x", "＼﹨x", "\\\\\\x", "a\\\\\\\\b", "\\\\é"})
    CHECK_FALSE(clean_line(bad));
}

TEST_CASE("verify: no line reads as uuencode, yEnc, BinHex or PEM") {
  for (const char* good : {"begin", "begin ", "begin 64", "begin 64x a", "begin 899 a", "beginning",
                           "a begin 644 x", "| begin 644 x", "=y", "=yb", "= ybegin", "--", "-- ", "-BEGIN x",
                           "--BEGINx", "-----END x", "---x", "(This file", "begin-base6"})
    CHECK(clean_line(good));
  for (const char* bad :
       {"begin 644 x", "BEGIN 644", "begin\t0755x", "begin  x", "begin \t", " begin 644 x", ">> begin 644 x",
        "\u3000begin 644 x", "\u00a0>begin-base64 644 x", "begin-base64", "=ybegin line=128", "=YPART",
        "=yend", "(This file must be converted with BinHex 4.0)", "-----BEGIN PGP", "--begin x", "-- BEGIN x",
        ">-----BEGIN CERTIFICATE-----"})
    CHECK_FALSE(clean_line(bad));
}

TEST_CASE("verify: only we write our own lines, and only where they belong") {
  const std::string lead = "【無害化】 添付 1 件を除去しました\r\n", sender = "送信者確認: 合格\r\n",
                    empty = "\r\n", text = "こんにちは\r\n";
  const std::string notice = "\r\n【無害化通知】\r\n1. a.exe\r\n\r\n送信者確認\r\n【無害化通知おわり】\r\n";
  CHECK(clean_body(text));
  CHECK(clean_body(lead + empty + text));
  CHECK(clean_body(sender + lead + empty + text + notice));
  CHECK(clean_body(lead + empty + notice));
  CHECK(clean_body(text + notice));
  CHECK(clean_body(notice));
  CHECK(clean_body(lead + empty));
  CHECK(clean_body("x【無害化】\r\n"));
  CHECK(clean_body("| 【無害化】\r\n"));
  CHECK_FALSE(clean_body(lead));
  CHECK_FALSE(clean_body(lead + text));
  CHECK_FALSE(clean_body(lead + empty + lead));
  CHECK_FALSE(clean_body(text + lead));
  CHECK_FALSE(clean_body(text + sender));
  CHECK_FALSE(clean_body(empty + sender));
  CHECK_FALSE(clean_body(" " + lead + empty));
  CHECK_FALSE(clean_body(text + "\u3000" + sender));
  CHECK_FALSE(clean_body(text + notice.substr(2)));
  CHECK_FALSE(clean_body(notice.substr(2)));
  CHECK_FALSE(clean_body(text + notice + text));
  CHECK_FALSE(clean_body(text + notice + empty));
  CHECK_FALSE(clean_body(text + notice + notice));
  CHECK_FALSE(clean_body(text + "\r\n【無害化通知】\r\n"));
  CHECK_FALSE(clean_body(text + "\r\n【無害化通知】\r\n【無害化】\r\n【無害化通知おわり】\r\n"));
  CHECK_FALSE(clean_body(text + "\r\n【無害化通知おわり】\r\n"));
  for (const std::string& own : {lead + empty, sender, notice, " " + lead}) CHECK_FALSE(clean_text(own));
}

TEST_CASE("verify: file names") {
  const auto good = [](std::string_view name) { return !gate::check_file_name(name, ".txt"); };
  for (const std::string& name :
       {std::string("a.txt"), std::string("請求書（最終）.txt"), std::string("a.exe.txt"),
        std::string("a b.txt"), std::string("CONx.txt"), std::string("xCON.txt"), std::string("COM10.txt"),
        std::string("COM.txt"), std::string("LPTx.txt"), std::string("塚.txt"),
        std::string(196, 'x') + ".txt"}) {
    CAPTURE(name);
    CHECK(good(name));
  }
  for (const std::string& name : {std::string(".txt"),
                                  std::string("a.TXT"),
                                  std::string("a.pdf"),
                                  std::string("a"),
                                  std::string(""),
                                  std::string("a/b.txt"),
                                  std::string("a\\b.txt"),
                                  std::string("a:b.txt"),
                                  std::string("a*.txt"),
                                  std::string("a?.txt"),
                                  std::string("a\".txt"),
                                  std::string("a<.txt"),
                                  std::string("a>.txt"),
                                  std::string("a|.txt"),
                                  std::string("a／b.txt"),
                                  std::string("a＼b.txt"),
                                  std::string("a¥b.txt"),
                                  std::string("a￥.txt"),
                                  std::string("a：b.txt"),
                                  std::string("a？.txt"),
                                  std::string("a＊.txt"),
                                  std::string("a＂.txt"),
                                  std::string("a＜.txt"),
                                  std::string("a＞.txt"),
                                  std::string("a｜.txt"),
                                  std::string("a﹨.txt"),
                                  std::string(" a.txt"),
                                  std::string("\u3000a.txt"),
                                  std::string("\u00a0a.txt"),
                                  std::string("..txt"),
                                  std::string(".a.txt"),
                                  std::string("-a.txt"),
                                  std::string("~a.txt"),
                                  std::string("a..txt"),
                                  std::string("a .txt"),
                                  std::string("a\u3000.txt"),
                                  std::string("a\u00a0.txt"),
                                  std::string("CON.txt"),
                                  std::string("con.x.txt"),
                                  std::string("con .x.txt"),
                                  std::string("PRN.txt"),
                                  std::string("aux.txt"),
                                  std::string("NUL.txt"),
                                  std::string("conin$.txt"),
                                  std::string("CONOUT$.txt"),
                                  std::string("CLOCK$.txt"),
                                  std::string("com0.txt"),
                                  std::string("LPT9.txt"),
                                  std::string("COM¹.txt"),
                                  std::string("lpt³.txt"),
                                  std::string("a\tb.txt"),
                                  std::string("a\nb.txt"),
                                  std::string("a\u202etxt.exe.txt"),
                                  std::string("a\u200b.txt"),
                                  std::string("か\u3099.txt"),
                                  std::string("\xff.txt"),
                                  std::string(197, 'x') + ".txt"}) {
    CAPTURE(name);
    CHECK_FALSE(good(name));
  }
}

TEST_CASE("verify: hostile text of any size takes linear time") {
  const auto ms = [](const std::string& piece, std::size_t times) {
    const std::string text = repeat(piece, times) + "\r\n";
    const std::clock_t begin = std::clock();
    (void)gate::verify_text(text);
    return 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  for (const char* piece :
       {"\u1161", "x\u0323\u0323\u0323\u0323\u0323\u0323\u0323\u0323", "a:", "....", "-", "ms-", "http://",
        "\\ ", "👨\u200d", "🏽", "\U00012000", "> ", "http+", "é", "\r\n", "\u3000", "クﾞ"}) {
    CAPTURE(piece);
    (void)ms(piece, 1000);
    const double one = ms(piece, 200'000), eight = ms(piece, 1'600'000);
    CHECK(eight < 16 * one + 200);
  }
}
