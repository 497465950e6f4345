// Shift_JIS and EUC-JP by table, and how well octets fit each.
#include "sanitizers/text/japanese.h"

#include "proto/base/limits.h"
#include "sanitizers/text/charset_tables.h"

namespace kiyome::sanitizer::text {
namespace {

using U8 = unsigned char;

struct MacRange {
  unsigned from, to;
  char16_t first;
};
// Row 9 and 10 of the Macintosh's Japanese, which CP932 leaves empty (Apple JAPANESE.TXT).
constexpr MacRange kMacRanges[] = {
    {0x8540, 0x8553, 0x2460}, {0x855e, 0x8571, 0x2474}, {0x857c, 0x857e, 0x2776}, {0x8580, 0x8585, 0x2779},
    {0x8592, 0x859a, 0x2488}, {0x859f, 0x85aa, 0x2160}, {0x85b3, 0x85be, 0x2170}, {0x85db, 0x85f4, 0x249c},
};

char16_t mac_character(unsigned code) {
  for (const MacRange& range : kMacRanges)
    if (code >= range.from && code <= range.to)
      return static_cast<char16_t>(range.first + (code - range.from));
  return 0;
}

// One step of Shift_JIS at `at`: the character (0 = invalid) and how many octets it took.
struct Step {
  char16_t character;
  unsigned octets;
  int row;  // JIS row from 0, or -1
};

Step step_cp932(std::string_view s, std::size_t at) {
  const U8 lead = static_cast<U8>(s[at]);
  if (lead >= 0xa1 && lead <= 0xdf) return {static_cast<char16_t>(0xff61 + lead - 0xa1), 1, -1};
  switch (lead) {
    case 0x80:
      return {0, 1, -1};
    case 0xa0:
      return {0x00a0, 1, -1};
    case 0xfd:
      return {0x00a9, 1, -1};
    case 0xfe:
      return {0x2122, 1, -1};
    case 0xff:
      return {0x2026, 1, -1};
    default:
      break;
  }
  if (at + 1 >= s.size()) return {0, 1, -1};
  const U8 trail = static_cast<U8>(s[at + 1]);
  if (trail < 0x40 || trail == 0x7f || trail > 0xfc) return {0, 1, -1};
  const unsigned row = (lead - (lead >= 0xe0 ? 0xc1u : 0x81u)) * 2 + (trail >= 0x9f ? 1 : 0);
  const unsigned cell = trail >= 0x9f ? trail - 0x9fu : trail - 0x40u - (trail > 0x7f ? 1 : 0);
  char16_t c = tables::kCp932[row * 94 + cell];
  if (c == 0) c = mac_character(static_cast<unsigned>(lead) << 8 | trail);
  // An ASCII octet is never swallowed by a lead octet that forms nothing with it.
  if (c == 0) return {0, trail < 0x80 ? 1u : 2u, -1};
  return {c, 2, static_cast<int>(row)};
}

Step step_eucjp(std::string_view s, std::size_t at) {
  const auto in_set = [&](std::size_t i) {
    return i < s.size() && static_cast<U8>(s[i]) >= 0xa1 && s[i] != '\xff';
  };
  const auto value = [&](std::size_t i) { return static_cast<U8>(s[i]) - 0xa1u; };
  const U8 lead = static_cast<U8>(s[at]);
  if (lead == 0x8e) {
    if (!in_set(at + 1) || value(at + 1) > 0x3e) return {0, 1, -1};
    return {static_cast<char16_t>(0xff61 + value(at + 1)), 2, -1};
  }
  if (lead == 0x8f) {
    if (!in_set(at + 1) || !in_set(at + 2)) return {0, 1, -1};
    const char16_t c = tables::kJisX0212[value(at + 1) * 94 + value(at + 2)];
    return {c, 3, 93};
  }
  if (!in_set(at) || !in_set(at + 1)) return {0, 1, -1};
  const unsigned row = value(at), cell = value(at + 1);
  char16_t c = tables::kCp932[row * 94 + cell];
  if (c == 0 && row >= 84)
    c = static_cast<char16_t>(0xe000 + (row - 84) * 94 + cell);  // eucJP-ms, user-defined
  return {c, 2, static_cast<int>(row)};
}

template <Step (*step)(std::string_view, std::size_t)>
void decode(std::string_view s, CleanWriter& out) {
  std::size_t at = 0;
  while (at < s.size()) {
    if (static_cast<U8>(s[at]) < 0x80) {
      const std::size_t plain = plain_prefix(s.substr(at));
      if (plain > 8) {
        out.utf8(s.substr(at, plain));
        at += plain;
      } else {
        out.put(static_cast<U8>(s[at++]));
      }
      continue;
    }
    const Step one = step(s, at);
    if (one.character == 0)
      out.bad();
    else
      out.put(one.character);
    at += one.octets;
  }
}

// Beyond level 1, and in the names of people and places all over Japan nevertheless.
constexpr std::u16string_view kNameKanji = u"髙﨑濵德澤邊邉齋齊廣眞國惠榮藏淺濱彌嶌瀨塚壽圓傳櫻應學縣會";

// ①, ㈱, № and the like stand in row 13; in EUC-JP its octets are likelier those of another charset.
template <Step (*step)(std::string_view, std::size_t)>
bool is_common(const Step& one) {
  const bool level_1 = one.row < 47 && (one.row != 12 || step == step_cp932);
  return level_1 || kNameKanji.find(one.character) != std::u16string_view::npos;
}

template <Step (*step)(std::string_view, std::size_t)>
JapaneseShape shape_of(std::string_view s) {
  const bool whole = s.size() <= limits::kGuessOctets;
  if (!whole) s = s.substr(0, limits::kGuessOctets);
  JapaneseShape shape;
  std::size_t at = 0;
  while (at < s.size()) {
    at += plain_prefix(s.substr(at));
    if (at >= s.size()) break;
    if (static_cast<U8>(s[at]) < 0x80) {
      ++at;
      continue;
    }
    const Step one = step(s, at);
    const char16_t c = one.character;
    at += one.octets;
    if (c == 0)
      shape.invalid += whole || at + 2 < s.size();
    else if (c >= 0x3041 && c <= 0x30fe)
      ++shape.kana;
    else if (c >= 0xff61 && c <= 0xff9f)
      ++shape.half_kana;
    else if ((c >= 0xe000 && c <= 0xf8ff) || one.row < 0)
      ++shape.odd;
    else if (is_common<step>(one))
      ++shape.common;
    else
      ++shape.rare;
  }
  return shape;
}

}  // namespace

void decode_cp932(std::string_view octets, CleanWriter& out) { decode<step_cp932>(octets, out); }
void decode_eucjp(std::string_view octets, CleanWriter& out) { decode<step_eucjp>(octets, out); }
JapaneseShape cp932_shape(std::string_view octets) { return shape_of<step_cp932>(octets); }
JapaneseShape eucjp_shape(std::string_view octets) { return shape_of<step_eucjp>(octets); }

}  // namespace kiyome::sanitizer::text
