// See html_symbols.h. The codes are those of the fonts; Word writes them as letters, as Windows' Western
// characters, or as private use characters from U+F020 on.
#include "sanitizers/text/html_symbols.h"

namespace kiyome::sanitizer::text {
namespace {

struct Symbol {
  unsigned char code;
  std::string_view shown;
};

// Bullets are all one to a reader of plain text.
constexpr Symbol kWingdings[] = {
    {'(', "☎"},  {'*', "✉"},  {'A', "✌"},  {'C', "👍"},  {'D', "👎"},  {'E', "☜"},  {'F', "☞"},  {'G', "☝"},
    {'J', "☺"},  {'K', "😐"},  {'L', "☹"},  {'R', "☼"},  {0xa8, "☐"}, {0xdf, "←"}, {0xe0, "→"}, {0xe1, "↑"},
    {0xe2, "↓"}, {0xe8, "→"}, {0xfb, "✗"}, {0xfc, "✓"}, {0xfd, "☒"}, {0xfe, "☑"}, {'o', "☐"},
};

constexpr std::string_view kGreekSmall[] = {"α", "β", "χ", "δ", "ε", "φ", "γ", "η", "ι", "ϕ", "κ", "λ", "μ",
                                            "ν", "ο", "π", "θ", "ρ", "σ", "τ", "υ", "ϖ", "ω", "ξ", "ψ", "ζ"};
constexpr std::string_view kGreekCapital[] = {"Α", "Β", "Χ", "Δ", "Ε", "Φ", "Γ", "Η", "Ι",
                                              "ϑ", "Κ", "Λ", "Μ", "Ν", "Ο", "Π", "Θ", "Ρ",
                                              "Σ", "Τ", "Υ", "ς", "Ω", "Ξ", "Ψ", "Ζ"};
constexpr Symbol kSymbol[] = {
    {0xa3, "≤"}, {0xa5, "∞"}, {0xab, "↔"}, {0xac, "←"}, {0xad, "↑"}, {0xae, "→"}, {0xaf, "↓"}, {0xb0, "°"},
    {0xb1, "±"}, {0xb3, "≥"}, {0xb4, "×"}, {0xb8, "÷"}, {0xb9, "≠"}, {0xbb, "≈"}, {0xde, "⇒"}, {0xe5, "∑"},
};

std::string_view greek_of(char32_t code) {
  if (code >= 'a' && code <= 'z') return kGreekSmall[code - 'a'];
  if (code >= 'A' && code <= 'Z') return kGreekCapital[code - 'A'];
  for (const Symbol& one : kSymbol)
    if (one.code == code) return one.shown;
  return {};
}

}  // namespace

std::string_view symbol_of(SymbolFont font, char32_t character) {
  const bool is_private = character >= 0xf021 && character <= 0xf0ff;
  const char32_t code = is_private ? character - 0xf000 : character;
  if (font == SymbolFont::none || code <= 0x20 || code > 0xff) return {};
  if (font == SymbolFont::symbol) {
    if (const std::string_view greek = greek_of(code); !greek.empty()) return greek;
    return is_private || code > 0x7f ? "・" : std::string_view();  // digits and signs are themselves
  }
  for (const Symbol& one : kWingdings)
    if (one.code == code) return one.shown;
  return "・";
}

}  // namespace kiyome::sanitizer::text
