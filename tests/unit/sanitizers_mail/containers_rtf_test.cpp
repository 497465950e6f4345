#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/text/text.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

namespace {

std::string text_of(const std::string& rtf) {
  sanitizer::text::warm_up();
  const RtfText out = read_rtf(rtf);
  CHECK(out.charset == "utf-8");
  return out.octets;
}

}  // namespace

TEST_CASE("rtf: paragraphs, tabs, quotes, escapes") {
  CHECK(text_of("{\\rtf1\\ansi a\\par b\\tab c\\line d\\par}") == "a\nb\tc\nd\n");
  CHECK(text_of("{\\rtf1 \\ldblquote x\\rdblquote\\emdash\\bullet\\~\\_\\-}") == "“x”—•\u00a0-");
  CHECK(text_of("{\\rtf1 \\{a\\}\\\\}") == "{a}\\");
  CHECK(text_of("{\\rtf1 a\r\nb\\\nc}") == "ab\nc");
  CHECK(text_of("{\\rtf1 a\\cell b\\row}") == "a\tb\n");
}

TEST_CASE("rtf: Japanese in every way it is written") {
  const std::string expected = "ソ表示";
  CHECK(text_of("{\\rtf1\\ansi\\ansicpg932 \\'83\\'5c\\'95\\'5c\\'8e\\'a6}") == expected);
  CHECK(text_of("{\\rtf1\\ansi\\ansicpg932 \\'83\\\\\\'95\\\\\\'8e\\'a6}") == expected);
  CHECK(text_of("{\\rtf1\\ansi\\ansicpg932\r\n\\'83\r\n\\'5c\\'95\\'5c\\'8e\\'a6}") == expected);
  CHECK(text_of("{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset128 "
                "MS;}}\\f1\\'83\\'5c\\'95\\'5c\\'8e\\'a6}") == expected);
  CHECK(text_of("{\\rtf1\\ansi\\uc1 \\u12477?\\u-30616?\\u31034?}") == expected);
  CHECK(text_of("{\\rtf1\\ansi\\ansicpg932\\uc2 \\u12477\\'83\\'5c\\u-30616\\'95\\'5c\\u31034\\'8e\\'a6}") ==
        expected);
  CHECK(text_of("{\\rtf1\\ansi\\uc0 \\u12477\\u-30616\\u31034}") == expected);
}

TEST_CASE("rtf: fonts choose the code page, also within groups") {
  const std::string head =
      "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset204 "
      "B;}{\\f2\\fcharset128 C;}}";
  CHECK(text_of(head + "\\'e9{\\f1\\'e9}\\'e9\\f2\\'88\\'9f}") == "éйé亜");
  CHECK(text_of(head + "\\f1\\'e9\\plain\\'e9}") == "йé");
}

TEST_CASE("rtf: surrogates are joined, lone ones are replaced") {
  CHECK(text_of("{\\rtf1\\uc0\\u-10179\\u-8704}") == "😀");
  CHECK(text_of("{\\rtf1\\uc1\\u-10179?\\u-8704?x}") == "😀x");
  CHECK(text_of("{\\rtf1\\uc0\\u-10179 x}") == "\ufffdx");
  CHECK(text_of("{\\rtf1\\uc0\\u-8704}") == "\ufffd");
  CHECK(text_of("{\\rtf1\\uc0\\u-10179}") == "\ufffd");
}

TEST_CASE("rtf: destinations that are not the text are left out") {
  CHECK(
      text_of(
          "{\\rtf1{\\fonttbl{\\f0 Name;}}{\\colortbl;\\red0;}{\\stylesheet{Normal;}}{\\info{\\title T}}x}") ==
      "x");
  CHECK(text_of("{\\rtf1{\\*\\unknown hidden{\\b more}}x{\\pict\\wmetafile8 00ff}y}") == "xy");
  CHECK(text_of("{\\rtf1 a\\bin5 {\\}}}b}") == "ab");
  CHECK(text_of("{\\rtf1 a}behind the end") == "a");
  CHECK(text_of("{\\rtf1{\\object{\\*\\objdata 00ff}{\\result shown}}}") == "shown");
}

TEST_CASE("rtf: hidden text is left out and said") {
  const RtfText hidden = read_rtf("{\\rtf1 a{\\v secret}b\\v c\\v0 d\\v e\\plain f}");
  CHECK(hidden.octets == "abdf");
  CHECK(hidden.hidden);
  CHECK_FALSE(read_rtf("{\\rtf1 a\\v0 b}").hidden);
}

TEST_CASE("rtf: a link shows its target when the text is another") {
  const auto link = [](const std::string& url, const std::string& text) {
    return text_of("{\\rtf1 x {\\field{\\*\\fldinst{HYPERLINK \"" + url + "\"}}{\\fldrslt{\\ul " + text +
                   "}}} y}");
  };
  CHECK(link("http://evil.example/", "bank") == "x bank <http://evil.example/> y");
  CHECK(link("http://a.example/", "http://a.example/") == "x http://a.example/ y");
  CHECK(text_of("{\\rtf1{\\field{\\*\\fldinst PAGE}{\\fldrslt 3}}}") == "3");
}

TEST_CASE("rtf: encapsulated HTML is given back as HTML") {
  sanitizer::text::warm_up();
  const RtfText out = read_rtf(
      "{\\rtf1\\ansi\\ansicpg932\\fromhtml1 \\deff0{\\fonttbl{\\f0\\fcharset128 MS;}}\r\n{\\*\\htmltag19 "
      "<html>}{\\*\\htmltag64 <p title=\"\\'93\\'fa\">}"
      "\\htmlrtf {\\b\\htmlrtf0 \\'96\\'7b{\\*\\htmltag84 &lt;}\\htmlrtf <\\htmlrtf0 "
      "x\\htmlrtf\\par}\\htmlrtf0{\\*\\htmltag72 </p>}{\\*\\mhtmltag72 no}}");
  CHECK(out.is_html);
  CHECK(out.octets == "<html><p title=\"日\">本&lt;x</p>");
}

TEST_CASE("rtf: broken and deep documents end quietly") {
  for (const char* rtf :
       {"", "{", "}", "\\", "{\\rtf1", "{\\rtf1\\'", "{\\rtf1\\'8", "{\\rtf1\\'zz}", "{\\rtf1\\u}",
        "{\\rtf1\\u99999999999}", "{\\rtf1\\bin999999999}", "{\\rtf1\\bin-5 x}", "}}}{{{",
        "{\\rtf1\\f99999999999 x}", "{\\rtf1\\uc999999 \\u1 x}"})
    (void)text_of(rtf);
  for (const std::size_t depth :
       {limits::kRtfDepth - 1, limits::kRtfDepth, limits::kRtfDepth + 1, std::size_t{100000}})
    CHECK(text_of("{\\rtf1 " + std::string(depth, '{') + "x" + std::string(depth, '}') + "y}") == "xy");
}
