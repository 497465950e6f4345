// The bounds of the room: one below, at, and one above. Beyond a bound something is left out or guessed less
// well; text is never lost.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "proto/base/limits.h"
#include "sanitizers/text/content_lines.h"
#include "sanitizers/text/guess.h"
#include "sanitizers/text/html_sheet.h"
#include "sanitizers/text/text.h"

namespace text = kiyome::sanitizer::text;
namespace limits = kiyome::limits;

namespace {

std::string repeated(std::string_view s, std::size_t n) {
  std::string out;
  out.reserve(s.size() * n);
  for (std::size_t i = 0; i < n; ++i) out += s;
  return out;
}

std::size_t count(std::string_view s, std::string_view word) {
  std::size_t n = 0;
  for (std::size_t at = s.find(word); at != std::string_view::npos; at = s.find(word, at + word.size())) ++n;
  return n;
}

}  // namespace

TEST_CASE("bounds: a charset is guessed by the first octets, all octets are decoded") {
  const std::string kana = "\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\n";
  for (const std::size_t before :
       {limits::kGuessOctets - 11, limits::kGuessOctets, limits::kGuessOctets + 1}) {
    const text::Text result = text::decode(kana + repeated("a", before - kana.size()) + kana, "");
    CHECK(result.utf8.ends_with("こんにちは\n"));
  }
  // 8-bit text that begins behind the bound still comes out as something, and is told.
  const text::Text late = text::decode(repeated("a", limits::kGuessOctets + 1) + kana, "");
  CHECK(late.utf8.size() > limits::kGuessOctets);
}

TEST_CASE("bounds: images beyond the number we count are left out") {
  for (const std::size_t n : {limits::kHtmlImages - 1, limits::kHtmlImages, limits::kHtmlImages + 1}) {
    const text::Html html = text::from_html(repeated("<img src=cid:a>", n) + "end");
    CHECK(html.images.size() == std::min(n, limits::kHtmlImages));
    CHECK(html.text.utf8.ends_with("end\n"));
  }
}

TEST_CASE("bounds: tables nested too deeply are read as lines") {
  for (const std::size_t n :
       {limits::kHtmlTableDepth - 1, limits::kHtmlTableDepth, limits::kHtmlTableDepth + 1}) {
    const std::string html = repeated("<table><tr><td>", n - 1) + "<table border=1><tr><td>a<td>b</table>" +
                             repeated("</table>", n - 1);
    CHECK(text::from_html(html).text.utf8 == (n <= limits::kHtmlTableDepth ? "a | b\n" : "a\nb\n"));
  }
}

TEST_CASE("bounds: only so many levels of quotes and lists are shown") {
  for (const std::size_t n : {limits::kHtmlIndent - 1, limits::kHtmlIndent, limits::kHtmlIndent + 1}) {
    CHECK(count(text::from_html(repeated("<blockquote>", n) + "a").text.utf8, "> ") ==
          std::min(n, limits::kHtmlIndent));
    const std::string list = text::from_html(repeated("<ul><li>", n) + "a").text.utf8;
    CHECK(list.find('a') != std::string::npos);
  }
}

TEST_CASE("bounds: rules, class names and sizes of style sheets") {
  for (const std::size_t n :
       {limits::kHtmlStyleRules - 1, limits::kHtmlStyleRules, limits::kHtmlStyleRules + 1}) {
    text::StyleSheet sheet;
    std::string css;
    for (std::size_t i = 1; i < n; ++i) css += ".c" + std::to_string(i) + "{color:red}";
    sheet.add(css + ".last{display:none}");
    CHECK(sheet.lookup("p", "last", "").displayed.has_value() == (n <= limits::kHtmlStyleRules));
  }
  text::StyleSheet sheet;
  sheet.add(".last{display:none}");
  for (const std::size_t n : {limits::kHtmlClasses - 1, limits::kHtmlClasses, limits::kHtmlClasses + 1})
    CHECK(sheet.lookup("p", repeated("x ", n - 1) + "last", "").displayed.has_value() ==
          (n <= limits::kHtmlClasses));
  for (const std::size_t size :
       {limits::kHtmlStyleSheet - 1, limits::kHtmlStyleSheet, limits::kHtmlStyleSheet + 1}) {
    text::StyleSheet large;
    constexpr std::string_view kRule = ".last{display:none}";
    large.add(std::string(size - kRule.size(), ' ') + std::string(kRule));
    CHECK(large.lookup("p", "last", "").displayed.has_value() == (size <= limits::kHtmlStyleSheet + 1));
  }
}

