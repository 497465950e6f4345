#include "proto/base/characters.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace kiyome {
namespace {

// True when each of eight octets is printable ASCII (0x20..0x7f): no high bit, none below 0x20.
bool plain_eight(const unsigned char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  return ((word | (word - 0x2020202020202020)) & kHigh) == 0;
}

// Three octets of a character whose lead says that it is allowed: all of kana and kanji. E0 (overlong), ED
// (surrogates) and EF (noncharacters) need a look. Four octets are read.
bool plain_three(const unsigned char* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap32(word);
  return (word & 0x00c0c0f0) == 0x008080e0 && (*at - 0xe1u < 0xedu - 0xe1u || *at == 0xee);
}

bool continues(unsigned char c) { return (c & 0xc0) == 0x80; }

// Octets of the character at `at`, 0 if it is refused. `left` > 0 and *at is not ASCII.
std::size_t wide(const unsigned char* at, std::size_t left) {
  const unsigned lead = at[0];
  if (lead >= 0xe0 && lead <= 0xef) {
    if (left < 3 || !continues(at[1]) || !continues(at[2])) return 0;
    const unsigned c = (lead & 0x0f) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    if (c < 0x800 || (c & 0xf800) == 0xd800) return 0;          // overlong; surrogate
    if (c >= 0xfffe || (c >= 0xfdd0 && c <= 0xfdef)) return 0;  // noncharacters
    return 3;
  }
  if (lead >= 0xc2 && lead <= 0xdf) {  // C0 and C1 as leads are overlong
    if (left < 2 || !continues(at[1])) return 0;
    return lead == 0xc2 && at[1] < 0xa0 ? 0 : 2;  // U+0080..009F: C1
  }
  if (lead < 0xf0 || lead > 0xf4) return 0;
  if (left < 4 || !continues(at[1]) || !continues(at[2]) || !continues(at[3])) return 0;
  const unsigned c = (lead & 0x07) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 | (at[3] & 0x3fu);
  return c < 0x10000 || c > 0x10ffff || (c & 0xfffe) == 0xfffe ? 0 : 4;
}

template <bool kLines>
bool walk(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = at + text.size();
  while (at < end) {
    if (*at >= 0x80) {
      if (end - at >= 4 && plain_three(at)) {
        at += 3;
        continue;
      }
      const std::size_t octets = wide(at, static_cast<std::size_t>(end - at));
      if (octets == 0) return false;
      at += octets;
      continue;
    }
    if (end - at >= 8 && plain_eight(at)) {
      at += 8;
      continue;
    }
    if (*at < 0x20 && *at != '\t' && !(kLines && *at == '\n')) return false;
    ++at;
  }
  return true;
}

}  // namespace

bool is_text(std::string_view text) { return walk<true>(text); }
bool is_line(std::string_view text) { return walk<false>(text); }

}  // namespace kiyome
