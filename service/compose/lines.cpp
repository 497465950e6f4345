// Finds lines that read as something else. Input is hostile text in clean characters; linear in its length.
#include "service/compose/lines.h"

#include <unicode/uchar.h>

#include "service/compose/characters.h"
#include "service/compose/compose.h"
#include "service/compose/references.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

constexpr std::size_t kComparedCharacters =
    8;  // 送信者確認 and [無害化] with room for doubled brackets made one

bool starts_with_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i)
    if (ascii_lower(text[i]) != lower[i]) return false;
  return true;
}

// The line without blanks and quote marks at its begin.
std::string_view without_lead(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size()) {
    const CodePoint c = code_point_at(line, at);
    if (!is_blank(c.value) && c.value != '>') break;
    at += c.length;
  }
  return line.substr(at);
}

bool begins_uuencode(std::string_view text) {
  if (!starts_with_ignoring_case(text, "begin")) return false;
  text.remove_prefix(5);
  if (starts_with_ignoring_case(text, "-base64")) return true;
  std::size_t blanks = 0;
  while (blanks < text.size() && (text[blanks] == ' ' || text[blanks] == '\t')) ++blanks;
  if (blanks != 1) return blanks > 1;
  const std::string_view mode = text.substr(1, 3);
  return mode.size() == 3 && mode.find_first_not_of("01234567") == std::string_view::npos;
}

bool begins_armor(std::string_view text) {
  const std::size_t dashes = std::min(text.find_first_not_of('-'), text.size());
  if (dashes < 2) return false;
  text.remove_prefix(dashes);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return starts_with_ignoring_case(text, "begin ");
}

bool is_rule(char32_t c) {
  switch (c) {
    case '-':
    case '=':
    case '*':
    case '#':
    case '_':
    case 0x2015:
    case 0x2500:
    case 0x2501:
      return true;
    default:
      return false;
  }
}

bool is_space(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0; }

// A character a line of ours could begin with: a bracket of any kind, 送, or what NFKC may make of one.
bool may_begin_ours(char32_t c) {
  if (c == 0x9001 || c == '<') return true;
  if (c > 0x2FDF && c < 0x3000) return false;
  if (c >= 0x301E && c < 0xF900) return false;
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & (U_GC_PS_MASK | U_GC_PI_MASK)) != 0 || c >= 0xF900;
}

// '[' or ']' for a bracket of any kind, else the character itself.
char32_t bracket_made_alike(char32_t c) {
  if (c == '<' || c == 0xFF1C) return '[';
  if (c == '>' || c == 0xFF1E) return ']';
  const std::uint32_t mask = U_GET_GC_MASK(static_cast<UChar32>(c));
  if ((mask & (U_GC_PS_MASK | U_GC_PI_MASK)) != 0) return '[';
  if ((mask & (U_GC_PE_MASK | U_GC_PF_MASK)) != 0) return ']';
  return c;
}

// The first characters of the line in the form all imitations share: no spaces, no marks, brackets alike and
// single, NFKC.
std::string likeness(std::string_view line) {
  std::string out;
  std::size_t characters = 0;
  char32_t before = 0;
  for (std::size_t at = 0; at < line.size() && characters < kComparedCharacters;) {
    const CodePoint c = code_point_at(line, at);
    at += c.length;
    if (is_space(c.value) || is_mark(c.value) || c.value == 0x200C || c.value == 0x200D) continue;
    const char32_t alike = bracket_made_alike(c.value);
    if (alike == '[' && before == '[') continue;
    append_code_point(out, alike);
    before = alike;
    ++characters;
  }
  return compatibility_form(out);
}

}  // namespace

bool begins_encoding(std::string_view line) {
  const std::string_view text = without_lead(line);
  if (text.empty()) return false;
  switch (text[0]) {
    case 'b':
    case 'B':
      return begins_uuencode(text);
    case '=':
      return starts_with_ignoring_case(text, "=ybegin") || starts_with_ignoring_case(text, "=ypart") ||
             starts_with_ignoring_case(text, "=yend");
    case '(':
      return starts_with_ignoring_case(text, "(this file must be converted with binhex");
    case '-':
      return begins_armor(text);
    default:
      return false;
  }
}

bool imitates_us(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    const CodePoint c = code_point_at(line, at);
    if (!is_rule(c.value) && !is_mark(c.value) && !is_space(c.value)) {
      if (!may_begin_ours(c.value)) return false;
      const std::string alike = likeness(line.substr(at));
      return alike.starts_with("[無害化") || alike.starts_with("[外部]") || alike.starts_with(kSenderCheck);
    }
    at += c.length;
  }
  return false;
}

bool escape_lines(std::string& text) {
  std::string out;
  std::size_t copied = 0;
  bool changed = false;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (begins_encoding(line) || imitates_us(line)) {
      out.append(text, copied, begin - copied).append(kEscape);
      copied = begin;
      changed = true;
    }
    begin = end + 1;
  }
  if (!changed) return false;
  out.append(text, copied);
  text = std::move(out);
  return true;
}

std::string clean_body(std::string_view utf8, bool break_links, std::vector<clean::Finding>& findings) {
  std::string text = clean_text(utf8, findings);
  if (break_references(text, break_links)) add_finding(findings, clean::Finding::kBrokenScheme);
  if (escape_lines(text)) add_finding(findings, clean::Finding::kEscapedLine);
  return text;
}

}  // namespace kiyome::compose
