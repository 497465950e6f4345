// See bilevel.h. A pixel is black when it is nearer to the darkest than to the background around it. The
// background is what is left when everything thin and dark is taken away (a morphological closing, on cells
// of 4 by 4 pixels), so a coloured field is a background and a pale letter is none. Where nothing stands out
// the level decides. Sizes are those of 300 dpi.
#include "service/compose/document/bilevel.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "service/compose/document/page_shape.h"

namespace kiyome::compose {
namespace {

constexpr std::uint32_t kCell = 4, kBlock = 8;       // pixels of a cell; cells of a block
constexpr std::uint32_t kNear = 1, kFar = 3;         // cells: strokes of normal letters; of headlines
constexpr int kFaint = 16, kPlain = 40;              // levels that a stroke must stand out by
constexpr int kDarkField = 112, kMiddleField = 176;  // below it a field is black; or where bright writing is
constexpr std::uint32_t kLine = 8, kHalo = 3;        // cells: half of a line, and around it
constexpr int kNoisiest = 60;                        // of the scans that can be told from their writing
constexpr int kTone = 40, kBlack = 48;               // a photo: darker than paper by, brighter than
constexpr std::uint32_t kDither = 8;                 // side of its matrix
constexpr std::uint32_t kDarkest = 24, kBrightest = 240;  // levels that dither to black and white alone

using Matrix = std::array<std::array<std::uint8_t, kDither>, kDither>;

// Bayer's: each threshold as far from its neighbours as can be.
constexpr Matrix kThresholds = [] {
  Matrix out{};
  for (std::uint32_t y = 0; y < kDither; ++y)
    for (std::uint32_t x = 0; x < kDither; ++x) {
      std::uint32_t rank = 0;
      for (std::uint32_t bit = 1, place = 16; bit < kDither; bit *= 2, place /= 4)
        rank += place * (((x ^ y) & bit ? 2 : 0) + (y & bit ? 1 : 0));
      out[y][x] = static_cast<std::uint8_t>(kDarkest + (2 * rank + 1) * (kBrightest - kDarkest) / 128);
    }
  return out;
}();

template <class Pick>
void pick_rows(std::uint8_t* into, const std::uint8_t* other, std::size_t count, Pick pick) {
  for (std::size_t x = 0; x < count; ++x) into[x] = pick(into[x], other[x]);
}

// The brightest (or darkest) cell within `radius`, across and then down. `spare` is as large as `cells`.
template <class Pick>
void spread(std::vector<std::uint8_t>& cells, std::uint32_t columns, std::uint32_t rows, std::uint32_t radius,
            std::vector<std::uint8_t>& spare, Pick pick) {
  spare = cells;
  for (std::uint32_t y = 0; y < rows; ++y) {
    std::uint8_t* row = spare.data() + std::size_t{y} * columns;
    const std::uint8_t* from = cells.data() + std::size_t{y} * columns;
    for (std::uint32_t by = 1; by <= std::min(radius, columns - 1); ++by) {
      pick_rows(row + by, from, columns - by, pick);
      pick_rows(row, from + by, columns - by, pick);
    }
  }
  cells = spare;
  for (std::uint32_t by = 1; by <= std::min(radius, rows - 1); ++by) {
    const std::size_t step = std::size_t{by} * columns, left = cells.size() - step;
    pick_rows(cells.data() + step, spare.data(), left, pick);
    pick_rows(cells.data(), spare.data() + step, left, pick);
  }
}

constexpr auto kBrighter = [](std::uint8_t a, std::uint8_t b) { return std::max(a, b); };
constexpr auto kDarker = [](std::uint8_t a, std::uint8_t b) { return std::min(a, b); };

}  // namespace

Pixels brightness_of(const Pixels& colours, Room& room) {
  const Pixels gray{room.of(colours.area()), colours.width, colours.height, colours.width, 1};
  for (std::uint32_t y = 0; y < colours.height; ++y) {
    const std::uint8_t* from = colours.row(y);
    std::uint8_t* to = gray.row(y);
    for (std::uint32_t x = 0; x < colours.width; ++x, from += 3)  // Rec. 601
      to[x] = static_cast<std::uint8_t>((77u * from[0] + 150u * from[1] + 29u * from[2] + 128u) >> 8);
  }
  return gray;
}

void Bilevel::measure(const Pixels& gray) {
  columns_ = (gray.width + kCell - 1) / kCell;
  rows_ = (gray.height + kCell - 1) / kCell;
  brightest_.assign(std::size_t{columns_} * rows_, 0);
  darkest_.assign(brightest_.size(), 0xFF);
  std::vector<std::uint8_t> bright, dark;  // of each column of pixels in a row of cells
  for (std::uint32_t row = 0; row < rows_; ++row) {
    const std::uint8_t* first = gray.row(row * kCell);
    bright.assign(first, first + gray.width);
    dark = bright;
    for (std::uint32_t y = row * kCell + 1; y < std::min((row + 1) * kCell, gray.height); ++y) {
      pick_rows(bright.data(), gray.row(y), gray.width, kBrighter);
      pick_rows(dark.data(), gray.row(y), gray.width, kDarker);
    }
    bright.resize(std::size_t{columns_} * kCell, bright.back());
    dark.resize(bright.size(), dark.back());
    std::uint8_t* brightest = brightest_.data() + std::size_t{row} * columns_;
    std::uint8_t* darkest = darkest_.data() + std::size_t{row} * columns_;
    for (std::uint32_t x = 0; x < columns_; ++x) {
      const std::uint8_t* b = bright.data() + std::size_t{x} * kCell;
      const std::uint8_t* d = dark.data() + std::size_t{x} * kCell;
      brightest[x] = std::max(std::max(b[0], b[1]), std::max(b[2], b[3]));
      darkest[x] = std::min(std::min(d[0], d[1]), std::min(d[2], d[3]));
    }
  }
}

void Bilevel::close(const Cells& from, std::uint32_t radius, Cells& out) {
  out = from;
  spread(out, columns_, rows_, radius, spare_, kBrighter);
  spread(out, columns_, rows_, radius, spare_, kDarker);
}

// Bright writing, by how much it is brighter than the field behind it; and what is near it.
void Bilevel::find_bright_writing() {
  bright_writing_ = far_;
  spread(bright_writing_, columns_, rows_, kLine, spare_, kDarker);
  spread(bright_writing_, columns_, rows_, kLine, spare_, kBrighter);
  for (std::size_t i = 0; i < far_.size(); ++i)
    bright_writing_[i] = static_cast<std::uint8_t>(far_[i] - std::min(far_[i], bright_writing_[i]));
  spread(bright_writing_, columns_, rows_, kHalo, spare_, kBrighter);
}

// By how many levels plain paper differs within a cell and its neighbours: none when nobody scanned it. A
// tenth of a page is plain, and if not, at least its ink is darker than this.
int Bilevel::noise() const {
  std::array<std::size_t, 256> counts{};
  for (std::size_t i = 0; i < near_.size(); ++i) ++counts[near_[i] - std::min(near_[i], around_[i])];
  std::size_t seen = 0;
  int level = 0;
  while (level < kNoisiest && (seen += counts[static_cast<std::size_t>(level)]) * 10 < near_.size()) ++level;
  return level;
}

void Bilevel::choose_thresholds() {
  close(brightest_, kNear, near_);
  close(brightest_, kFar, far_);
  around_ = darkest_;
  spread(around_, columns_, rows_, 1, spare_, kDarker);
  find_bright_writing();
  const int over_noise = noise() * 3 / 2, faint = kFaint + over_noise, plain = kPlain + over_noise;
  threshold_.resize(near_.size());
  for (std::size_t i = 0; i < near_.size(); ++i) {
    const int dark = around_[i], near = near_[i], far = far_[i];
    const bool dark_field = far < kDarkField || (far < kMiddleField && bright_writing_[i] >= plain);
    const int flat = dark_field ? 0xFF : 0;
    const int chosen = near - dark >= faint  ? near - (near - dark) / 2
                       : far - dark >= plain ? far - (far - dark) / 2
                                             : flat;
    threshold_[i] = static_cast<std::uint8_t>(chosen);
  }
}

// A block is toned when most of its cells have neither paper nor ink in them.
void Bilevel::find_tones() {
  std::array<std::uint32_t, 256> counts{};
  for (const std::uint8_t level : brightest_) ++counts[level];
  const auto paper = static_cast<int>(std::max_element(counts.begin() + 128, counts.end()) - counts.begin());
  std::vector<std::uint8_t> cells(toned_.size(), 0);
  for (std::uint32_t y = 0; y < rows_; ++y)
    for (std::uint32_t x = 0; x < columns_; ++x) {
      const int level = brightest_[std::size_t{y} * columns_ + x];
      cells[std::size_t{y / kBlock} * block_columns_ + x / kBlock] += level > kBlack && level < paper - kTone;
    }
  for (std::size_t i = 0; i < cells.size(); ++i) toned_[i] = cells[i] * 2u > kBlock * kBlock;
}

// What looks like a picture is one when a third of it is toned. A scanned letter looks like one too: there
// most of a block and its neighbours must be.
void Bilevel::mark_picture(const Rect& region) {
  constexpr std::uint32_t kSide = kBlock * kCell;
  const std::uint32_t right = (region.x + region.width - 1) / kSide,
                      bottom = (region.y + region.height - 1) / kSide;
  const auto toned_within = [&](std::uint32_t x0, std::uint32_t y0, std::uint32_t x1, std::uint32_t y1) {
    std::uint32_t toned = 0;
    for (std::uint32_t y = y0; y <= y1; ++y)
      for (std::uint32_t x = x0; x <= x1; ++x) toned += toned_[std::size_t{y} * block_columns_ + x];
    return static_cast<double>(toned) / ((x1 - x0 + 1) * (y1 - y0 + 1));
  };
  const std::uint32_t left = region.x / kSide, top = region.y / kSide;
  const bool all = toned_within(left, top, right, bottom) > 1 / 3.0;
  for (std::uint32_t y = top; y <= bottom; ++y)
    for (std::uint32_t x = left; x <= right; ++x)
      picture_[std::size_t{y} * block_columns_ + x] =
          all || toned_within(x - (x > 0), y - (y > 0), std::min(x + 1, block_columns_ - 1),
                              std::min(y + 1, block_rows_ - 1)) > 0.5;
}

void Bilevel::find_pictures(const Pixels& gray) {
  block_columns_ = (columns_ + kBlock - 1) / kBlock;
  block_rows_ = (rows_ + kBlock - 1) / kBlock;
  picture_.assign(std::size_t{block_columns_} * block_rows_, 0);
  toned_ = picture_;
  const std::vector<Rect> regions = picture_regions(gray);
  if (regions.empty()) return;
  find_tones();
  for (const Rect& region : regions) mark_picture(region);
}

void Bilevel::make(const Pixels& gray) {
  measure(gray);
  choose_thresholds();
  find_pictures(gray);
  std::vector<std::uint8_t> limits(std::size_t{block_columns_} * kBlock * kCell);  // of a row of pixels
  for (std::uint32_t y = 0; y < gray.height; ++y) {
    const std::uint8_t* cells = threshold_.data() + std::size_t{y / kCell} * columns_;
    if (y % kCell == 0)
      for (std::uint32_t x = 0; x < columns_; ++x)
        std::memset(limits.data() + std::size_t{x} * kCell, cells[x], kCell);
    const std::uint8_t* blocks = picture_.data() + std::size_t{y / kCell / kBlock} * block_columns_;
    for (std::uint32_t x = 0; x < block_columns_; ++x)
      for (std::uint32_t i = 0; blocks[x] != 0 && i < kBlock * kCell; i += kDither)
        std::memcpy(limits.data() + std::size_t{x} * kBlock * kCell + i, kThresholds[y % kDither].data(),
                    kDither);
    std::uint8_t* row = gray.row(y);
    for (std::uint32_t x = 0; x < gray.width; ++x) row[x] = row[x] >= limits[x] ? 0xFF : 0;
  }
}

void pack_1_bit(const Pixels& gray, char* packed) {
  constexpr std::uint64_t kEachOctet = 0x0101010101010101;
  const std::size_t octets = (std::size_t{gray.width} + 7) / 8;
  for (std::uint32_t y = 0; y < gray.height; ++y) {
    const std::uint8_t* row = gray.row(y);
    char* out = packed + y * octets;
    std::uint32_t x = 0;
    for (; x + 8 <= gray.width; x += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, row + x, 8);
      // gathers the lowest bit of each octet, the first octet's highest
      *out++ = static_cast<char>((word & kEachOctet) * 0x8040201008040201 >> 56);
    }
    unsigned last = 0;
    for (unsigned bit = 7; x < gray.width; ++x, --bit) last |= (row[x] & 1u) << bit;
    if (gray.width % 8 != 0) *out = static_cast<char>(last);
  }
}

}  // namespace kiyome::compose
