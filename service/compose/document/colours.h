// The colours of a page: how often each stands there, and which few can stand for all of them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "service/compose/document/pixels.h"

namespace kiyome::compose {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  std::uint32_t count = 0;  // pixels
  std::uint32_t flat = 0;   // of them, those in runs of one colour or in shades: no edges of letters
};

// Colours 0xRRGGBB to numbers in the order in which they came. Clears in no time, never grows.
class ColourTable {
 public:
  static constexpr std::size_t kColours = 4096;
  static constexpr std::uint16_t kFull = 0xFFFF;

  ColourTable() : slots_(kSlots) {}
  void clear();
  // The number of the colour; kFull when it is new and there is no room for it.
  std::uint16_t add(std::uint32_t colour) {
    std::size_t at = (colour * multiplier_) >> (32 - kSlotBits);
    while (slots_[at].colour != colour) {
      if (slots_[at].colour == kFree) return take(at, colour);
      at = (at + 1) % kSlots;
    }
    return slots_[at].number;
  }
  std::uint16_t size() const { return size_; }

 private:
  static constexpr unsigned kSlotBits = 14;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;
  static constexpr std::uint32_t kFree = 0xFFFFFFFF;
  struct Slot {
    std::uint32_t colour = kFree;
    std::uint16_t number = 0;
  };
  std::uint16_t take(std::size_t at, std::uint32_t colour) {
    if (size_ == kColours) return kFull;
    slots_[at] = {colour, size_};
    return size_++;
  }
  // Another one in each process: who chooses the colours must not choose ones that meet in one slot.
  static std::uint32_t multiplier();
  const std::uint32_t multiplier_ = multiplier();
  std::vector<Slot> slots_;
  std::uint16_t size_ = 0;
};

// What stands for the colours of a page, and how well.
struct Palette {
  std::vector<std::array<std::uint8_t, 3>> colours;
  std::vector<std::uint8_t> index;  // for each colour of the page, which of them
  double error = 0;                 // root of the mean square, in levels, over all pixels and channels
  double wrong = 0;                 // the share of pixels whose colour becomes a visibly different one
  double flat_wrong = 0;            // the share of pixels of backgrounds and shades that change to be seen
};

// The best `size` colours for `colours`, or all of them if they are not more. White, black and backgrounds
// stay exactly as they are while there is room.
Palette choose_palette(const std::vector<Colour>& colours, std::size_t size);

// The given colours for `colours`, the nearest for each.
Palette fixed_palette(const std::vector<Colour>& colours,
                      const std::vector<std::array<std::uint8_t, 3>>& entries);

// Whether it looks like the page: measured on real documents (experiments: RMSE 4.5 is not seen on text).
bool looks_alike(const Palette& palette);

}  // namespace kiyome::compose
