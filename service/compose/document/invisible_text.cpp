// See invisible_text.h.
#include "service/compose/document/invisible_text.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>

#include "proto/base/limits.h"
#include "service/compose/compose.h"
#include "service/compose/document/pdf_number.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

constexpr std::uint16_t kFirstOwnCode = 0xE000;  // private use: no clean text has a character there
constexpr std::size_t kOwnCodes = 6400;
constexpr int kInk = 12;  // levels; a background of a JPEG varies by less

bool is_private_use(char32_t c) { return (c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000; }

// Gaiji are left out: they would be found as nothing that the page shows.
std::string without_private_use(const std::string& text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (!is_private_use(c.value)) kept.append(text, at, c.length);
    at += c.length;
  }
  return kept;
}

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string searchable(const std::string& text, std::vector<clean::Finding>& findings) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  return std::string(without_blanks(ascii ? text : clean_line(without_private_use(text), findings)));
}

// Where a word stands, in thousandths of a point from the lower left corner.
struct Matrix {
  std::uint64_t step = 1, size = 1, x = 0, y = 0;
};

void append_numbers(std::string& out, std::initializer_list<std::uint64_t> values) {
  for (const std::uint64_t value : values) {
    append_thousandths(out, value);
    out += ' ';
  }
}

// On the line of `word` and behind it: how far it is to the next word, so that the blank between them fills
// the gap. 0 when that is somewhere else.
std::uint32_t reach(const clean::Word& word, const clean::Word& next) {
  if (next.vertical != word.vertical) return 0;
  const auto [at, size, next_at, across, high, next_across, next_high] =
      word.vertical ? std::array{word.y, word.height, next.y, word.x, word.width, next.x, next.width}
                    : std::array{word.x, word.width, next.x, word.y, word.height, next.y, next.height};
  const bool beside = next_across < across + high && across < next_across + next_high;
  const bool near = next_at >= at + size && next_at - at - size <= 2 * std::uint64_t{high};
  return beside && near ? next_at - at : 0;
}

}  // namespace

bool shows_ink(const Pixels& page, const clean::Page& size, const clean::Word& word, std::uint64_t& looks) {
  const auto scaled = [](std::uint64_t at, std::uint32_t pixels, std::uint32_t millipoints) {
    return static_cast<std::uint32_t>(at * pixels / std::max(millipoints, 1u));
  };
  const std::uint32_t across = std::max(size.width_millipoints, size.spread_width_millipoints);
  const std::uint32_t down = std::max(size.height_millipoints, size.spread_height_millipoints);
  const std::uint32_t x0 = scaled(word.x, page.width, across);
  const std::uint32_t y0 = scaled(word.y, page.height, down);
  const std::uint32_t x1 = scaled(std::uint64_t{word.x} + word.width, page.width, across) + 1;
  const std::uint32_t y1 = scaled(std::uint64_t{word.y} + word.height, page.height, down) + 1;
  if (x0 >= page.width || y0 >= page.height) return false;
  const Pixels box = page.part({x0, y0, std::min(x1, page.width) - x0, std::min(y1, page.height) - y0});
  const std::uint8_t* first = box.row(0);
  for (std::uint32_t y = 0; y < box.height; ++y) {
    if (looks < box.width) return false;
    looks -= box.width;
    const std::uint8_t* row = box.row(y);
    for (std::size_t i = 0; i < box.row_octets(); ++i)
      if (std::abs(row[i] - first[i % box.channels]) > kInk) return true;
  }
  return false;
}

// Codes of `text` in hexadecimal; false when one of its characters gets none any more.
bool InvisibleText::append_codes(const std::string& text, std::string& hex, std::uint32_t& count) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    at += c.length;
    ++count;
    if (c.value < 0x10000) {
      append_hex_16(hex, static_cast<std::uint16_t>(c.value));
      continue;
    }
    const auto known = codes_.find(c.value);
    if (known == codes_.end() && characters_.size() == kOwnCodes) return false;
    const auto code = known != codes_.end() ? known->second
                                            : static_cast<std::uint16_t>(kFirstOwnCode + characters_.size());
    if (known == codes_.end()) {
      codes_.emplace(c.value, code);
      characters_.push_back(c.value);
    }
    append_hex_16(hex, code);
  }
  return count > 0;
}

// Codes of a word that is not shown: ToUnicode maps what is shown and nothing else.
void InvisibleText::take_back(std::size_t characters) {
  for (; characters_.size() > characters; characters_.pop_back()) codes_.erase(characters_.back());
}

