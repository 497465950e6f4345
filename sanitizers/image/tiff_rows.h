// One page of a TIFF, row by row.
#pragma once

#include "sanitizers/image/reducer.h"

struct tiff;

namespace kiyome::sanitizer::image {

// Faxes, scans, and other pages that libtiff gives row by row: bilevel, gray, palette, RGB and CMYK in
// strips.
class TiffRows {
 public:
  explicit TiffRows(struct tiff* page);
  bool possible() const { return possible_; }
  unsigned channels() const { return channels_; }
  // Strips that cannot be read stay white. How many rows could be read.
  std::uint32_t read(std::uint32_t width, std::uint32_t height, Reducer& reducer);

 private:
  void show(const std::uint8_t* stored, std::uint32_t width, std::uint8_t* shown) const;
  void show_bilevel(const std::uint8_t* stored, std::uint32_t width, std::uint8_t* shown) const;
  unsigned sample(const std::uint8_t* stored, std::size_t index) const;

  struct tiff* tiff_;
  bool possible_ = false;
  unsigned channels_ = 1;
  unsigned samples_ = 1, bits_ = 1;
  bool inverted_ = false;  // 0 is white
  bool ink_ = false;       // CMYK
  enum class Alpha { none, apart, multiplied } alpha_ = Alpha::none;
  const std::uint16_t* red_ = nullptr;  // of a palette; libtiff's
  const std::uint16_t* green_ = nullptr;
  const std::uint16_t* blue_ = nullptr;
};

// Everything else that libtiff understands (tiles, planes, Lab, YCbCr), held whole.
// Refusals damaged and unsupported-type.
Outcome<void> read_tiff_whole(struct tiff* page, std::uint32_t width, std::uint32_t height, Reducer& reducer);

}  // namespace kiyome::sanitizer::image
