#include "sanitizers/pdf/font_names.h"

#include <algorithm>
#include <string>

namespace kiyome::sanitizer::pdf {
namespace {

enum class Style : std::uint8_t { mincho, gothic };

struct JapaneseName {
  std::string_view part;  // without blanks and hyphens, ASCII in lower case
  Style style;
};

// Looked for in this order. Names of Windows, macOS, Adobe and the free fonts, in UTF-8 and in Shift_JIS
// (what Windows writes into #82#6C#82#72 names).
constexpr JapaneseName kJapaneseNames[] = {
    {"mincho", Style::mincho},
    {"明朝", Style::mincho},
    {"\x96\xbe\x92\xa9", Style::mincho},
    {"heiseimin", Style::mincho},
    {"hiraminpro", Style::mincho},
    {"hiraginomin", Style::mincho},
    {"kozmin", Style::mincho},
    {"kozukamin", Style::mincho},
    {"ryumin", Style::mincho},
    {"futomin", Style::mincho},
    {"futogo", Style::gothic},
    {"yumin", Style::mincho},
    {"ipaexm", Style::mincho},
    {"教科書", Style::mincho},
    {"\x8b\xb3\x89\xc8\x8f\x91", Style::mincho},
    {"kyokasho", Style::mincho},
    {"楷書", Style::mincho},
    {"行書", Style::mincho},
    {"kaisho", Style::mincho},
    {"gyosho", Style::mincho},
    {"sourcehanserifj", Style::mincho},
    {"notoserifjp", Style::mincho},
    {"notoserifcjkjp", Style::mincho},
    {"ゴシック", Style::gothic},
    {"\x83\x53\x83\x56\x83\x62\x83\x4e", Style::gothic},
    {"メイリオ", Style::gothic},
    {"\x83\x81\x83\x43\x83\x8a\x83\x49", Style::gothic},
    {"meiryo", Style::gothic},
    {"heiseikaku", Style::gothic},
    {"heiseimaru", Style::gothic},
    {"hirakaku", Style::gothic},
    {"hiramaru", Style::gothic},
    {"hiraginokaku", Style::gothic},
    {"hiraginosans", Style::gothic},
    {"hiraginomaru", Style::gothic},
    {"ヒラギノ", Style::gothic},
    {"kozgo", Style::gothic},
    {"kozukago", Style::gothic},
    {"gothicbbb", Style::gothic},
    {"midashigo", Style::gothic},
    {"shingo", Style::gothic},
    {"jun101", Style::gothic},
    {"msgothic", Style::gothic},
    {"mspgothic", Style::gothic},
    {"msuigothic", Style::gothic},
    {"yugoth", Style::gothic},
    {"bizudgo", Style::gothic},
    {"bizudpgo", Style::gothic},
    {"ipaexg", Style::gothic},
    {"ipagothic", Style::gothic},
    {"ipapgothic", Style::gothic},
    {"hggothic", Style::gothic},
    {"hgpgothic", Style::gothic},
    {"hgsgothic", Style::gothic},
    {"hgmarugothic", Style::gothic},
    {"hgsoei", Style::gothic},
    {"hgpsoei", Style::gothic},
    {"hgssoei", Style::gothic},
    {"osaka", Style::gothic},
    {"takaogothic", Style::gothic},
    {"vlgothic", Style::gothic},
    {"sourcehansansj", Style::gothic},
    {"notosansjp", Style::gothic},
    {"notosanscjkjp", Style::gothic},
};

// Families whose Latin letters and kana have one width.
constexpr std::string_view kFixedNames[] = {
    "msmincho",
    "msgothic",
    "ipamincho",
    "ipagothic",
    "osakamono",
    "ｍｓ明朝",
    "ＭＳ明朝",
    "ＭＳゴシック",
    "ms明朝",
    "msゴシック",
    "hgmincho",
    "hggothic",
    "bizudgothic",
    "bizudmincho",
    "\x82\x6c\x82\x72\x96\xbe\x92\xa9",                   // ＭＳ明朝
    "\x82\x6c\x82\x72\x83\x53\x83\x56\x83\x62\x83\x4e"};  // ＭＳゴシック

constexpr std::string_view kSerifCjkNames[] = {"song",     "sung",  "simsun",   "ming", "batang", "myungjo",
                                               "myeongjo", "serif", "fangsong", "kai",  "gungsuh"};
constexpr std::string_view kMonoNames[] = {"courier",      "mono",     "consol", "typewriter",
                                           "lettergothic", "terminal", "fixed"};
constexpr std::string_view kSansNames[] = {"sans",   "arial", "helvetica", "gothic",  "verdana",  "calibri",
                                           "tahoma", "segoe", "futura",    "univers", "frutiger", "myriad"};
constexpr std::string_view kSerifNames[] = {"times",   "serif",   "roman",   "georgia",    "garamond",
                                            "cambria", "bookman", "century", "palatino",   "minion",
                                            "antiqua", "bodoni",  "caslon",  "schoolbook", "song"};

// Blanks and hyphens out, ASCII to lower case. Octets of a second half of Shift_JIS are changed by that too,
// and the same in both: names are compared after folding both.
std::string fold(std::string_view name) {
  constexpr std::size_t kLongest = 256;  // a name is 127 octets at most, ISO 32000-1 annex C
  std::string out;
  for (const char c : name.substr(0, kLongest)) {
    if (c == ' ' || c == '-' || c == '_') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return out;
}

template <std::size_t Count>
bool names_one_of(std::string_view folded, const std::string_view (&parts)[Count]) {
  return std::any_of(std::begin(parts), std::end(parts), [folded](std::string_view part) {
    return folded.find(fold(part)) != std::string_view::npos;
  });
}

const JapaneseName* japanese_name(std::string_view folded) {
  const auto found = std::find_if(
      std::begin(kJapaneseNames), std::end(kJapaneseNames),
      [folded](const JapaneseName& one) { return folded.find(fold(one.part)) != std::string_view::npos; });
  return found == std::end(kJapaneseNames) ? nullptr : found;
}

Face japanese(Style style, bool fixed) {
  if (style == Style::mincho) return fixed ? Face::mincho : Face::pmincho;
  return fixed ? Face::gothic : Face::pgothic;
}

Face styled(Face regular, const FontWish& wish, std::string_view folded) {
  const bool bold = wish.weight >= 600 || folded.find("bold") != std::string_view::npos;
  const bool italic = wish.italic || folded.find("italic") != std::string_view::npos ||
                      folded.find("oblique") != std::string_view::npos;
  return static_cast<Face>(static_cast<int>(regular) + (bold ? 1 : 0) + (italic ? 2 : 0));
}

Face western(const FontWish& wish, std::string_view folded) {
  if ((wish.pitch_family & kFixedPitch) != 0 || names_one_of(folded, kMonoNames))
    return styled(Face::mono, wish, folded);
  if (names_one_of(folded, kSansNames)) return styled(Face::sans, wish, folded);
  if ((wish.pitch_family & kRomanFamily) != 0 || names_one_of(folded, kSerifNames))
    return styled(Face::serif, wish, folded);
  return styled(Face::sans, wish, folded);
}

}  // namespace

Face choose_face(const FontWish& wish) {
  constexpr int kArabic = 178, kThai = 222;
  const std::string folded = fold(wish.name);
  const bool serif = (wish.pitch_family & kRomanFamily) != 0 || names_one_of(folded, kSerifCjkNames);
  switch (wish.charset) {
    case kKoreanCharset:
      return serif ? Face::korean_serif : Face::korean_sans;
    case kSimplifiedCharset:
      return serif ? Face::simplified_serif : Face::simplified_sans;
    case kTraditionalCharset:
      return serif ? Face::traditional_serif : Face::traditional_sans;
    case kArabic:
    case kThai:
      return Face::world;
    default:
      break;
  }
  const bool fixed = (wish.pitch_family & kFixedPitch) != 0 || names_one_of(folded, kFixedNames);
  if (const JapaneseName* const name = japanese_name(folded)) return japanese(name->style, fixed);
  if (wish.charset == kJapaneseCharset) return japanese(serif ? Style::mincho : Style::gothic, fixed);
  if (wish.charset == kSymbolCharset) return Face::none;
  return western(wish, folded);
}

int charset_of(Face face) {
  switch (face) {
    case Face::mincho:
    case Face::pmincho:
    case Face::gothic:
    case Face::pgothic:
      return kJapaneseCharset;
    case Face::korean_serif:
    case Face::korean_sans:
      return kKoreanCharset;
    case Face::simplified_serif:
    case Face::simplified_sans:
      return kSimplifiedCharset;
    case Face::traditional_serif:
    case Face::traditional_sans:
      return kTraditionalCharset;
    default:
      return 0;
  }
}

}  // namespace kiyome::sanitizer::pdf
