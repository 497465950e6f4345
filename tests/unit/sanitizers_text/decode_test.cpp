// Charsets: what Japanese mail really carries, and what must never happen to it.
#include <doctest/doctest.h>
#include <iconv.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "sanitizers/text/charset.h"
#include "sanitizers/text/converters.h"
#include "sanitizers/text/text.h"

namespace text = kiyome::sanitizer::text;
using kiyome::clean::Finding;
using namespace std::string_literals;

namespace {

bool has(const text::Text& result, Finding finding) {
  return std::find(result.findings.begin(), result.findings.end(), finding) != result.findings.end();
}

struct Case {
  std::string_view charset, octets, expected;
};

}  // namespace

TEST_CASE("the tables of multi-octet charsets say of every code what the C library says") {
  for (std::size_t index = 0; index < text::multi_octet_count(); ++index) {
    CAPTURE(text::kMultiOctetNames[index]);
    const iconv_t library = iconv_open("UTF-8", text::kMultiOctetNames[index]);
    REQUIRE(library != reinterpret_cast<iconv_t>(-1));  // NOLINT(performance-no-int-to-ptr)
    std::size_t differ = 0, codes = 0;
    const auto compare = [&](std::string code) {
      iconv(library, nullptr, nullptr, nullptr, nullptr);
      char said[16];
      char *from = code.data(), *to = said;
      std::size_t in_left = code.size(), out_left = sizeof said;
      if (iconv(library, &from, &in_left, &to, &out_left) == static_cast<std::size_t>(-1)) return;
      iconv(library, nullptr, nullptr, &to, &out_left);
      text::CleanWriter ours(16), theirs(16);
      text::decode_multi_octet(static_cast<std::uint8_t>(index), code, ours);
      theirs.utf8({said, sizeof said - out_left});
      differ += ours.bad_count() != 0 || ours.take() != theirs.take();
      ++codes;
    };
    for (int a = 0; a < 256; ++a) compare({static_cast<char>(a)});
    for (int a = 0x80; a < 256; ++a)
      for (int b = 0x21; b < 256; ++b) compare({static_cast<char>(a), static_cast<char>(b)});
    // Codes of three and four octets: EUC-JISX0213, EUC-TW, GB18030 within the BMP and a part of what lies
    // beyond.
    for (int a = 0xa1; a < 0xff; ++a)
      for (int b = 0xa1; b < 0xff; ++b) {
        compare({'\x8f', static_cast<char>(a), static_cast<char>(b)});
        for (const char plane : {'\xa1', '\xa2', '\xa3', '\xa7', '\xaf'})
          compare({'\x8e', plane, static_cast<char>(a), static_cast<char>(b)});
      }
    for (int a = 0; a < 12600; ++a)
      for (const char lead : {'\x81', '\x82', '\x83', '\x84', '\x90', '\xe3'})
        compare({lead, static_cast<char>(0x30 + a / 1260), static_cast<char>(0x81 + a / 10 % 126),
                 static_cast<char>(0x30 + a % 10)});
    CHECK(differ == 0);
    CHECK(codes > 8000);
    iconv_close(library);
  }
}

TEST_CASE("multi-octet charsets: a stray lead swallows no ASCII, and a cut code is one bad character") {
  for (const std::string_view name : {"gb18030", "big5", "euc-kr", "euc-tw", "johab", "euc-jisx0213"}) {
    CAPTURE(name);
    CHECK(text::decode("\xff<b>"s, name).utf8.ends_with("<b>"));
    const text::Text cut = text::decode("abc\xb0"s, name);
    CHECK(cut.utf8 == "abc\xef\xbf\xbd");
    CHECK(has(cut, Finding::kUndecodableText));
  }
  CHECK(text::decode("\xf9\xfe\xa1\x5a\xa1\xfe", "big5").utf8.find("\xef\xbf\xbd") == std::string::npos);
}

