// The character rules. Trusts nothing about its input; most mail never leaves the fast path of the first
// pass.
#include "service/compose/characters.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <algorithm>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/compose/compose.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

using clean::Finding;

constexpr char32_t kZwnj = 0x200C;
constexpr char32_t kZwj = 0x200D;
constexpr char32_t kGeta = 0x3013;  // 〓, what printers set for a sort they lack
constexpr int kRounds = 4;          // passes until dropping joiners and composing have come to rest

bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

bool is_joiner(char32_t c) { return c == kZwnj || c == kZwj; }

bool is_compatibility_ideograph(char32_t c) {
  return within(c, 0xF900, 0xFAFF) || within(c, 0x2F800, 0x2FA1F);
}

// Characters that are their own normal form, take no part in composition but as a first character, and are
// neither marks nor joiners nor dropped: kana, kanji, Latin, symbols, emoji.
bool is_inert(char32_t c) {
  if (c < 0x300) return within(c, 0x20, 0x7E) || (c >= 0xA0 && c != 0xAD) || c == '\n' || c == '\t';
  if (c < 0x3000)
    return within(c, 0x2010, 0x2027) || within(c, 0x2030, 0x205E) || within(c, 0x2070, 0x20CF) ||
           within(c, 0x2150, 0x2328) || within(c, 0x232B, 0x27FF) || within(c, 0x2801, 0x2ADB) ||
           within(c, 0x2ADD, 0x2BFF);
  if (c < 0x4E00)
    return within(c, 0x3000, 0x3029) || within(c, 0x3030, 0x3096) || within(c, 0x309B, 0x30FF) ||
           within(c, 0x3190, 0x4DFF);
  if (c < 0x10000) return c <= 0x9FFF || within(c, 0xFF01, 0xFF9F) || within(c, 0xFFE0, 0xFFE6);
  return within(c, 0x1F000, 0x1FAFF) || within(c, 0x20000, 0x2F7FF);
}

enum class Fate : std::uint8_t { keep, drop, blank, line_end, private_use, noncharacter };

Fate fate_in_bmp(char32_t c) {
  if (c < 0x20)
    return c == '\n' || c == '\t' ? Fate::keep : within(c, 0x0B, 0x0C) ? Fate::line_end : Fate::drop;
  if (within(c, 0x7F, 0x9F)) return c == 0x85 ? Fate::line_end : Fate::drop;
  if (c < 0x2000) {
    const bool dropped = c == 0xAD || c == 0x34F || c == 0x61C || within(c, 0x115F, 0x1160) ||
                         within(c, 0x17B4, 0x17B5) || c == 0x180E;
    return dropped ? Fate::drop : Fate::keep;
  }
  if (within(c, 0x2028, 0x2029)) return Fate::line_end;
  if (c == 0x2800) return Fate::blank;
  if (c == 0x200B || within(c, 0x200E, 0x200F) || within(c, 0x202A, 0x202E) || within(c, 0x2060, 0x206F))
    return Fate::drop;
  if (within(c, 0xE000, 0xF8FF)) return Fate::private_use;
  if (within(c, 0xFDD0, 0xFDEF) || c >= 0xFFFE) return Fate::noncharacter;
  if (c == 0x3164 || c == 0xFEFF || c == 0xFFA0 || within(c, 0xFFF0, 0xFFFB)) return Fate::drop;
  return Fate::keep;
}

Fate fate(char32_t c) {
  if (c < 0x10000) return fate_in_bmp(c);
  if ((c & 0xFFFE) == 0xFFFE) return Fate::noncharacter;
  if (c >= 0xF0000) return Fate::private_use;
  if (within(c, 0xE0000, 0xE0FFF)) return within(c, 0xE0100, 0xE01EF) ? Fate::keep : Fate::drop;
  if (within(c, 0x1BCA0, 0x1BCA3) || within(c, 0x1D173, 0x1D17A) || within(c, 0x13441, 0x13442))
    return Fate::drop;
  return Fate::keep;
}

bool is_emoji(char32_t c) {
  return within(c, 0x2194, 0x2199) || within(c, 0x231A, 0x2328) || within(c, 0x232B, 0x23FF) ||
         within(c, 0x2600, 0x27BF) || within(c, 0x2B00, 0x2BFF) || within(c, 0x1F000, 0x1F3FA) ||
         within(c, 0x1F400, 0x1FAFF);
}

