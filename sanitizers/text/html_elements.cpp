// Kinds of elements (HTML standard sections 13.2.4.2 and 15.3), as far as plain text cares.
#include "sanitizers/text/html_elements.h"

#include <array>

namespace kiyome::sanitizer::text {

Shape shape_of(Tag tag) {
  switch (tag) {
    case Tag::p:
    case Tag::h1:
    case Tag::h2:
    case Tag::h3:
    case Tag::h4:
    case Tag::h5:
    case Tag::h6:
    case Tag::ul:
    case Tag::ol:
    case Tag::dl:
    case Tag::blockquote:
    case Tag::pre:
    case Tag::listing:
    case Tag::xmp:
    case Tag::plaintext:
    case Tag::figure:
    case Tag::menu:
    case Tag::dir:
      return Shape::paragraph;
    case Tag::address:
    case Tag::article:
    case Tag::aside:
    case Tag::body:
    case Tag::center:
    case Tag::dd:
    case Tag::details:
    case Tag::dialog:
    case Tag::div:
    case Tag::dt:
    case Tag::fieldset:
    case Tag::figcaption:
    case Tag::footer:
    case Tag::form:
    case Tag::frameset:
    case Tag::header:
    case Tag::hgroup:
    case Tag::hr:
    case Tag::html:
    case Tag::legend:
    case Tag::li:
    case Tag::main:
    case Tag::nav:
    case Tag::option:
    case Tag::optgroup:
    case Tag::section:
    case Tag::select:
    case Tag::summary:
    case Tag::table:
    case Tag::tbody:
    case Tag::td:
    case Tag::tfoot:
    case Tag::th:
    case Tag::thead:
    case Tag::tr:
    case Tag::caption:
      return Shape::block;
    default:
      return Shape::inline_;
  }
}

bool is_void(Tag tag) {
  switch (tag) {
    case Tag::area:
    case Tag::base:
    case Tag::basefont:
    case Tag::br:
    case Tag::col:
    case Tag::embed:
    case Tag::frame:
    case Tag::hr:
    case Tag::image:
    case Tag::img:
    case Tag::input:
    case Tag::keygen:
    case Tag::link:
    case Tag::meta:
    case Tag::param:
    case Tag::source:
    case Tag::track:
    case Tag::wbr:
      return true;
    default:
      return false;
  }
}

bool is_formatting(Tag tag) {
  switch (tag) {
    case Tag::a:
    case Tag::b:
    case Tag::big:
    case Tag::code:
    case Tag::em:
    case Tag::font:
    case Tag::i:
    case Tag::s:
    case Tag::small:
    case Tag::strike:
    case Tag::strong:
    case Tag::tt:
    case Tag::u:
      return true;
    default:
      return false;
  }
}

bool closes_paragraph(Tag tag) {
  const Shape shape = shape_of(tag);
  return shape != Shape::inline_ && !is_table_part(tag) && tag != Tag::body && tag != Tag::html &&
         tag != Tag::option && tag != Tag::optgroup && tag != Tag::legend;
}

bool is_scope(Tag tag) {
  switch (tag) {
    case Tag::table:
    case Tag::td:
    case Tag::th:
    case Tag::caption:
    case Tag::object:
    case Tag::applet:
    case Tag::marquee:
    case Tag::template_:
      return true;
    default:
      return false;
  }
}

bool is_table_part(Tag tag) {
  switch (tag) {
    case Tag::table:
    case Tag::tbody:
    case Tag::thead:
    case Tag::tfoot:
    case Tag::tr:
    case Tag::td:
    case Tag::th:
    case Tag::caption:
      return true;
    default:
      return false;
  }
}

bool begins_with_mark(std::string_view text) {
  constexpr std::string_view kMarks[] = {"■",  "□",  "●", "○", "◆",  "◇",  "▼",  "▽",  "▲",  "△",
                                         "★",  "☆",  "◎", "※", "【", "《", "〈", "＜", "「", "『",
                                         "［", "〔", "▶", "►", "・", "[",  "<",  "*",  "#",  "-"};
  for (const std::string_view mark : kMarks)
    if (text.starts_with(mark)) return true;
  return false;
}

std::string list_number(unsigned number, char type) {
  if ((type == 'a' || type == 'A') && number >= 1) {
    std::string letters;
    for (; number > 0 && letters.size() < 8; number = (number - 1) / 26)
      letters.insert(letters.begin(), static_cast<char>(type + (number - 1) % 26));
    return letters;
  }
  if ((type == 'i' || type == 'I') && number >= 1 && number < 4000) {
    struct Roman {
      unsigned value;
      std::string_view small;
    };
    constexpr Roman kRomans[] = {{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"},
                                 {90, "xc"},  {50, "l"},   {40, "xl"}, {10, "x"},   {9, "ix"},
                                 {5, "v"},    {4, "iv"},   {1, "i"}};
    std::string out;
    for (const Roman& roman : kRomans)
      for (; number >= roman.value; number -= roman.value) out += roman.small;
    if (type == 'I')
      for (char& c : out) c = static_cast<char>(c - 32);
    return out;
  }
  return std::to_string(number);
}

}  // namespace kiyome::sanitizer::text
