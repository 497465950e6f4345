// The part of the clean language that speaks of documents: pages of pixels, the words on them, and octets
// that only go into the next sandbox. See FORMAT.md. What a value claims is still the claim of a conquered
// process: it chooses which letters and pixels stand on a page, nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::clean {

// A stretch of a part's octets, in order. Foreign bytes: the trusted side never looks into them, it only lays
// them into the sealed input of another job. Put together they have the size and the sha256 of their Part.
struct PartContent {
  std::uint32_t part = 0;
  std::string octets;  // 1 to kCleanChunk
  bool operator==(const PartContent&) const = default;
};

// The beginning of a document's answer. `pages` is how many it has; fewer may follow (finding pages-cut).
struct Document {
  std::uint32_t pages = 0;        // 1 to kDocumentPages; 0 when it is not known beforehand
  std::string title;              // a line, or empty
  std::vector<Finding> findings;  // notes about the whole document
  bool operator==(const Document&) const = default;
};

enum class PixelFormat : std::uint8_t {
  gray8 = 1,  // one octet a pixel, 0 is black
  rgb24 = 2,  // three octets a pixel, sRGB
};
constexpr std::uint32_t octets_of_pixel(PixelFormat format) { return format == PixelFormat::gray8 ? 1 : 3; }

// A page follows: its size on paper, then its pixels from the top row to the last in Rows, then its Words.
struct Page {
  std::uint32_t width_millipoints = 0;  // 1/1000 of 1/72 inch; 1 to kPageMillipoints
  std::uint32_t height_millipoints = 0;
  std::uint32_t pixel_width = 0;  // 1 to kPageSide; together at most kPagePixels
  std::uint32_t pixel_height = 0;
  PixelFormat format = PixelFormat::gray8;
  std::vector<Finding> findings;
  // What the pixels cover, so that each is exactly as large as the resolution says: the page and, to the
  // right and below, less than kPageOverhang more. 0: the page and nothing else.
  std::uint32_t spread_width_millipoints = 0, spread_height_millipoints = 0;
  bool operator==(const Page&) const = default;
};

// Whole rows of the page, as many as fit well into a frame; never past its last row.
struct Rows {
  std::string octets;
  bool operator==(const Rows&) const = default;
};

// What stands between a word and the next one in reading order.
enum class After : std::uint8_t { nothing = 1, space = 2, line_end = 3, paragraph_end = 4 };

// A run of characters in one line, one size and one direction, without blanks at its ends. The box is in
// millipoints from the page's upper left corner and lies within the page.
struct Word {
  std::uint32_t x = 0, y = 0, width = 0, height = 0;
  bool vertical = false;  // written from top to bottom
  After after = After::nothing;
  std::string text;  // a line, 1 to kCleanWord octets
  bool operator==(const Word&) const = default;
};

// The words of the page in reading order; at most once a page, after its last row.
struct Words {
  std::vector<Word> words;  // at most kPageWords
  bool operator==(const Words&) const = default;
};

// A stretch of the document in another form, in order: a PDF made by the office sanitizer. Foreign bytes like
// PartContent.
struct Converted {
  std::string octets;  // 1 to kCleanChunk
  bool operator==(const Converted&) const = default;
};

}  // namespace kiyome::clean