TEST_CASE("ISO-2022-CN: what SO and ESC N stand for is designated, up to the line's end") {
  const Case cases[] = {
      {"iso-2022-cn", "\x1b$)A\x0e\x44\x63\x3a\x43\x0f!", "你好!"},
      {"iso-2022-cn", "\x1b$)G\x0e\x47\x63\x0f\x1b$*H\x1bN\x22\x2a.", "在圴."},
      {"iso-2022-cn-ext", "plain", "plain"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.octets);
    const iconv_t library = iconv_open("UTF-8", "ISO-2022-CN");
    REQUIRE(library != reinterpret_cast<iconv_t>(-1));  // NOLINT(performance-no-int-to-ptr)
    std::string in(one.octets), out(64, '\0');
    char *from = in.data(), *to = out.data();
    std::size_t in_left = in.size(), out_left = out.size();
    iconv(library, &from, &in_left, &to, &out_left);
    out.resize(out.size() - out_left);
    iconv_close(library);
    CHECK(out == one.expected);
    CHECK(text::decode(one.octets, one.charset).utf8 == out);
  }
  CHECK(text::decode("\x1b$)A\x0e\x44\x63\n\x44\x63", "iso-2022-cn").utf8 == "你\nDc");
  CHECK(has(text::decode("abc\xe4", "iso-2022-cn"), Finding::kUnknownCharset));
}

TEST_CASE("ISO-2022-JP in all its dialects becomes the right text") {
  const Case cases[] = {
      {"ISO-2022-JP", "\x1b$BF|K\\8l\x1b(B", "日本語"},
      {"iso-2022-jp", "Re: \x1b$@F|K\\8l\x1b(J abc", "Re: 日本語 abc"},
      {"iso-2022-jp", "\x1b$B-!-j|b\x1b(B", "①㈱髙"},  // NEC row 13, NEC's choice of IBM's extensions
      {"iso-2022-jp-ms", "\x1b$B-!\x1b(B\r\n", "①\n"},
      {"iso-2022-jp", "\x1b(I1239\x1b(B", "ｱｲｳｹ"},  // half-width kana, 7 bits
      {"cp50221", "\x1b(I\x36\x5e\x1b(B", "ｶﾞ"},
      {"cp50222", "\x0e\x31\x32\x0f\x41", "ｱｲA"},  // SO/SI
      {"iso-2022-jp", "\x1b$B$\"\x0e\x31\x0f$$\x1b(B", "あｱい"},
      {"iso-2022-jp-1", "\x1b$(D\x30\x21\x1b(B", "丂"},      // JIS X 0212
      {"iso-2022-jp", "\x1b$B$\"$$", "あい"},                // the last ESC is missing
      {"iso-2022-jp", "\x1b$B$\"\n$$", "あ\n$$"},            // a line end returns to ASCII
      {"iso-2022-jp", "\x1b$B$\"\n$$\x1b$B$&", "あ\n$$う"},  // as the next line knows
      {"iso-2022-jp", "\x1b$B$\"\nab c\x1b(B", "あ\nab c"},
      {"iso-2022-jp", "\x1b$B$\"\nabc\x1b(B", "あ\nabc"},
      {"iso-2022-jp", "\x1b$B$\"\r\n$$\x1b(Bx", "あ\nいx"},  // a server broke a long line
      {"iso-2022-jp", "\x1b$B$\"\r\n $$\r\n\t$&\x1b(Bx", "あ\nい\nうx"},
      {"iso-2022-jp", "\x1b$B$\"$\r\n $$&\x1b(Bx", "あい\nうx"},  // within a character
      {"iso-2022-jp", "\x1b$B$\"$\x1b(Bx", "あ\xef\xbf\xbdx"},    // half a character
      {"iso-2022-jp", "\x1b(J\\~\x1b(B", "\\~"},           // yen sign and overline stay what mail means
      {"iso-2022-jp", "\x1b$B!A!]!B!q\x1b(B", "～－∥￠"},  // Windows' choice
      {"iso-2022-jp", "\xb1\xb2", "ｱｲ"},                   // JIS8
      {"iso-2022-jp-2", "\x1b$A\x44\x63\x3a\x43\x1b(B", "你好"},
      {"iso-2022-jp-2", "\x1b$(C\x47\x51\x31\x39\x1b(B", "한국"},
      {"iso-2022-jp-3", "\x1b$(O\x2e\x23\x1b(B", "㐂"},  // JIS X 0213, plane 1
      {"iso-2022-jp", "\x1b$)Xabc", "abc"},
      {"iso-2022-jp", "$B$\"$$(B", "あい"},  // every ESC was stripped
      {"iso-2022-jp", "cost: $B5 (B class)", "cost: $B5 (B class)"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.octets);
    CHECK(text::decode(one.octets, one.charset).utf8 == one.expected);
  }
}

