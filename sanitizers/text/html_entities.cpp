// Character references: numbers with the repairs that browsers make, names by binary search. Bounded by the
// longest name.
#include "sanitizers/text/html_entities.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace kiyome::sanitizer::text {
namespace {

struct Entity {
  std::string_view name;
  std::uint32_t first, second;
};

constexpr Entity kEntities[] = {
#include "sanitizers/text/html_entities.def"
};
constexpr std::size_t kLongestName = 31;

// Those that need no semicolon, for old pages' sake.
constexpr std::string_view kLegacy[] = {
    "AElig",  "AMP",    "Aacute", "Acirc",  "Agrave", "Aring",  "Atilde", "Auml",  "COPY",   "Ccedil",
    "ETH",    "Eacute", "Ecirc",  "Egrave", "Euml",   "GT",     "Iacute", "Icirc", "Igrave", "Iuml",
    "LT",     "Ntilde", "Oacute", "Ocirc",  "Ograve", "Oslash", "Otilde", "Ouml",  "QUOT",   "REG",
    "THORN",  "Uacute", "Ucirc",  "Ugrave", "Uuml",   "Yacute", "aacute", "acirc", "acute",  "aelig",
    "agrave", "amp",    "aring",  "atilde", "auml",   "brvbar", "ccedil", "cedil", "cent",   "copy",
    "curren", "deg",    "divide", "eacute", "ecirc",  "egrave", "eth",    "euml",  "frac12", "frac14",
    "frac34", "gt",     "iacute", "icirc",  "iexcl",  "igrave", "iquest", "iuml",  "laquo",  "lt",
    "macr",   "micro",  "middot", "nbsp",   "not",    "ntilde", "oacute", "ocirc", "ograve", "ordf",
    "ordm",   "oslash", "otilde", "ouml",   "para",   "plusmn", "pound",  "quot",  "raquo",  "reg",
    "sect",   "shy",    "sup1",   "sup2",   "sup3",   "szlig",  "thorn",  "times", "uacute", "ucirc",
    "ugrave", "uml",    "uuml",   "yacute", "yen",    "yuml",
};
constexpr std::size_t kLongestLegacy = 6;

// What 0x80…0x9F mean in numeric references: windows-1252 (HTML standard, "numeric character reference end
// state").
constexpr std::array<char16_t, 32> kWindows = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int digit(char c, unsigned base) {
  if (c >= '0' && c <= '9') return c - '0';
  if (base == 16 && c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (base == 16 && c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

CharacterReference numeric(std::string_view s, std::size_t at) {
  std::size_t i = at + 2;
  const unsigned base = i < s.size() && (s[i] == 'x' || s[i] == 'X') ? 16 : 10;
  if (base == 16) ++i;
  const std::size_t start = i;
  char32_t c = 0;
  for (; i < s.size() && digit(s[i], base) >= 0; ++i)
    c = std::min<char32_t>(0x110000, c * base + static_cast<char32_t>(digit(s[i], base)));
  if (i == start) return {};
  if (i < s.size() && s[i] == ';') ++i;
  if (c >= 0x80 && c < 0xa0) c = kWindows[c - 0x80];
  if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) c = 0xfffd;
  return {i - at, c, 0};
}

const Entity* find(std::string_view name) {
  const Entity* const entity =
      std::lower_bound(std::begin(kEntities), std::end(kEntities), name,
                       [](const Entity& e, std::string_view n) { return e.name < n; });
  return entity != std::end(kEntities) && entity->name == name ? entity : nullptr;
}

}  // namespace

CharacterReference character_reference(std::string_view s, std::size_t at, bool in_attribute) {
  if (at + 1 >= s.size()) return {};
  if (s[at + 1] == '#') return numeric(s, at);
  std::size_t length = 0;
  while (length <= kLongestName && at + 1 + length < s.size() && is_alphanumeric(s[at + 1 + length]))
    ++length;
  const std::string_view name = s.substr(at + 1, length);
  if (length != 0 && at + 1 + length < s.size() && s[at + 1 + length] == ';')
    if (const Entity* entity = find(name)) return {length + 2, entity->first, entity->second};
  for (std::size_t n = std::min(length, kLongestLegacy); n >= 2; --n) {
    const std::string_view prefix = name.substr(0, n);
    if (!std::binary_search(std::begin(kLegacy), std::end(kLegacy), prefix)) continue;
    const std::size_t after = at + 1 + n;
    if (in_attribute && after < s.size() && (s[after] == '=' || is_alphanumeric(s[after]))) return {};
    const Entity* entity = find(prefix);
    return {n + 1, entity->first, 0};
  }
  return {};
}

void append_character(std::string& out, char32_t c) {
  if (c < 0x80) {
    if ((c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n') out += static_cast<char>(c);
    return;
  }
  if (c < 0xa0 || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe) return;
  if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
  }
  out += static_cast<char>(0x80 | (c & 0x3f));
}

std::string attribute_text(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  std::size_t at = 0;
  while (at < raw.size()) {
    const std::size_t ampersand = std::min(raw.find('&', at), raw.size());
    out.append(raw, at, ampersand - at);
    at = ampersand;
    if (at == raw.size()) break;
    const CharacterReference reference = character_reference(raw, at, true);
    if (reference.octets == 0) {
      out += '&';
      ++at;
      continue;
    }
    append_character(out, reference.first);
    if (reference.second != 0) append_character(out, reference.second);
    at += reference.octets;
  }
  return out;
}

}  // namespace kiyome::sanitizer::text
