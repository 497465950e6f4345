// Tables for the character rules: every refusal has an accepting twin.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "service/compose/characters.h"
#include "service/compose/compose.h"
#include "service/compose/utf8.h"

using namespace kiyome;
using namespace kiyome::compose;
using clean::Finding;

namespace {

std::string utf8(const std::vector<char32_t>& points) {
  std::string out;
  for (const char32_t c : points) append_code_point(out, c);
  return out;
}

std::string cleaned(const std::string& text) {
  std::vector<Finding> findings;
  return clean_text(text, findings);
}

bool finds(const std::string& text, Finding finding) {
  std::vector<Finding> findings;
  clean_text(text, findings);
  return std::find(findings.begin(), findings.end(), finding) != findings.end();
}

}  // namespace

TEST_CASE("characters: Japanese text stays as it is, without a finding") {
  for (const std::string& text : std::vector<std::string>{
           "お世話になっております。①㈱髙﨑 ﾊﾝｶｸ ｶﾅ、全角　空白～〜ー―─│■★※〒℡№",
           "𠮷野家 𩸽 葛󠄀飾区 辻󠄁 祇󠄀園",  // ideographic variation sequences and plane 2
           "ASCII only\n\ttab and line\n",
           "Grüße, naïve café, Việt Nam, Ελληνικά, Русский, ภาษาไทย กี่, हिन्दी",
           "👨‍👩‍👧‍👦 🏳️‍🌈 👩🏽‍💻 🧑‍🤝‍🧑 ❤️‍🔥 "
           "🇯🇵 "
           "1️⃣ "
           "☺️ "
           "♀️",
       }) {
    CAPTURE(text);
    std::vector<Finding> findings;
    CHECK(clean_text(text, findings) == text);
    CHECK(findings.empty());
  }
}

TEST_CASE("characters: CJK compatibility ideographs are people's names and stay") {
  const std::string text = utf8({0xFA10, 0xFA19, 0xFA11, 0xF929, 0x2F81A, 0xFAD9});  // 塚 神 﨑 朗 …
  CHECK(cleaned(text) == text);
  CHECK(cleaned(text + "か\u3099" + text) == text + "が" + text);
}

TEST_CASE("characters: decomposed text is composed") {
  CHECK(cleaned("か\u3099は\u309A") == "がぱ");
  CHECK(cleaned("e\u0301") == "é");
  CHECK(cleaned("\u1112\u1161\u11AB") == "한");
  CHECK(cleaned("\u2126") == "Ω");
  CHECK(cleaned("\u2329x\u232A") == "\u3008x\u3009");
}

TEST_CASE("characters: what is dropped") {
  for (const char32_t c :
       {0x00,   0x01,    0x1B,    0x7F,    0x80,    0x9F,    0xAD,    0x34F,   0x61C,  0x115F, 0x1160,
        0x17B4, 0x17B5,  0x180E,  0x200B,  0x200C,  0x200D,  0x200E,  0x200F,  0x202A, 0x202E, 0x2060,
        0x2064, 0x2065,  0x2066,  0x2069,  0x206A,  0x206F,  0x3164,  0xFEFF,  0xFFA0, 0xFFF0, 0xFFF9,
        0xFFFB, 0x1BCA0, 0x1D173, 0x1D17A, 0xE0001, 0xE007F, 0xE00FF, 0xE01F0, 0xE0FFF}) {
    CAPTURE(static_cast<unsigned>(c));
    const std::string text = "a" + utf8({c}) + "b";
    CHECK(cleaned(text) == "ab");
    CHECK(finds(text, Finding::kForbiddenCharacter));
  }
}

TEST_CASE("characters: neighbours of what is dropped stay") {
  for (const char32_t c :
       {0x20,   0x7E,   0xA0,   0xAC,   0xAE,   0x34E,  0x350,   0x61B,   0x115E,  0x1161,  0x17B3,
        0x17B6, 0x180D, 0x180F, 0x200A, 0x2010, 0x2027, 0x202F,  0x205F,  0x2070,  0x3163,  0x3165,
        0xFEFE, 0xFF9F, 0xFFA1, 0xFFEF, 0xFFFC, 0xFFFD, 0x1BCA4, 0x1D172, 0x1D17B, 0xE0100, 0xE01EF}) {
    CAPTURE(static_cast<unsigned>(c));
    const std::string text = "a" + utf8({c}) + "b";
    CHECK(cleaned(text) == composed(text));
    CHECK_FALSE(finds(text, Finding::kForbiddenCharacter));
  }
}

