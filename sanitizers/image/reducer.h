// Rows of a picture in, the pixels that are kept out: area averaging, row by row, so that the stored picture
// need not be held.
#pragma once

#include <cstdint>
#include <vector>

#include "sanitizers/image/picture.h"

namespace kiyome::sanitizer::image {

class Reducer {
 public:
  // All sides at least 1. `channels` 1 or 3.
  Reducer(std::uint32_t width, std::uint32_t height, unsigned channels, std::uint32_t out_width,
          std::uint32_t out_height);

  // The next row, width * channels octets; what comes after the last is ignored.
  void row(const std::uint8_t* octets);
  std::uint32_t rows() const { return rows_; }
  std::uint32_t height() const { return height_; }

  // What was never said is white.
  Pixels take();

 private:
  // One part of a made pixel: how much of which stored pixel. The weights of one pixel sum to 65536.
  struct Share {
    std::uint32_t from = 0;  // stored pixel times channels
    std::uint32_t weight = 0;
  };
  void average_across(const std::uint8_t* octets);
  void finish_row();

  std::uint32_t width_, height_, out_height_;
  unsigned channels_;
  bool copies_across_, copies_down_;
  std::vector<Share> shares_;              // of all made pixels of a row, in order
  std::vector<std::uint32_t> share_ends_;  // where those of pixel x end
  std::vector<std::uint32_t> across_;      // the stored row, as wide as made; 16 bits each
  std::vector<std::uint32_t> sums_;        // of the row being made; 32 bits of fraction and value
  std::uint64_t covered_ = 0;              // of the made row, in 1/out_height of a stored row
  std::uint32_t rows_ = 0, made_ = 0;
  Pixels out_;
};

}  // namespace kiyome::sanitizer::image
