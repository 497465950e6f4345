// Guessing and overruling of charsets. Measured rules (LIBRARIES.md "Text"): nothing here can fail, only
// guess badly.
#include "sanitizers/text/guess.h"

#include <uchardet/uchardet.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "proto/base/limits.h"
#include "sanitizers/text/clean_writer.h"
#include "sanitizers/text/japanese.h"

namespace kiyome::sanitizer::text {
namespace {

using U8 = unsigned char;

constexpr Charset kUtf8{Scheme::utf8, 0}, kJis{Scheme::iso2022jp, 0}, kCp932{Scheme::cp932, 0},
    kEucJp{Scheme::eucjp, 0};
constexpr std::size_t kFewOctets = 24;  // 8-bit octets below which uchardet is no better than a coin
constexpr std::size_t kUtf16Share = 8;  // one octet in so many being NUL makes octets UTF-16

struct Survey {
  std::size_t eight_bit = 0;
  std::size_t isolated = 0;  // 8-bit octets between two 7-bit ones, as in Western words
  std::size_t accents = 0;   // of the isolated: letters of Western charsets
  std::size_t quotes = 0;    // of the isolated: quotation marks, dashes and dots of Windows' Western charset
  std::size_t letters = 0;   // ASCII letters
  std::size_t nul = 0;
};

Survey survey(std::string_view s) {
  Survey found;
  std::size_t at = 0;
  bool before = false;
  while (at < s.size()) {
    const std::size_t plain = plain_prefix(s.substr(at));
    for (const char c : s.substr(at, plain)) found.letters += (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    at += plain;
    if (plain != 0) before = false;
    if (at == s.size()) break;
    const U8 octet = static_cast<U8>(s[at]);
    const bool high = static_cast<U8>(s[at]) >= 0x80;
    const bool after = at + 1 < s.size() && static_cast<U8>(s[at + 1]) >= 0x80;
    found.eight_bit += high;
    if (high && !before && !after) {
      ++found.isolated;
      found.accents += octet >= 0xc0;
      found.quotes += octet == 0x85 || (octet >= 0x91 && octet <= 0x97);
    }
    found.nul += s[at] == '\0';
    before = high;
    ++at;
  }
  return found;
}

bool has_japanese_escape(std::string_view s) {
  for (std::size_t at = s.find('\x1b'); at != std::string_view::npos; at = s.find('\x1b', at + 1)) {
    const std::string_view rest = s.substr(at + 1, 3);
    if (rest.starts_with("$B") || rest.starts_with("$@") || rest.starts_with("(J") ||
        rest.starts_with("(I") || rest.starts_with("$(D") || rest.starts_with("$(O") ||
        rest.starts_with("$(Q") || rest.starts_with("$(B"))
      return true;
  }
  return false;
}

std::optional<Guess> by_mark(std::string_view s) {
  if (s.starts_with("\xef\xbb\xbf")) return Guess{kUtf8, true};
  if (s.starts_with(std::string_view("\xff\xfe\0\0", 4)) ||
      s.starts_with(std::string_view("\0\0\xfe\xff", 4)))
    return Guess{{Scheme::utf32, 0}, true};
  if (s.starts_with("\xff\xfe") || s.starts_with("\xfe\xff")) return Guess{{Scheme::utf16, 0}, true};
  return std::nullopt;
}

long score(const JapaneseShape& shape) {
  return 3 * static_cast<long>(shape.kana) + static_cast<long>(shape.common) -
         2 * static_cast<long>(shape.rare) - static_cast<long>(shape.half_kana) -
         5 * static_cast<long>(shape.odd) - 20 * static_cast<long>(shape.invalid);
}

std::size_t characters(const JapaneseShape& shape) {
  return shape.kana + shape.common + shape.rare + shape.half_kana + shape.odd;
}

// One damaged place in fifty characters is a damaged text, not another charset.
bool fits(const JapaneseShape& shape) {
  return shape.invalid * 50 <= characters(shape) && characters(shape) > 0;
}

bool plainly_japanese(const JapaneseShape& shape) {
  return fits(shape) && shape.kana >= 3 && shape.kana * 4 >= characters(shape);
}

std::optional<Guess> by_kana(std::string_view s, const Survey& found, Kind kind) {
  const JapaneseShape sjis = cp932_shape(s), euc = eucjp_shape(s);
  const bool sjis_fits = fits(sjis), euc_fits = fits(euc);
  if (!sjis_fits && !euc_fits) return std::nullopt;
  const bool choose_euc = euc_fits && (!sjis_fits || score(euc) >= score(sjis));
  const JapaneseShape& best = choose_euc ? euc : sjis;
  const Charset charset = choose_euc ? kEucJp : kCp932;
  if (best.kana > 0 && score(best) > 0) return Guess{charset, plainly_japanese(best)};
  // Without kana it may be Chinese, Korean or Western as well. Few characters, all of them common: Japanese.
  const bool western = found.accents * 2 > found.eight_bit ||
                       (found.quotes * 2 > found.eight_bit && found.letters > 4 * found.eight_bit);
  const bool few = kind == Kind::word || found.eight_bit < kFewOctets;
  if (!western && few && best.invalid == 0 && best.rare == 0 && best.odd == 0 && best.common != 0 &&
      best.half_kana <= 3 * best.common)
    return Guess{charset, false};
  if (!choose_euc && few && best.invalid == 0 && best.half_kana > 2 && best.half_kana == characters(best))
    return Guess{charset, false};
  return std::nullopt;
}

// Common kanji throughout, which octets of another charset hardly make.
bool is_everyday(const JapaneseShape& shape) {
  return shape.invalid == 0 && shape.odd == 0 && shape.common > shape.half_kana &&
         shape.rare * 8 <= shape.common;
}

std::optional<Guess> by_common_kanji(std::string_view s) {
  const JapaneseShape euc = eucjp_shape(s), sjis = cp932_shape(s);
  if (is_everyday(euc)) return Guess{kEucJp, false};
  if (is_everyday(sjis)) return Guess{kCp932, false};
  return std::nullopt;
}

std::optional<Charset> by_uchardet(std::string_view s) {
  const uchardet_t detector = uchardet_new();
  if (detector == nullptr) return std::nullopt;
  uchardet_handle_data(detector, s.data(), s.size());
  uchardet_data_end(detector);
  const Charset charset = charset_of(uchardet_get_charset(detector));
  uchardet_delete(detector);
  switch (charset.scheme) {
    case Scheme::unknown:
    case Scheme::undeclared:
    case Scheme::ascii:
    case Scheme::utf8:  // was looked at before
    case Scheme::utf16:
    case Scheme::utf32:
      return std::nullopt;
    default:
      return charset;
  }
}

}  // namespace

Guess guess_charset(std::string_view octets, Kind kind) {
  const std::string_view s = octets.substr(0, limits::kGuessOctets);
  if (const auto marked = by_mark(s)) return *marked;
  if (s.find("\x1b$)C") != std::string_view::npos) return {{Scheme::iso2022kr, 0}, true};
  if (has_japanese_escape(octets)) return {kJis, true};
  const Survey found = survey(s);
  if (found.nul * kUtf16Share > s.size() && s.size() >= 4) return {{Scheme::utf16, 0}, false};
  if (found.eight_bit == 0) {
    // Beyond the surveyed part there may be 8-bit text still; UTF-8 reads ASCII as well.
    return {kUtf8, true};
  }
  const Utf8Shape utf8 = utf8_shape(s);
  if (utf8.sequences > 0 && utf8.invalid * 20 <= utf8.sequences) {
    // Kanji in EUC-JP can be the octets of combining marks in UTF-8, which no text piles up like that.
    const JapaneseShape euc = utf8.marks * 4 >= utf8.sequences ? eucjp_shape(s) : JapaneseShape{};
    if (euc.common == 0 || euc.common != characters(euc) || euc.invalid != 0) return {kUtf8, true};
    return {kEucJp, false};
  }
  if (const auto japanese = by_kana(s, found, kind)) return *japanese;
  if (found.eight_bit >= kFewOctets || (kind == Kind::body && found.isolated * 2 <= found.eight_bit))
    if (const auto charset = by_uchardet(s)) {
      // Kanji alone have been taken for Greek and Cyrillic; those would not be common kanji throughout.
      if (charset->scheme == Scheme::single_octet && found.accents * 4 < found.eight_bit)
        if (const auto kanji = by_common_kanji(s)) return *kanji;
      return {*charset, false};
    }
  if (found.isolated * 2 <= found.eight_bit)
    if (const auto kanji = by_common_kanji(s)) return *kanji;
  return {charset_of("windows-1252"), false};
}

namespace {

// UTF-8 where something else was declared: enough of it, and nothing that is not.
bool plainly_utf8(std::string_view s, std::size_t sequences, std::size_t three) {
  const Utf8Shape shape = utf8_shape(s);
  return shape.invalid == 0 && (shape.sequences >= sequences || shape.three >= three);
}

Choice overrule_when(bool condition, Guess guess, Charset declared) {
  return condition ? Choice{guess.charset, true} : Choice{declared, false};
}

Choice choose_for_utf8(std::string_view octets, std::string_view s, Charset declared, Kind kind) {
  const Utf8Shape shape = utf8_shape(s);
  if (shape.invalid == 0 && (shape.sequences > 0 || !has_japanese_escape(octets))) return {declared, false};
  if (shape.invalid > 0 && shape.invalid <= shape.sequences) return {declared, false};  // a damaged text
  const Guess guess = guess_charset(octets, kind);
  return overrule_when(guess.charset.scheme != Scheme::utf8, guess, declared);
}

Choice choose_for_japanese(std::string_view octets, std::string_view s, Charset declared, const Survey& found,
                           Kind kind) {
  if (found.eight_bit == 0) return has_japanese_escape(octets) ? Choice{kJis, true} : Choice{declared, false};
  const bool is_sjis = declared.scheme == Scheme::cp932;
  const JapaneseShape mine = is_sjis ? cp932_shape(s) : eucjp_shape(s);
  const Utf8Shape utf8 = utf8_shape(s);
  if (utf8.invalid == 0 && utf8.three >= 2 && (mine.invalid > 0 || utf8.kana >= 2 || utf8.three >= 6))
    return {kUtf8, true};
  if (mine.invalid == 0 && (is_sjis ? mine.half_kana <= mine.kana + mine.common : true))
    return {declared, false};
  const JapaneseShape other = is_sjis ? eucjp_shape(s) : cp932_shape(s);
  if (plainly_japanese(other) && score(other) > score(mine)) return {is_sjis ? kEucJp : kCp932, true};
  if (!fits(mine) && has_japanese_escape(octets)) return {kJis, true};
  // Without kana: wrong throughout in the one encoding, words in the other.
  const bool words = other.invalid == 0 && other.odd == 0 && other.common > other.rare + other.half_kana;
  if (!fits(mine) && words) return {is_sjis ? kEucJp : kCp932, true};
  if (fits(mine) || mine.kana > 0) return {declared, false};
  const Guess guess = guess_charset(octets, kind);
  return overrule_when(guess.certain, guess, declared);
}

Choice choose_for_jis(std::string_view octets, std::string_view s, Charset declared, const Survey& found,
                      Kind kind) {
  if (found.eight_bit == 0 || has_japanese_escape(octets)) return {declared, false};
  const Guess guess = guess_charset(octets, kind);
  // JIS8: half-width kana with the eighth bit, which EUC-JP could read as kanji.
  const JapaneseShape sjis = cp932_shape(s);
  if (guess.charset.scheme == Scheme::eucjp && !guess.certain && sjis.half_kana == found.eight_bit)
    return {kCp932, true};
  return {guess.charset, true};
}

// Western and other single-octet charsets explain any octets: only what is plainly something else overrules
// them.
Choice choose_for_single(std::string_view octets, std::string_view s, Charset declared, const Survey& found) {
  if (has_japanese_escape(octets)) return {kJis, true};
  if (found.eight_bit == 0) return {declared, false};
  if (plainly_utf8(s, 3, 2)) return {kUtf8, true};
  if (declared.index != charset_of("windows-1252").index) return {declared, false};
  if (plainly_japanese(cp932_shape(s))) return {kCp932, true};
  if (plainly_japanese(eucjp_shape(s))) return {kEucJp, true};
  return {declared, false};
}

Choice choose_for_wide(std::string_view octets, std::string_view s, Charset declared, const Survey& found,
                       Kind kind) {
  // An HTML page or a program's default says utf-16 of what is ASCII or UTF-8.
  const bool narrow = found.nul == 0 && s.find(' ') != std::string_view::npos && utf8_shape(s).invalid == 0;
  const bool marked = s.starts_with("\xff\xfe") || s.starts_with("\xfe\xff");
  return overrule_when(narrow && !marked, guess_charset(octets, kind), declared);
}

}  // namespace

Choice choose_charset(std::string_view octets, Charset declared, Kind kind) {
  const std::string_view s = octets.substr(0, limits::kGuessOctets);
  const Survey found = survey(s);
  switch (declared.scheme) {
    case Scheme::undeclared:
    case Scheme::unknown: {
      const Guess guess = guess_charset(octets, kind);
      const bool told = declared.scheme == Scheme::unknown ? found.eight_bit != 0 : !guess.certain;
      return {guess.charset, told};
    }
    case Scheme::ascii:
      return overrule_when(found.eight_bit != 0 || found.nul != 0 || has_japanese_escape(octets),
                           guess_charset(octets, kind), kUtf8);
    case Scheme::utf8:
      return choose_for_utf8(octets, s, declared, kind);
    case Scheme::iso2022jp:
      return choose_for_jis(octets, s, declared, found, kind);
    case Scheme::cp932:
    case Scheme::eucjp:
      return choose_for_japanese(octets, s, declared, found, kind);
    case Scheme::single_octet:
      return choose_for_single(octets, s, declared, found);
    case Scheme::utf16:
    case Scheme::utf16le:
    case Scheme::utf16be:
    case Scheme::utf32:
    case Scheme::utf32le:
    case Scheme::utf32be:
      return choose_for_wide(octets, s, declared, found, kind);
    case Scheme::multi_octet:
      if (has_japanese_escape(octets) && found.eight_bit == 0) return {kJis, true};
      return found.eight_bit != 0 && plainly_utf8(s, octets.size(), 3) ? Choice{kUtf8, true}
                                                                       : Choice{declared, false};
    case Scheme::utf7:
    case Scheme::iso2022kr:
    case Scheme::iso2022cn:
    case Scheme::hz:
      return overrule_when(found.eight_bit != 0, guess_charset(octets, kind), declared);
  }
  return {declared, false};
}

}  // namespace kiyome::sanitizer::text