bool is_emoji_extender(char32_t c) { return within(c, 0x1F3FB, 0x1F3FF) || within(c, 0xFE0E, 0xFE0F); }

bool is_arabic(char32_t c) {
  return within(c, 0x620, 0x65F) || (within(c, 0x66E, 0x6D3)) || c == 0x6D5 || within(c, 0x6EE, 0x6EF) ||
         within(c, 0x6FA, 0x6FC) || c == 0x6FF || within(c, 0x750, 0x77F) || within(c, 0x8A0, 0x8C9);
}

bool is_indic(char32_t c) { return within(c, 0x900, 0xDFF) || within(c, 0x1000, 0x109F); }

bool is_virama(char32_t c) {
  switch (c) {
    case 0x94D:
    case 0x9CD:
    case 0xA4D:
    case 0xACD:
    case 0xB4D:
    case 0xBCD:
    case 0xC4D:
    case 0xCCD:
    case 0xD4D:
    case 0xDCA:
    case 0x1039:
    case 0x103A:
      return true;
    default:
      return false;
  }
}

// GRAMMAR.md section 1.1. `emoji_before`: an emoji and its extenders end right before the joiner.
bool joiner_allowed(char32_t joiner, char32_t before, char32_t after, bool emoji_before) {
  if (joiner == kZwj && emoji_before && is_emoji(after)) return true;
  if (joiner == kZwnj && is_arabic(before) && is_arabic(after)) return true;
  return is_indic(before) && is_indic(after) && (is_virama(before) || is_virama(after));
}

void take_unusual(char32_t c, std::string& out, std::vector<Finding>& findings) {
  switch (fate(c)) {
    case Fate::keep:
      append_code_point(out, c);
      break;
    case Fate::line_end:
      out += '\n';
      break;
    case Fate::blank:
      out += ' ';
      add_finding(findings, Finding::kForbiddenCharacter);
      break;
    case Fate::private_use:
      append_code_point(out, kGeta);
      add_finding(findings, Finding::kPrivateUseCharacter);
      break;
    case Fate::noncharacter:
      append_code_point(out, kReplacement);
      add_finding(findings, Finding::kForbiddenCharacter);
      break;
    case Fate::drop:
      add_finding(findings, Finding::kForbiddenCharacter);
      break;
  }
}

// Octets of the commonest Japanese characters at `at`, all inert: U+3040–30FF but the combining voicing
// marks, and U+4000–9FFF. 0 for everything else.
std::size_t kana_or_kanji(std::string_view in, std::size_t at) {
  if (in.size() - at < 3) return 0;
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(in[at + i]); };
  if ((octet(1) & 0xC0) != 0x80 || (octet(2) & 0xC0) != 0x80) return 0;
  if (octet(0) >= 0xE4 && octet(0) <= 0xE9) return 3;
  if (octet(0) != 0xE3 || !within(octet(1), 0x81, 0x83)) return 0;
  return octet(1) == 0x82 && within(octet(2), 0x99, 0x9A) ? 0 : 3;
}

// Drops and replaces by code point alone; appends to `out`. CR becomes LF. Runs of inert characters are
// copied whole. true when only inert characters were met: then the line is in its final form.
bool first_pass(std::string_view line, std::string& out, std::vector<Finding>& findings) {
  bool inert = true;
  std::size_t run = 0;
  for (std::size_t at = 0; at < line.size();) {
    const auto octet = static_cast<unsigned char>(line[at]);
    if (octet >= 0x20 && octet < 0x7F) {
      ++at;
      continue;
    }
    if (const std::size_t length = kana_or_kanji(line, at); length > 0) {
      at += length;
      continue;
    }
    const CodePoint c = code_point_at(line, at);
    if (c.valid && is_inert(c.value)) {
      at += c.length;
      continue;
    }
    out.append(line, run, at - run);
    at += c.length;
    run = at;
    if (!c.valid) {
      append_code_point(out, kReplacement);
      add_finding(findings, Finding::kUndecodableText);
    } else if (c.value == '\r') {
      out += '\n';
    } else {
      if (c.value >= 0x300) inert = false;
      take_unusual(c.value, out, findings);
    }
  }
  out.append(line, run, line.size() - run);
  return inert;
}

