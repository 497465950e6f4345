// Words of a page: their letters, boxes and what stands between them.
#include <doctest/doctest.h>

#include <string>

#include "proto/base/limits.h"
#include "sanitizers/pdf/characters.h"
#include "sanitizers/pdf/words.h"
#include "tests/unit/sanitizers_pdf/pdfs.h"
#include "tests/unit/sanitizers_pdf/shown.h"

using namespace kiyome;
using namespace kiyome::sample;
using clean::After;
using sanitizer::pdf::Glyph;

namespace {

std::string text_of(const std::string& content) { return show(one_page(content)).pages.at(0).text(); }

// A letter of 10 points on a line that runs to the right; places in points.
Glyph letter(char32_t code, double x, double y = 50, double advance = 5) {
  Glyph out;
  out.code = code;
  out.start = {x * 1000, y * 1000};
  out.forward = {1, 0};
  out.upward = {0, -1};
  out.advance = advance * 1000;
  out.size = 10000;
  out.above = 8800;
  out.below = 1200;
  return out;
}

std::vector<clean::Word> put_together(const std::vector<Glyph>& glyphs) {
  return sanitizer::pdf::put_together(glyphs, sanitizer::pdf::frame_of(200, 100, 72));
}

}  // namespace

TEST_CASE("pdf words: Japanese in a font that the document does not bring") {
  // 清め 2024年 ｱｲ: half-width letters are words of their own, without a blank where none is written.
  const Shown shown = show(one_page("BT /F1 10 Tf 20 50 Td <90b482df32303234944eb1b2> Tj ET"));
  const ShownPage& page = shown.pages.at(0);
  CHECK(page.text() == "清め2024年ｱｲ");
  REQUIRE(page.words.size() == 4);
  CHECK(page.words[0].text == "清め");
  CHECK(page.words[0].x == 20000);
  CHECK(page.words[0].width == 20000);
  CHECK(page.words[1].text == "2024");
  CHECK(page.words[1].width == 20000);
  CHECK(page.words[1].after == After::nothing);
  CHECK(page.darkest(0.1, 0.4, 0.4, 0.6) < 80);
}

TEST_CASE("pdf words: vertical writing runs downwards") {
  const Shown shown = show(one_page("BT /F2 20 Tf 100 90 Td <8f63820e82ab> Tj ET"));
  const ShownPage& page = shown.pages.at(0);
  REQUIRE(!page.words.empty());
  for (const clean::Word& word : page.words) CHECK(word.vertical);
  const clean::Word& first = page.words[0];
  CHECK(first.x == doctest::Approx(90000).epsilon(0.02));
  CHECK(first.y == doctest::Approx(10000).epsilon(0.05));
  CHECK(first.width == doctest::Approx(20000).epsilon(0.02));
}

TEST_CASE("pdf words: blanks and line ends as they are written or seen") {
  CHECK(text_of("BT /F0 10 Tf 20 50 Td (two words) Tj ET") == "two words");
  CHECK(text_of("BT /F0 10 Tf 20 50 Td (two) Tj 30 0 Td (words) Tj ET") == "two words");
  CHECK(text_of("BT /F0 10 Tf 20 50 Td (o) Tj 5.56 0 Td (ne) Tj ET") == "one");
  CHECK(text_of("BT /F0 10 Tf 20 50 Td (one) Tj 0 -12 Td (two) Tj ET") == "one\ntwo");
  CHECK(text_of("BT /F1 10 Tf 20 50 Td [<90b4> -500 <82df>] TJ ET") == "清め");
}

TEST_CASE("pdf words: scaled and turned letters have their true boxes") {
  const auto word = [](const std::string& content) {
    const Shown shown = show(one_page(content));
    REQUIRE(shown.pages.at(0).words.size() == 1);
    return shown.pages[0].words[0];
  };
  const clean::Word plain = word("BT /F0 20 Tf 20 40 Td (Hello) Tj ET");
  CHECK(word("BT /F0 1 Tf 20 0 0 20 20 40 Tm (Hello) Tj ET") == plain);
  CHECK(word("2 0 0 2 0 0 cm BT /F0 10 Tf 10 20 Td (Hello) Tj ET") == plain);
  const clean::Word up = word("BT /F0 20 Tf 0 1 -1 0 60 20 Tm (Hello) Tj ET");
  CHECK(!up.vertical);
  CHECK(up.height == doctest::Approx(plain.width).epsilon(0.2));
  CHECK(word("BT /F0 20 Tf 0 -1 1 0 60 90 Tm (Hello) Tj ET").vertical);
}

