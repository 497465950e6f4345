#include "sanitizers/image/gif_lzw.h"

#include <algorithm>
#include <array>

namespace kiyome::sanitizer::image {
namespace {

constexpr unsigned kCodeSizeMax = 12, kCodes = 1u << kCodeSizeMax, kNoCode = kCodes;
constexpr unsigned kIndexBitsMax =
    11;  // 8 by the specification; some programs write more and use 256 of them

// Codes, least significant bit first, across sub-blocks.
class Codes {
 public:
  explicit Codes(std::string_view octets) : octets_(octets) {}
  // false at the end.
  bool next(unsigned size, unsigned& code) {
    while (bits_ < size) {
      if (block_ == 0) {
        if (at_ >= octets_.size() || octets_[at_] == 0) return false;
        block_ = static_cast<unsigned char>(octets_[at_++]);
      }
      if (at_ >= octets_.size()) return false;
      held_ |= std::uint32_t{static_cast<unsigned char>(octets_[at_++])} << bits_;
      bits_ += 8;
      --block_;
    }
    code = held_ & ((1u << size) - 1);
    held_ >>= size;
    bits_ -= size;
    return true;
  }

 private:
  std::string_view octets_;
  std::size_t at_ = 0;
  std::size_t block_ = 0;  // octets left of the sub-block
  std::uint32_t held_ = 0;
  unsigned bits_ = 0;
};

// Each code is the string of another one and a last index.
class Table {
 public:
  explicit Table(unsigned index_bits) : clear_(1u << index_bits), first_size_(index_bits + 1) {
    for (unsigned i = 0; i < clear_; ++i)
      entries_[i] = {0, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i), 1};
    reset();
  }
  void reset() {
    next_ = clear_ + 2;
    size_ = first_size_;
    previous_ = kNoCode;
  }
  unsigned clear() const { return clear_; }
  unsigned size() const { return size_; }

  // Writes the code's string at `known` as far as there is room; false when the code means nothing.
  bool write(unsigned code, std::vector<std::uint8_t>& indices, std::size_t& known) {
    if (code > next_ || (code == next_ && previous_ == kNoCode) || code == clear_ + 1) return false;
    if (previous_ == kNoCode && code >= clear_) return false;
    if (previous_ != kNoCode && next_ < kCodes) {
      const std::uint8_t last = entries_[code == next_ ? previous_ : code].first;
      entries_[next_] = {previous_, entries_[previous_].first, last, entries_[previous_].length + 1};
      ++next_;
      if (next_ == (1u << size_) && size_ < kCodeSizeMax) ++size_;
    } else if (code >= next_) {
      return false;
    }
    previous_ = code;
    const std::size_t length = entries_[code].length;
    for (std::size_t at = known + length; at > known; code = entries_[code].before) {
      --at;
      if (at < indices.size()) indices[at] = entries_[code].last;
    }
    known = std::min(known + length, indices.size());
    return true;
  }

 private:
  struct Entry {
    unsigned before;
    std::uint8_t first, last;
    unsigned length;
  };
  std::array<Entry, kCodes> entries_{};
  unsigned clear_, first_size_;
  unsigned next_ = 0, size_ = 0, previous_ = kNoCode;
};

}  // namespace

std::size_t unpack_gif(std::string_view octets, std::vector<std::uint8_t>& indices) {
  if (octets.empty()) return 0;
  const unsigned index_bits = static_cast<unsigned char>(octets[0]);
  if (index_bits == 0 || index_bits > kIndexBitsMax) return 0;
  Codes codes(octets.substr(1));
  Table table(index_bits);
  std::size_t known = 0;
  unsigned code = 0;
  while (known < indices.size() && codes.next(table.size(), code)) {
    if (code == table.clear())
      table.reset();
    else if (!table.write(code, indices, known))
      break;  // the end code, or nonsense
  }
  return known;
}

}  // namespace kiyome::sanitizer::image