TEST_CASE("Shift_JIS is CP932, EUC-JP is eucJP-ms with Windows' rows, and all agree") {
  const Case cases[] = {
      {"Shift_JIS", "\x93\xfa\x96\x7b\x8c\xea", "日本語"},
      {"sjis", "\x87\x40\x87\x8a\xfb\xfc\xee\xe0", "①㈱髙髙"},
      {"x-sjis", "\xed\x95\xfa\xb1", "\xef\xa8\x91\xef\xa8\x91"},  // 﨑 of NEC and of IBM
      {"windows-31j", "\x81\x60\x81\x7c\x81\x61\x81\x91", "～－∥￠"},
      {"ms932", "\xb6\xde \\ ~", "ｶﾞ \\ ~"},
      {"shift-jis", "\x85\x40\x85\x9f", "①Ⅰ"},  // Macintosh
      {"cp932", "\xf0\x40", "\xee\x80\x80"},    // user-defined stays, told by its code point
      {"cp932", "\x82\xa0\x82", "あ\xef\xbf\xbd"},
      {"cp932", "\x82\xa0\x85\x3e<", "あ\xef\xbf\xbd><"},  // ASCII after a broken lead octet is kept
      {"EUC-JP", "\xc6\xfc\xcb\xdc\xb8\xec", "日本語"},
      {"x-euc-jp", "\xad\xa1\xad\xea\xfc\xe2", "①㈱髙"},
      {"euc-jp", "\x8e\xb1\x8f\xb0\xa1", "ｱ丂"},
      {"euc-jp", "\xa1\xc1\xa1\xdd\xa1\xc2\xa1\xf1", "～－∥￠"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.octets);
    CHECK(text::decode(one.octets, one.charset).utf8 == one.expected);
  }
}