void InvisibleText::append_word(const clean::Words& words, std::size_t at, const clean::Page& page,
                                std::string& out) {
  const clean::Word& word = words.words[at];
  std::string hex;
  std::uint32_t count = 0;
  const std::size_t characters = characters_.size();
  if (!append_codes(searchable(word.text, findings_), hex, count) || count > limits::kCleanWord)
    return take_back(characters);
  std::uint32_t length = word.vertical ? word.height : word.width;
  if (word.after == clean::After::space && count < limits::kCleanWord) {
    hex += "0020";
    ++count;
    const std::uint32_t next = at + 1 < words.words.size() ? reach(word, words.words[at + 1]) : 0;
    length = next > 0 ? next : length + length / count;
  }
  Matrix matrix;
  const std::uint64_t high = word.vertical ? word.width : word.height;
  matrix.size = std::max<std::uint64_t>(high * 3 / 4, 1);
  matrix.step = std::max((length + count / 2) / count, 1u);
  // Boxes of words are as high as their font allows and may reach into the next line; what a reader takes for
  // the word must not, or it sees one line. A fifth of the box is below the baseline.
  const std::uint64_t width = page.width_millipoints, height = page.height_millipoints;
  const std::uint64_t top = std::min<std::uint64_t>(word.y, height);
  if (word.vertical) {
    matrix.x = std::min(std::uint64_t{word.x} + high / 5, width);
    matrix.y = height - top;
    out += "0 -";
    append_numbers(out, {matrix.step, matrix.size, 0, matrix.x, matrix.y});
  } else {
    matrix.x = std::min<std::uint64_t>(word.x, width);
    matrix.y = std::min(height - std::min(top + word.height, height) + high / 5, height);
    append_numbers(out, {matrix.step, 0, 0, matrix.size, matrix.x, matrix.y});
  }
  out.append("Tm\n<").append(hex).append("> Tj\n");
}

std::string InvisibleText::text_object(const clean::Words& words, const clean::Page& page,
                                       const Pixels* pixels) {
  std::string shown;
  // Boxes of honest words lie beside each other; a hundred thousand as large as the page would take hours.
  std::uint64_t looks = pixels == nullptr ? 0 : limits::kInkLooks * pixels->area();
  for (std::size_t i = 0; i < words.words.size(); ++i)
    if (pixels == nullptr || shows_ink(*pixels, page, words.words[i], looks))
      append_word(words, i, page, shown);
  if (shown.empty()) return {};
  return "BT\n3 Tr\n/F0 1 Tf\n" + shown + "ET\n";
}

std::string InvisibleText::to_unicode() const {
  std::string out =
      "/CIDInit /ProcSet findresource begin\n"
      "12 dict begin\n"
      "begincmap\n"
      "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
      "/CMapName /Kiyome def\n"
      "/CMapType 2 def\n"
      "1 begincodespacerange\n"
      "<0000> <FFFF>\n"
      "endcodespacerange\n";
  std::vector<std::uint16_t> high;  // octets
  for (std::uint16_t octet = 0; octet <= 0xFF; ++octet)
    if (octet <= 0xD7 || octet >= 0xF9) high.push_back(octet);
  constexpr std::size_t kBlock = 100;  // entries, ISO 32000-1 9.7.5.4
  const auto begin_block = [&](std::size_t at, std::size_t of, const char* operation) {
    out.append(std::to_string(std::min(kBlock, of - at))).append(" begin").append(operation).append("\n");
  };
  for (std::size_t i = 0; i < high.size(); ++i) {
    if (i % kBlock == 0) begin_block(i, high.size(), "bfrange");
    const auto first = static_cast<std::uint16_t>(high[i] << 8);
    out += '<';
    append_hex_16(out, first);
    out += "> <";
    append_hex_16(out, first | 0xFF);
    out += "> <";
    append_hex_16(out, first);
    out += ">\n";
    if (i % kBlock == kBlock - 1 || i + 1 == high.size()) out += "endbfrange\n";
  }
  for (std::size_t i = 0; i < characters_.size(); ++i) {
    if (i % kBlock == 0) begin_block(i, characters_.size(), "bfchar");
    out += '<';
    append_hex_16(out, static_cast<std::uint16_t>(kFirstOwnCode + i));
    out += "> <";
    append_utf16(out, characters_[i]);
    out += ">\n";
    if (i % kBlock == kBlock - 1 || i + 1 == characters_.size()) out += "endbfchar\n";
  }
  return out +
         "endcmap\n"
         "CMapName currentdict /CMap defineresource pop\n"
         "end\n"
         "end\n";
}

}  // namespace kiyome::compose
