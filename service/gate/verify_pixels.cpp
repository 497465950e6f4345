#include "service/gate/verify_pixels.h"

#include <algorithm>

namespace kiyome::gate {

PixelRows::PixelRows(const PixelShape& shape) : shape_(shape), row_(shape.row_octets()) {
  const auto used = static_cast<unsigned>(std::uint64_t{shape.width} * shape.components * shape.bits % 8);
  if (used != 0) unused_ = static_cast<unsigned char>(0xFFu >> used);
}

bool PixelRows::add(std::string_view octets) {
  if (!indices_are_low(octets)) return false;
  if (unused_ == 0) return true;
  for (std::size_t at = 0; at < octets.size();) {
    const std::uint64_t rest_of_row = row_ - column_;
    if (rest_of_row > octets.size() - at) {
      column_ += octets.size() - at;
      break;
    }
    at += static_cast<std::size_t>(rest_of_row);
    if ((static_cast<unsigned char>(octets[at - 1]) & unused_) != 0) return false;
    column_ = 0;
  }
  return true;
}

// Unused bits are zero or refused anyway, so they may be taken for an index.
bool PixelRows::indices_are_low(std::string_view octets) const {
  unsigned char highest = 0;
  if (shape_.bits == 8 && shape_.highest < 255) {
    for (const char c : octets) highest = std::max(highest, static_cast<unsigned char>(c));
  } else if (shape_.bits == 4 && shape_.highest < 15) {
    for (const char c : octets) {
      const auto octet = static_cast<unsigned char>(c);
      highest = std::max(
          highest, std::max(static_cast<unsigned char>(octet >> 4), static_cast<unsigned char>(octet & 15)));
    }
  }
  return highest <= shape_.highest;
}

}  // namespace kiyome::gate
