#include "service/gate/verify_pdf_codes.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <unordered_set>

#include "service/gate/verify_characters.h"
#include "service/gate/verify_reader.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;

constexpr std::size_t kBlock = 100;  // of lines, PDF 32000-1 9.10.3 by way of Adobe's 5014
constexpr View kHead =
    "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
    "/CMapName /Kiyome def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n";
constexpr View kFoot = "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n";
constexpr unsigned kHighOctets = 0xD8 + 7;  // 00 to D7, F9 to FF

void expect_range(Reader& in, unsigned index) {
  const unsigned high = index < 0xD8 ? index : index - 0xD8 + 0xF9;
  char line[32];
  std::snprintf(line, sizeof line, "<%02X00> <%02XFF> <%02X00>\n", high, high, high);
  in.expect(line);
}

// `body` writes line `i` of `count`; blocks of 100, each with its number of lines before it.
template <typename Body>
void expect_blocks(Reader& in, View name, std::size_t count, Body body) {
  for (std::size_t i = 0; i < count && !in.bad(); ++i) {
    if (i % kBlock == 0) {
      in.expect(std::to_string(std::min(kBlock, count - i)));
      in.expect(" begin");
      in.expect(name);
      in.expect("\n");
    }
    body(i);
    if (i % kBlock + 1 != kBlock && i + 1 != count) continue;
    in.expect("end");
    in.expect(name);
    in.expect("\n");
  }
}

// `<E000> <D842DFB7>`; gives the character.
std::uint32_t read_beyond(Reader& in, std::size_t index) {
  char code[16];
  std::snprintf(code, sizeof code, "<%04X> <", static_cast<unsigned>(PdfCodes::kFirstBeyond + index));
  in.expect(code);
  const std::size_t at = in.at();
  const unsigned high = in.upper_hex(4), low = in.upper_hex(4);
  in.expect(">\n");
  if ((high & 0xFC00) != 0xD800 || (low & 0xFC00) != 0xDC00) in.refuse(at, "not a surrogate pair");
  return 0x10000 + ((high & 0x3FF) << 10 | (low & 0x3FF));
}

}  // namespace

bool PdfCodes::shows(unsigned code) {
  if (code < kFirstBeyond || code >= kFirstBeyond + kMostBeyond) return is_clean_character(code);
  const std::size_t index = code - kFirstBeyond;
  if (index > beyond_) return false;
  beyond_ = std::max(beyond_, index + 1);
  return true;
}

Checked PdfCodes::check_to_unicode(View text) const {
  Reader in(text);
  in.about("ToUnicode that does not fit the words");
  in.expect(kHead);
  expect_blocks(in, "bfrange", kHighOctets,
                [&](std::size_t i) { expect_range(in, static_cast<unsigned>(i)); });
  std::unordered_set<std::uint32_t> seen;
  expect_blocks(in, "bfchar", beyond_, [&](std::size_t i) {
    const std::size_t at = in.at();
    const std::uint32_t c = read_beyond(in, i);
    if (!is_clean_character(c)) in.refuse(at, "code that means a forbidden character");
    if (!seen.insert(c).second) in.refuse(at, "two codes of one character");
  });
  in.expect(kFoot);
  if (!in.bad() && !in.done()) in.refuse();
  return in.bad();
}

}  // namespace kiyome::gate
