// A page's pixels made smaller: each pixel of the result is the mean of the area that it stands for, exactly
// (rounded to the nearest level). Row by row; memory for the result and two rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/clean/document.h"

namespace kiyome::compose {

// Owned by one thread.
class Shrink {
 public:
  // The longer side of the result has `side` pixels (1 to limits::kPageSide). A page that is not longer stays
  // as it is.
  Shrink(const clean::Page& page, std::uint32_t side);

  // Whole rows, from the top, as clean::Rows brings them.
  void rows(std::string_view octets);
  // All rows came.
  bool complete() const { return pixels_.size() == octets_; }
  const clean::Page& page() const { return page_; }  // of the result
  const std::string& pixels() const { return pixels_; }
  std::string take_pixels() { return std::move(pixels_); }

 private:
  // Pixels of a row that one pixel of the result stands on; weights in parts of a pixel.
  struct Span {
    std::uint32_t first = 0, last = 0;
    std::uint32_t head = 0, tail = 0;  // of the first, and of the last when it is another one
  };
  void add(std::string_view row, std::uint32_t weight);
  void end_row();
  template <std::uint32_t kChannels>
  void write_row();

  clean::Page page_;
  std::uint32_t width_, height_;  // before
  std::uint32_t channels_;
  std::size_t octets_ = 0;  // of the result
  std::vector<Span> spans_;
  // Down the columns, of the row of the result that is under way, and of the one before: blank paper is
  // alike.
  std::vector<std::uint32_t> sums_, before_;
  std::uint32_t seen_ = 0, filled_ = 0;  // rows that came; parts of `sums_` that are there, of height_
  std::string pixels_;
};

}  // namespace kiyome::compose
