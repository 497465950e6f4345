// A page in black and white, for people: what is written or drawn stays readable, whatever its colour and
// that of its paper; what is a photograph is dithered.
#pragma once

#include <vector>

#include "service/compose/document/pixels.h"
#include "service/compose/document/room.h"

namespace kiyome::compose {

// One octet a pixel in `room`: how bright it looks.
Pixels brightness_of(const Pixels& colours, Room& room);

// Makes every pixel of a gray page 0 or 255. Keeps its buffers between pages. Not thread-safe.
class Bilevel {
 public:
  void make(const Pixels& gray);

 private:
  // A square of pixels each; at 300 dpi a third of a millimetre.
  using Cells = std::vector<std::uint8_t>;

  void measure(const Pixels& gray);
  void find_pictures(const Pixels& gray);
  void find_tones();
  void mark_picture(const Rect& region);
  void close(const Cells& from, std::uint32_t radius, Cells& out);
  void find_bright_writing();
  void choose_thresholds();
  int noise() const;

  std::uint32_t columns_ = 0, rows_ = 0;  // of cells
  Cells brightest_, darkest_, around_;    // … and the darkest with their neighbours
  Cells near_, far_;                      // the background, without small and larger strokes
  Cells bright_writing_, threshold_, spare_;
  std::uint32_t block_columns_ = 0, block_rows_ = 0;
  std::vector<std::uint8_t> toned_, picture_;  // of blocks
};

// White (its lowest bit) is 1; rows of (width + 7) / 8 octets, unused bits are 0.
void pack_1_bit(const Pixels& gray, char* packed);

}  // namespace kiyome::compose
