// See fax.h. A row is its changes of colour, from white on; what T.6 calls a0, a1, a2, b1 and b2 is called so
// here.
#include "service/compose/document/fax.h"

#include <bit>
#include <cstring>
#include <vector>

#include "service/compose/document/fax_codes.h"

namespace kiyome::compose {
namespace {

using fax::Code;

class BitWriter {
 public:
  void put(Code code) {
    held_ = held_ << code.length | code.bits;
    for (count_ += code.length; count_ >= 8; count_ -= 8)
      octets_ += static_cast<char>(held_ >> (count_ - 8) & 0xFF);
  }
  // Fills the last octet with zeros.
  std::string take() {
    if (count_ > 0) put({0, static_cast<std::uint8_t>(8 - count_)});
    return std::move(octets_);
  }

 private:
  std::uint64_t held_ = 0;
  unsigned count_ = 0;
  std::string octets_;
};

using Changes = std::vector<std::uint32_t>;

// Eight octets, or what is left of them and white.
std::uint64_t word_at(const std::uint8_t* row, std::size_t octets, std::size_t at) {
  std::uint64_t word = ~std::uint64_t{0};
  if (octets - at >= sizeof word) {
    std::memcpy(&word, row + at, sizeof word);
    if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
    return word;
  }
  for (; at < octets; ++at) word = word << 8 | row[at];
  return word << (64 - octets % 8 * 8) | ((std::uint64_t{1} << (64 - octets % 8 * 8)) - 1);
}

// Where the colour changes; then the width four times, more than any look ahead.
void find_changes(const std::uint8_t* row, std::uint32_t width, Changes& out) {
  const std::size_t octets = (std::size_t{width} + 7) / 8;
  out.clear();
  std::uint64_t before = 1;  // the last bit of the word before
  for (std::size_t at = 0; at < octets; at += 8) {
    const std::uint64_t word = word_at(row, octets, at);
    for (std::uint64_t left = word ^ (word >> 1 | before << 63); left != 0;) {
      const auto bit = static_cast<unsigned>(std::countl_zero(left));
      out.push_back(static_cast<std::uint32_t>(at * 8 + bit));
      left &= ~(std::uint64_t{1} << (63 - bit));
    }
    before = word & 1;
  }
  while (!out.empty() && out.back() >= width) out.pop_back();
  out.insert(out.end(), 4, width);
}

void put_run(BitWriter& out, bool black, std::uint32_t length) {
  constexpr std::uint32_t kLongest = 2560, kShared = 1792;
  for (; length >= kLongest + 64; length -= kLongest) out.put(fax::kBoth1792.back());
  if (length >= kShared)
    out.put(fax::kBoth1792[(length - kShared) / 64]);
  else if (length >= 64)
    out.put((black ? fax::kBlack64 : fax::kWhite64)[length / 64 - 1]);
  out.put((black ? fax::kBlack : fax::kWhite)[length % 64]);
}

void put_row(BitWriter& out, const Changes& above, const Changes& row, std::uint32_t width) {
  std::int64_t a0 = -1;
  std::size_t a = 0, b = 0;  // of a1 and b1; both even while a0 is white
  while (a0 < width) {
    while (above[b] <= a0 && above[b] < width) b += 2;
    const std::int64_t a1 = row[a], b1 = above[b], b2 = above[b + 1];
    if (b2 < a1) {
      out.put(fax::kPass);
      a0 = b2;
    } else if (a1 - b1 >= -3 && a1 - b1 <= 3) {
      out.put(fax::kVertical[static_cast<std::size_t>(a1 - b1 + 3)]);
      a0 = a1;
      ++a;
      b = b == 0 ? 1 : b - 1;
    } else {
      const std::uint32_t a2 = row[a + 1];
      out.put(fax::kHorizontal);
      put_run(out, a % 2 != 0, static_cast<std::uint32_t>(a1 - (a0 < 0 ? 0 : a0)));
      put_run(out, a % 2 == 0, a2 - row[a]);
      a0 = a2;
      a += 2;
    }
  }
}

}  // namespace

std::string group_4(const std::uint8_t* bits, std::uint32_t width, std::uint32_t height) {
  const std::size_t octets = (std::size_t{width} + 7) / 8;
  BitWriter out;
  Changes above(4, width), row;  // the row above the first is white
  for (std::uint32_t y = 0; y < height; ++y) {
    find_changes(bits + y * octets, width, row);
    put_row(out, above, row, width);
    above.swap(row);
  }
  out.put(fax::kEndOfLine);
  out.put(fax::kEndOfLine);
  return out.take();
}

}  // namespace kiyome::compose