TEST_CASE("bounds: what lies beyond the bounds of style sheets hides nothing") {
  const auto hides = [](const text::StyleSheet& sheet, std::string_view classes) {
    return sheet.lookup("p", classes, "").color->known();
  };
  for (const unsigned n :
       {limits::kHtmlStyleDepth - 1, limits::kHtmlStyleDepth, limits::kHtmlStyleDepth + 1}) {
    text::StyleSheet sheet;
    sheet.add("p{color:#fff}" + repeated("@media a{", n) + "b{color:#000}" + repeated("}", n));
    CHECK(hides(sheet, "") == (n <= limits::kHtmlStyleDepth));
  }
  for (const std::size_t n :
       {limits::kHtmlStyleRules - 1, limits::kHtmlStyleRules, limits::kHtmlStyleRules + 1}) {
    text::StyleSheet sheet;
    std::string css = "p{color:#fff}";
    for (std::size_t i = 1; i < n; ++i)
      css += std::string(i % 2 == 0 ? "i " : "") + ".c" + std::to_string(i) + "{color:red}";
    sheet.add(css);
    CHECK(hides(sheet, "") == (n <= limits::kHtmlStyleRules));
  }
  text::StyleSheet sheet;
  sheet.add("p{color:#fff}");
  for (const std::size_t n : {limits::kHtmlClasses - 1, limits::kHtmlClasses, limits::kHtmlClasses + 1})
    CHECK(hides(sheet, repeated("x ", n - 1) + "x") == (n <= limits::kHtmlClasses));
  for (const std::size_t size :
       {limits::kHtmlStyleSheet - 1, limits::kHtmlStyleSheet, limits::kHtmlStyleSheet + 1}) {
    text::StyleSheet large;
    large.add("p{color:#fff}" + std::string(size - 13, ' '));
    CHECK(hides(large, "") == (size <= limits::kHtmlStyleSheet));
  }
}

TEST_CASE("bounds: rows and columns that a cell reaches over") {
  for (const std::size_t n : {limits::kHtmlSpan - 1, limits::kHtmlSpan, limits::kHtmlSpan + 1}) {
    const std::size_t reached = std::min(n, limits::kHtmlSpan);
    const std::string span = std::to_string(n);
    CHECK(count(text::from_html("<table border=1><tr><td>a<td rowspan=" + span + ">b<td>c" +
                                repeated("<tr><td>x<td>y", n) + "</table>")
                    .text.utf8,
                "x | | y") == reached - 1);
    const std::string wide =
        text::from_html("<table border=1><tr><td colspan=" + span + ">a<td>b<tr><td>c<td>d</table>")
            .text.utf8;
    CHECK(wide == "a " + repeated("| ", n < limits::kHtmlSpan ? n : 1) + "b\nc | d\n");
  }
}

TEST_CASE("bounds: lines, parameters, events and people of calendars") {
  for (const std::size_t n : {limits::kContentLines - 1, limits::kContentLines, limits::kContentLines + 1})
    CHECK(text::content_lines(repeated("A:b\n", n), false).size() == std::min(n, limits::kContentLines));
  for (const std::size_t n :
       {limits::kContentParameters - 1, limits::kContentParameters, limits::kContentParameters + 1}) {
    const auto lines = text::content_lines("A" + repeated(";X=y", n) + ":b\n", false);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].parameters.size() == std::min(n, limits::kContentParameters));
    CHECK(lines[0].value == "b");
  }
  for (const std::size_t n :
       {limits::kCalendarEvents - 1, limits::kCalendarEvents, limits::kCalendarEvents + 1}) {
    const std::string out = text::from_calendar(repeated("BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n", n)).utf8;
    CHECK(count(out, "件名: x") == std::min(n, limits::kCalendarEvents));
    CHECK((out.find("ほか 1 件") != std::string::npos) == (n > limits::kCalendarEvents));
  }
  for (const std::size_t n :
       {limits::kCalendarPeople - 1, limits::kCalendarPeople, limits::kCalendarPeople + 1}) {
    const std::string out =
        text::from_calendar("BEGIN:VEVENT\n" + repeated("ATTENDEE:mailto:a@example.jp\n", n) + "END:VEVENT\n")
            .utf8;
    CHECK(count(out, "a@example.jp") == std::min(n, limits::kCalendarPeople));
    CHECK((out.find("ほか 1 名") != std::string::npos) == (n > limits::kCalendarPeople));
  }
}

TEST_CASE("bounds: zones of a calendar") {
  for (const std::size_t n :
       {limits::kCalendarZones - 1, limits::kCalendarZones, limits::kCalendarZones + 1}) {
    const std::string zones =
        repeated("BEGIN:VTIMEZONE\nTZID:X\nEND:VTIMEZONE\n", n - 1) +
        "BEGIN:VTIMEZONE\nTZID:Last\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETTO:+0100\n"
        "END:STANDARD\nEND:VTIMEZONE\n";
    const std::string out =
        text::from_calendar(zones + "BEGIN:VEVENT\nDTSTART;TZID=Last:20240101T000000\nEND:VEVENT\n").utf8;
    CHECK((out.find("UTC+01:00") != std::string::npos) == (n <= limits::kCalendarZones));
  }
}
