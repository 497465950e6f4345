// One walk over the tables for each kind. An octet that begins no code is bad by itself, and what follows it
// is looked at anew: no ASCII octet is swallowed by a stray lead.
#include "sanitizers/text/converters.h"

#include "sanitizers/text/charset_tables.h"

namespace kiyome::sanitizer::text {
namespace {

using U8 = unsigned char;

constexpr std::uint8_t kGb18030 = 0;  // its place among the multi-octet charsets

// A four-octet code of GB18030 beyond the BMP, which is counted and stands in no table; 0 = it is none.
char32_t beyond_bmp(std::string_view s) {
  if (s.size() < 4) return 0;
  const auto octet = [&](std::size_t i) { return static_cast<char32_t>(static_cast<U8>(s[i])); };
  const auto within = [&](std::size_t i, char32_t from, char32_t to) {
    return octet(i) >= from && octet(i) <= to;
  };
  if (!within(0, 0x90, 0xe3) || !within(1, 0x30, 0x39) || !within(2, 0x81, 0xfe) || !within(3, 0x30, 0x39))
    return 0;
  const char32_t c = 0x10000 + (octet(0) - 0x90) * 12600 + (octet(1) - 0x30) * 1260 + (octet(2) - 0x81) * 10 +
                     (octet(3) - 0x30);
  return c <= 0x10ffff ? c : 0;
}

struct Code {
  std::uint32_t cell = 0;  // as in charset_tables.h, never kMore; 0 = no code begins here
  std::size_t octets = 1;
  bool cut = false;  // the text ends within it
};

Code code_at(std::uint32_t root, std::string_view s) {
  const tables::Node* node = &tables::kNodes[root];
  for (std::size_t at = 0; at < s.size(); ++at) {
    const unsigned place =
        static_cast<unsigned>(static_cast<U8>(s[at])) - node->first;  // wraps when it is below
    const std::uint32_t cell = place < node->count ? tables::kCells[node->cells + place] : 0;
    if ((cell & tables::kMore) == 0) return {cell, at + 1, false};
    node = &tables::kNodes[cell & tables::kPlace];
  }
  return {0, s.size(), true};
}

}  // namespace

void decode_single_octet(std::uint8_t index, std::string_view octets, CleanWriter& out) {
  const auto& table = tables::kSingleOctet[index];
  std::size_t at = 0;
  while (at < octets.size()) {
    if (const std::size_t plain = plain_prefix(octets.substr(at))) {
      out.utf8(octets.substr(at, plain));
      at += plain;
      continue;
    }
    const unsigned octet = static_cast<U8>(octets[at++]);
    if (octet < 0x80)
      out.put(octet);
    else if (table[octet - 0x80] != 0)
      out.put(table[octet - 0x80]);
    else
      out.bad();
  }
}

void decode_multi_octet(std::uint8_t index, std::string_view octets, CleanWriter& out) {
  std::size_t at = 0;
  while (at < octets.size()) {
    const std::string_view rest = octets.substr(at);
    if (rest[0] == '\0') {  // no character in a table, and none in clean text
      ++at;
      continue;
    }
    const Code code = code_at(tables::kRoots[index], rest);
    if (code.cut) return out.bad();
    at += code.cell == 0 ? 1 : code.octets;
    if (code.cell == 0) {
      const char32_t c = index == kGb18030 ? beyond_bmp(rest) : 0;
      if (c == 0) {
        out.bad();
      } else {
        out.put(c);
        at += 3;
      }
    } else if ((code.cell & tables::kPair) != 0) {
      for (const char32_t c : tables::kPairs[code.cell & tables::kPlace]) out.put(c);
    } else {
      out.put(code.cell);
    }
  }
}

}  // namespace kiyome::sanitizer::text