TEST_CASE("characters: line ends") {
  CHECK(cleaned("a\r\nb\rc\nd\xE2\x80\xA8"
                "e\xE2\x80\xA9"
                "f\x0Bg\x0Ch\xC2\x85i") == "a\nb\nc\nd\ne\nf\ng\nh\ni");
  std::vector<Finding> findings;
  CHECK(clean_line("a\tb\nc\xE2\x80\xA8"
                   "d",
                   findings) == "a b c d");
}

TEST_CASE("characters: private use becomes geta, noncharacters and bad octets the replacement") {
  for (const char32_t c : {0xE000, 0xE757, 0xF8FF, 0xF0000, 0xFFFFD, 0x100000, 0x10FFFD}) {
    CHECK(cleaned(utf8({c})) == "〓");
    CHECK(finds(utf8({c}), Finding::kPrivateUseCharacter));
  }
  for (const char32_t c : {0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF})
    CHECK(cleaned(utf8({c})) == "\uFFFD");
  CHECK(cleaned("a\xFF"
                "b") == "a\uFFFDb");
  CHECK(cleaned("a\xE3\x81") == "a\uFFFD\uFFFD");
  CHECK(cleaned("\xC0\x80\xED\xA0\x80\xF4\x90\x80\x80").find("\uFFFD") == 0);
}

TEST_CASE("characters: joiners stay only where they join") {
  const std::string zwj = "\u200D", zwnj = "\u200C";
  for (const std::string& text : std::vector<std::string>{
           "می" + zwnj + "خواهم",
           "क्" + zwj + "ष",
           "क्" + zwnj + "ष",
           "ක්" + zwj + "ර",
           "র" + zwj + "্য",
           "👩" + zwj + "💻",
           "🕵🏻" + zwj + "♂️",
           "🏴" + zwj + "☠️",
       }) {
    CAPTURE(text);
    CHECK(cleaned(text) == text);
  }
  struct Case {
    std::string in, out;
  };
  for (const Case& c : std::vector<Case>{
           {"a" + zwj + "b", "ab"},
           {"漢" + zwnj + "字", "漢字"},
           {zwj + "👩", "👩"},
           {"👩" + zwj, "👩"},
           {"👩" + zwj + "\n💻", "👩\n💻"},
           {"👩" + zwj + zwj + "💻", "👩" + zwj + "💻"},
           {"👩" + zwnj + "💻", "👩💻"},
           {"م" + zwj + "ی", "می"},
           {"क" + zwj + "ष", "कष"},
           {"क्" + zwj + " ", "क् "},
           {"\u2329" + zwj + "👩", "\u3008👩"},
       }) {
    CAPTURE(c.in);
    CHECK(cleaned(c.in) == c.out);
  }
}

TEST_CASE("characters: at most eight marks in a row") {
  const std::string mark = "\u0337";
  const auto marks = [&](std::size_t n) {
    std::string out = "x";
    for (std::size_t i = 0; i < n; ++i) out += mark;
    return out;
  };
  CHECK(cleaned(marks(limits::kCombiningMarks - 1)) == marks(limits::kCombiningMarks - 1));
  CHECK(cleaned(marks(limits::kCombiningMarks)) == marks(limits::kCombiningMarks));
  CHECK(cleaned(marks(limits::kCombiningMarks + 1)) == marks(limits::kCombiningMarks));
  CHECK(cleaned(marks(5000)) == marks(limits::kCombiningMarks));
  CHECK(cleaned(marks(8) + marks(8)) == marks(8) + marks(8));
}

TEST_CASE("characters: cleaning twice changes nothing more") {
  // A small generator over what composes, joins and is dropped.
  const std::vector<char32_t> alphabet = {'a',    0x301,   0x338,  0x2194, 0x2190, 0x200D, 0x200C, 0x1F469,
                                          0xFE0F, 0x1F3FB, 0x93C,  0x94D,  0x915,  0x958,  0x627,  0x653,
                                          0x1112, 0x1161,  0x11AB, 0xFA10, 0x3099, 0x304B, 0x2329, 0x200B,
                                          '\n',   0x9C7,   0x9BE,  0x1039, 0xE0100};
  std::uint32_t state = 1;
  for (int round = 0; round < 20000; ++round) {
    std::vector<char32_t> points;
    for (int i = 0; i < 14; ++i) {
      state = state * 1664525 + 1013904223;
      points.push_back(alphabet[(state >> 8) % alphabet.size()]);
    }
    const std::string once = cleaned(utf8(points));
    REQUIRE(cleaned(once) == once);
    REQUIRE(composed(once) == once);
  }
}
