// Run-length encoded bitmaps. Each turn uses two octets at least, and writes nothing outside the picture.
#include <algorithm>

#include "sanitizers/image/dib.h"

namespace kiyome::sanitizer::image {
namespace {

class Unpacker {
 public:
  Unpacker(const Dib& dib, std::vector<std::uint8_t>& indices) : dib_(dib), indices_(indices) {}

  bool unpack() {
    while (y_ < dib_.height) {
      if (dib_.pixels.size() - at_ < 2) return false;
      const unsigned count = octet(), value = octet();
      if (count > 0) {
        for (unsigned i = 0; i < count; ++i) put(nibbles() ? (i % 2 == 0 ? value >> 4 : value & 15) : value);
      } else if (value == 0) {
        x_ = 0;
        ++y_;
      } else if (value == 1) {
        return true;
      } else if (value == 2) {
        if (dib_.pixels.size() - at_ < 2) return false;
        x_ += octet();
        y_ += octet();
      } else if (!literal(value)) {
        return false;
      }
    }
    return true;
  }

 private:
  bool nibbles() const { return dib_.compression == DibCompression::rle4; }
  unsigned octet() { return static_cast<unsigned char>(dib_.pixels[at_++]); }

  void put(unsigned index) {
    if (x_ < dib_.width && y_ < dib_.height) {
      const std::size_t row = dib_.top_down ? y_ : dib_.height - 1 - y_;
      indices_[row * dib_.width + x_] = static_cast<std::uint8_t>(index);
    }
    ++x_;
  }

  // `count` indices as they are, then up to an even octet.
  bool literal(unsigned count) {
    const std::size_t size = nibbles() ? (count + 1) / 2 : count;
    const bool all = dib_.pixels.size() - at_ >= size;
    for (unsigned i = 0, value = 0; i < count; ++i) {
      if (!nibbles() || i % 2 == 0) {
        if (at_ >= dib_.pixels.size()) return false;
        value = octet();
      }
      put(!nibbles() ? value : i % 2 == 0 ? value >> 4 : value & 15);
    }
    at_ = std::min(dib_.pixels.size(), at_ + size % 2);
    return all;
  }

  const Dib& dib_;
  std::vector<std::uint8_t>& indices_;
  std::size_t at_ = 0;
  std::uint64_t x_ = 0, y_ = 0;
};

}  // namespace

bool unpack_dib(const Dib& dib, std::vector<std::uint8_t>& indices) {
  indices.assign(std::size_t{dib.width} * dib.height, 0);
  return Unpacker(dib, indices).unpack();
}

}  // namespace kiyome::sanitizer::image