TEST_CASE("pdf words: letters outside the page are left out, letters at its edge are cut") {
  CHECK(text_of("BT /F0 10 Tf 20 50 Td (in) Tj 500 0 Td (out) Tj ET") == "in");
  CHECK(text_of("BT /F0 10 Tf -9999 50 Td (out) Tj ET").empty());
  const Shown edge = show(one_page("BT /F0 30 Tf 190 95 Td (W) Tj ET"));
  for (const clean::Word& word : edge.pages.at(0).words) {
    CHECK(word.x + word.width <= 200000);
    CHECK(word.y + word.height <= 100000);
  }
}

TEST_CASE("pdf words: only letters are letters") {
  using sanitizer::pdf::is_letter;
  for (const char32_t c : U"a!~é清め𠮷ｱ①😀�") CHECK((is_letter(c) || c == 0));
  for (const char32_t c : {0x00,   0x1f,   0x20,    0x7f,    0x85,    0xa0,     0xad,    0x200b, 0x202e,
                           0x2066, 0x3000, 0xd800,  0xdfff,  0xe000,  0xf8ff,   0xfdd0,  0xfeff, 0xfff9,
                           0xfffe, 0xffff, 0x1fffe, 0xe0041, 0xf0000, 0x10ffff, 0x110000})
    CHECK(!is_letter(c));
}

TEST_CASE("pdf words: UTF-16 comes in units or whole") {
  sanitizer::pdf::Utf16 units;
  CHECK(units.take(0xd842) == 0);
  CHECK(units.take(0xdfb7) == U'𠮷');
  CHECK(units.take(U'𠮷') == U'𠮷');
  CHECK(units.take(0xdfb7) == 0);
  CHECK(units.take(0xd842) == 0);
  CHECK(units.take('a') == U'a');
}

TEST_CASE("pdf words: a superscript is a word of its own without a blank before it") {
  Glyph two = letter(U'2', 25, 47, 3);
  two.size = 6000;
  const auto words = put_together({letter(U'm', 20), two});
  REQUIRE(words.size() == 2);
  CHECK(words[0].after == After::nothing);
  CHECK(words[0].width == 5000);
}

TEST_CASE("pdf words: the next column of a table is no new line") {
  Glyph line_end;
  line_end.code = U'\n';
  line_end.invented = true;
  const auto words =
      put_together({letter(U'a', 20), line_end, letter(U'b', 80), line_end, letter(U'c', 20, 70)});
  REQUIRE(words.size() == 3);
  CHECK(words[0].after == After::space);
  CHECK(words[1].after == After::line_end);
  CHECK(words[2].after == After::paragraph_end);
}

TEST_CASE("pdf words: a long word and many words are cut at their bounds") {
  std::vector<Glyph> one(limits::kCleanWord + 50, letter(U'a', 20, 50, 0));
  const auto long_words = put_together(one);
  REQUIRE(long_words.size() == 2);
  CHECK(long_words[0].text.size() <= limits::kCleanWord);
  CHECK(long_words[0].text.size() > limits::kCleanWord - 8);
  CHECK(long_words[0].after == After::nothing);

  std::vector<Glyph> many;
  for (std::size_t i = 0; i < limits::kPageWords + 10; ++i) many.push_back(letter(U'a', i % 2 * 100.0));
  CHECK(put_together(many).size() == limits::kPageWords);
  many.resize(limits::kPageWords);
  CHECK(put_together(many).size() == limits::kPageWords);
  many.resize(limits::kPageWords - 1);
  CHECK(put_together(many).size() == limits::kPageWords - 1);
  CHECK(put_together({}).empty());
}