TEST_CASE("other charsets by their many names") {
  const Case cases[] = {
      {"GB2312", "\xc4\xe3\xba\xc3\xa2\xe3", "你好\xe2\x82\xac"},
      {"big5", "\xa7\x41\xa6\x6e", "你好"},
      {"ks_c_5601-1987", "\xc7\xd1\xb1\xb9", "한국"},
      {"EUC-KR", "\x8c\x63", "똠"},
      {"iso-2022-kr", "\x1b$)C\x0e\x47\x51\x31\x39\x0f!", "한국!"},
      {"hz-gb-2312", "~{Dc:C~} ~~", "你好 ~"},
      {"ISO-8859-1", "caf\xe9 \x93quoted\x94 \x80", "café “quoted” €"},
      {"\"iso-8859-15\"", "\xa4", "€"},
      {"windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
      {"koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
      {"utf-7", "Hi +ZeVnLIqe-!", "Hi 日本語!"},
      {"unicode-1-1-utf-7", "+2GXeSA-+-", "\xf0\xa9\x99\x88+"},
      {"utf-8; format=flowed", "日本語", "日本語"},
      {"charset=utf8", "日本語", "日本語"},
      {"utf-8*ja", "日本語", "日本語"},
      {"UTF-8", "\xef\xbb\xbf日本", "日本"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.charset);
    CHECK(text::decode(one.octets, one.charset).utf8 == one.expected);
  }
  CHECK(text::decode("\x65\xe5\x67\x2c"s, "utf-16").utf8 == "日本");
  CHECK(text::decode("\xff\xfe\xe5\x65\x2c\x67"s, "utf-16").utf8 == "日本");
  CHECK(text::decode("a\0b\0"s, "utf-16").utf8 == "ab");
  CHECK(text::decode("\x65\0\x42\0\x30\0"s, "utf-16le").utf8 == "eB0");
  CHECK(text::decode("\0\0\x65\xe5"s, "utf-32").utf8 == "日");
}

TEST_CASE("a declared charset that plainly cannot be is overruled, and told") {
  const Case cases[] = {
      {"iso-2022-jp", "日本語のメール", "日本語のメール"},
      {"iso-2022-jp", "\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd", "こんにちは"},
      {"iso-2022-jp", "\x1b$BF|\x1b(B\n\x82\xb1\x82\xf1\n\x1b$BK\\\x1b(B", "日\nこん\n本"},
      {"iso-2022-jp", "\x1b$BF|\x1b(B\n日本\n", "日\n日本\n"},
      {"us-ascii", "日本語のメール", "日本語のメール"},
      {"us-ascii", "\x1b$BF|K\\8l\x1b(B", "日本語"},
      {"iso-8859-1", "日本語", "日本語"},
      {"iso-8859-1", "\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd", "こんにちは"},
      {"iso-8859-1", "\x1b$BF|K\\8l\x1b(B", "日本語"},
      {"utf-8", "\x1b$BF|K\\8l\x1b(B", "日本語"},
      {"utf-8", "\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd", "こんにちは"},
      {"shift_jis", "\x1b$BF|K\\8l\x1b(B", "日本語"},
      {"shift_jis", "これは日本語のメールです", "これは日本語のメールです"},
      {"shift_jis", "\xa4\xb3\xa4\xf3\xa4\xcb\xa4\xc1\xa4\xcf", "こんにちは"},
      {"euc-jp", "\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd", "こんにちは"},
      {"euc-jp", "\x87\x8a\x8e\x52\x93\x63\x8f\xa4\x93\x58 \x8c\xe4\x92\x86 \x87\x40\x81\x60\x87\x42",
       "㈱山田商店 御中 ①～③"},
      {"shift_jis", "\xbb\xf6\xcc\xb3\xcf\xa2\xcd\xed \xb2\xf1\xb5\xc4", "事務連絡 会議"},
      {"x-nobody-knows", "日本語", "日本語"},
      {"gb2312", "これは日本語のメールです", "これは日本語のメールです"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.charset);
    CAPTURE(one.octets);
    const text::Text result = text::decode(one.octets, one.charset);
    CHECK(result.utf8 == one.expected);
    CHECK(has(result, Finding::kUnknownCharset));
  }
}

TEST_CASE("an undeclared charset is guessed") {
  const Case cases[] = {
      {"", "plain", "plain"},
      {"", "日本語", "日本語"},
      {"", "\x1b$BF|K\\8l\x1b(B", "日本語"},
      {"", "\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd", "こんにちは"},
      {"", "\xa4\xb3\xa4\xf3\xa4\xcb\xa4\xc1\xa4\xcf", "こんにちは"},
      {"", "\x83\x65\x83\x58\x83\x67", "テスト"},
      {"", "\xee\xe0\x87\x8a\x87\x40", "髙㈱①"},
      {"", "\xfb\xfc\x8b\xb4\t1", "髙橋\t1"},
      {"", "\xfa\xb1\x8e\x52", "﨑山"},
      {"", "na\xefve \x87 d\xe9j\xe0 vu", "naïve ‡ déjà vu"},
      {"", "caf\xe9 cr\xe8me", "café crème"},
      {"", "\xff\xfe\xe5\x65", "日"},
      {"x-unknown", "\x8e\x96\x96\xb1\x98\x41\x97\x8d", "事務連絡"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.octets);
    CHECK(text::decode(one.octets, one.charset).utf8 == one.expected);
    CHECK(text::decode_word(one.octets, one.charset).utf8 == one.expected);
  }
}

TEST_CASE("a table of kanji without kana is Japanese, whatever its length") {
  // 名称,住所 / 高橋商店,焼津市一丁目,ﾊﾝｶｸ
  CHECK(text::decode("\xcc\xbe\xbe\xce,\xbd\xbb\xbd\xea\n\xb9\xe2\xb6\xb6\xbe\xa6\xc5\xb9,"
                     "\xbe\xc6\xc4\xc5\xbb\xd4\xb0\xec\xc3\xfa\xcc\xdc,\x8e\xca\x8e\xdd\x8e\xb6\x8e\xb8\n",
                     "")
            .utf8 == "名称,住所\n高橋商店,焼津市一丁目,ﾊﾝｶｸ\n");
  CHECK(text::decode("\x93well\x94, he said, \x93it\x92s caf\xe9 time\x94 \x96 and went", "").utf8 ==
        "“well”, he said, “it’s café time” – and went");
}

TEST_CASE("text is clean: line ends, controls, noncharacters, damage") {
  CHECK(text::decode("a\r\nb\rc\nd\r\r\ne", "").utf8 == "a\nb\nc\nd\n\ne");
  CHECK(text::decode("a\0b\x01\x7f\tc"s, "utf-8").utf8 == "ab\tc");
  CHECK(text::decode("\xc2\x85x\xef\xbf\xbe\xef\xb7\x90y", "utf-8").utf8 == "xy");
  const text::Text broken = text::decode("日本\xe8\xaa", "utf-8");
  CHECK(broken.utf8 == "日本\xef\xbf\xbd");
  CHECK(has(broken, Finding::kUndecodableText));
  CHECK(text::decode("日本語文字\xed\xa0\x80日本語文字", "utf-8").utf8 ==
        "日本語文字\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd日本語文字");
  CHECK_FALSE(has(text::decode("日本", "utf-8"), Finding::kUndecodableText));
  CHECK(text::decode_word("a\r\n b", "").utf8 == "a b");
  CHECK(text::decode(std::string(100000, '\xff'), "utf-8").utf8.size() <= 300000);
}