// Drops joiners out of place (all of them if `no_joiners`) and the ninth and later mark in a row. true if it
// dropped one.
bool drop_joiners_and_marks(std::string& text, bool no_joiners) {
  std::string out;
  out.reserve(text.size());
  char32_t before = '\n';
  bool emoji_before = false;
  std::size_t marks = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    const std::size_t next = at + c.length;
    bool keep = true;
    if (is_joiner(c.value)) {
      const char32_t after = next < text.size() ? code_point_at(text, next).value : U'\n';
      keep = !no_joiners && joiner_allowed(c.value, before, after, emoji_before);
    } else if (!is_inert(c.value) && is_mark(c.value)) {
      keep = ++marks <= limits::kCombiningMarks;
    } else {
      marks = 0;
    }
    if (keep) {
      out.append(text, at, c.length);
      emoji_before = is_emoji(c.value) || (emoji_before && is_emoji_extender(c.value));
      before = c.value;
    }
    at = next;
  }
  const bool dropped = out.size() != text.size();
  text = std::move(out);
  return dropped;
}

void append_nfc(std::string_view run, std::string& out) {
  if (run.empty()) return;
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  KIYOME_CHECK(U_SUCCESS(status));
  const icu::StringPiece piece(run.data(), static_cast<std::int32_t>(run.size()));
  icu::StringByteSink<std::string> sink(&out, piece.length());
  nfc->normalizeUTF8(0, piece, sink, nullptr, status);
  KIYOME_CHECK(U_SUCCESS(status));
}

// Normal form, joiners, marks. Dropping can bring characters together that compose, and composing can move a
// joiner out of place: repeat. From kRounds on every joiner goes; then nothing is left that could change
// twice.
std::string settled(std::string_view line, std::vector<Finding>& findings) {
  std::string text = composed(line);
  for (int round = 0; round < 2 * kRounds; ++round) {
    if (!drop_joiners_and_marks(text, round >= kRounds)) break;
    add_finding(findings, Finding::kForbiddenCharacter);
    text = composed(text);
  }
  return text;
}

// A line end is a border for every rule, so lines are taken one by one and only unusual ones see the slow
// passes.
std::string clean_characters(std::string_view utf8, std::vector<Finding>& findings) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t begin = 0; begin < utf8.size();) {
    const std::size_t end = std::min(utf8.find('\n', begin), utf8.size());
    std::string_view line = utf8.substr(begin, end - begin);
    if (end < utf8.size() && line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t line_begin = out.size();
    if (!first_pass(line, out, findings)) {
      const std::string final_form = settled(std::string_view(out).substr(line_begin), findings);
      out.replace(line_begin, std::string::npos, final_form);
    }
    if (end < utf8.size()) out += '\n';
    begin = end + 1;
  }
  return out;
}

}  // namespace

void add_finding(std::vector<Finding>& findings, Finding finding) {
  if (std::find(findings.begin(), findings.end(), finding) == findings.end()) findings.push_back(finding);
}

bool is_mark(char32_t c) { return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_M_MASK) != 0; }

std::string composed(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  std::size_t run = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    if (lead != 0xEF && lead != 0xF0) {  // the only leads of compatibility ideographs
      ++at;
      continue;
    }
    const CodePoint c = code_point_at(utf8, at);
    if (is_compatibility_ideograph(c.value)) {
      append_nfc(utf8.substr(run, at - run), out);
      out.append(utf8, at, c.length);
      run = at + c.length;
    }
    at += c.length;
  }
  append_nfc(utf8.substr(run), out);
  return out;
}

std::string compatibility_form(std::string_view utf8) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
  KIYOME_CHECK(U_SUCCESS(status));
  const icu::StringPiece piece(utf8.data(), static_cast<std::int32_t>(utf8.size()));
  std::string out;
  icu::StringByteSink<std::string> sink(&out, piece.length());
  nfkc->normalizeUTF8(0, piece, sink, nullptr, status);
  KIYOME_CHECK(U_SUCCESS(status));
  return out;
}

void warm_up() {
  std::vector<Finding> findings;
  (void)clean_text("か\u3099", findings);
  (void)compatibility_form("①");
}

std::string clean_text(std::string_view utf8, std::vector<Finding>& findings) {
  return clean_characters(utf8, findings);
}

std::string clean_line(std::string_view utf8, std::vector<Finding>& findings) {
  std::string text = clean_characters(utf8, findings);
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return text;
}

}  // namespace kiyome::compose
