// The tables behind decode(). charset_tables_main.cpp makes them from the C library's iconv when the project
// is built, so no sanitizer loads a conversion module: each of them is five mappings, which every fork copies
// (17 modules: 90 µs of a mail). Constant, and shared by all jobs as pages of the program's file.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kiyome::sanitizer::text::tables {

inline constexpr std::size_t kPlane = 94 * 94;  // cells of a set of 94 × 94; 0 = no character

// CP932 by rows 0…119: JIS X 0208 with NEC row 13 and NEC's choice of IBM's extensions, user-defined rows
// 94–113 (U+E000…), IBM's extensions in rows 114–119.
inline constexpr std::size_t kCp932Cells = 120 * 94;
extern const char16_t kCp932[kCp932Cells];
extern const char16_t kJisX0212[kPlane];  // with IBM's and the user-defined rows of eucJP-ms

extern const char16_t kSingleOctet[][128];  // of 0x80…0xFF, in the order of kSingleOctetNames; 0 = none

// The multi-octet charsets, in the order of kMultiOctetNames: trees with a node for each lead.
struct Node {
  std::uint8_t first;  // the octets that a cell stands for: `first` and those that follow it
  std::uint16_t count;
  std::uint32_t cells;  // where its cells begin in kCells
};
// A cell: 0 = no character; a character; kPair and a place in kPairs; kMore and a place in kNodes.
inline constexpr std::uint32_t kPair = 0x40000000, kMore = 0x80000000, kPlace = 0x3fffffff;
extern const std::uint32_t kCells[];
extern const char32_t kPairs[][2];  // codes that stand for two characters
extern const Node kNodes[];
extern const std::uint32_t kRoots[];  // places in kNodes

}  // namespace kiyome::sanitizer::text::tables
