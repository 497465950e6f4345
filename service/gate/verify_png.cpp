// A clean PNG as compose/PDF.md lays it down: IHDR, pHYs, PLTE for a palette, IDAT, IEND, and pixels that are
// exactly what IHDR says. Trusts nothing; keeps two rows of a palette's indices.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "service/gate/verify_document.h"
#include "service/gate/verify_inflate.h"
#include "service/gate/verify_reader.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;
using namespace std::string_view_literals;

constexpr std::size_t kDataChunk = 65536;
constexpr std::uint32_t kMostPixelsPerMetre = 100000;
constexpr unsigned kGray = 0, kColour = 2, kPalette = 3;  // colour types
constexpr unsigned kFilters = 5;

// RFC 2083 section 6.6.
unsigned paeth(unsigned left, unsigned up, unsigned corner) {
  const int p = static_cast<int>(left + up) - static_cast<int>(corner);
  const int a = std::abs(p - static_cast<int>(left)), b = std::abs(p - static_cast<int>(up)),
            c = std::abs(p - static_cast<int>(corner));
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

// Rows as they are inflated: a filter type, then the row's octets.
class FilteredRows {
 public:
  // `highest` index of the palette; 255 when there is none to look at.
  FilteredRows(std::uint64_t row, unsigned highest) : row_(row), highest_(highest), follow_(highest < 255) {
    if (follow_) {
      before_.resize(static_cast<std::size_t>(row));
      here_.resize(static_cast<std::size_t>(row));
    }
  }

  bool add(View octets) {
    for (std::size_t at = 0; at < octets.size();) {
      if (column_ == 0) {
        filter_ = static_cast<unsigned char>(octets[at++]);
        if (filter_ >= kFilters) return false;
        column_ = 1;
        continue;
      }
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(octets.size() - at, row_ + 1 - column_));
      if (follow_ && !follow(octets.substr(at, count))) return false;
      at += count;
      column_ += count;
      if (column_ != row_ + 1) continue;
      column_ = 0;
      before_.swap(here_);
    }
    return true;
  }

 private:
  // Takes the filter back to see the indices.
  bool follow(View octets) {
    std::size_t x = static_cast<std::size_t>(column_ - 1);
    for (const char c : octets) {
      const unsigned left = x == 0 ? 0 : here_[x - 1], up = before_[x], corner = x == 0 ? 0 : before_[x - 1];
      const unsigned guess = filter_ == 0   ? 0
                             : filter_ == 1 ? left
                             : filter_ == 2 ? up
                             : filter_ == 3 ? (left + up) / 2
                                            : paeth(left, up, corner);
      here_[x] = static_cast<unsigned char>(static_cast<unsigned char>(c) + guess);
      if (here_[x] > highest_) return false;
      ++x;
    }
    return true;
  }

  std::uint64_t row_, column_ = 0;  // octets; column 0 is the filter type
  unsigned highest_;
  bool follow_;
  unsigned filter_ = 0;
  std::vector<unsigned char> before_, here_;
};

class Png {
 public:
  Png(View octets, Scope& scope) : in_(octets), scope_(scope) {}

  Checked check() {
    in_.about("not the begin of a PNG in our form");
    in_.expect("\x89PNG\r\n\x1a\n"sv);
    header();
    density();
    if (type_ == kPalette) palette();
    pixels();
    in_.about("not the end of a PNG in our form");
    chunk("IEND", 0, 0);
    if (!in_.bad() && !in_.done()) in_.refuse(in_.at(), "octets behind the end");
    return in_.bad();
  }

 private:
  static std::uint32_t number(View four) {
    std::uint32_t out = 0;
    for (const char c : four) out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }

  // A chunk with min to max octets of data; its CRC is right.
  View chunk(View type, std::uint32_t min, std::uint32_t max) {
    const std::size_t begin = in_.at();
    const std::uint32_t size = number(in_.take(4));
    if (size < min || size > max) in_.refuse(begin, in_.reason());
    const View covered = in_.rest().substr(0, std::size_t{4} + size);
    in_.expect(type);
    const View data = in_.take(in_.bad() ? 0 : size);
    const std::size_t end = in_.at();
    const View sum = in_.take(4);
    if (in_.bad()) return {};
    const auto crc = crc32_z(0, reinterpret_cast<const unsigned char*>(covered.data()), covered.size());
    if (crc != number(sum)) in_.refuse(end, "wrong CRC of a chunk");
    return in_.bad() ? View() : data;
  }

  void header() {
    const std::size_t at = in_.at() + 8;
    const View data = chunk("IHDR", 13, 13);
    if (in_.bad()) return;
    width_ = number(data.substr(0, 4));
    height_ = number(data.substr(4, 4));
    type_ = static_cast<unsigned char>(data[9]);
    const auto is_side = [](std::uint32_t side) { return side >= 1 && side <= limits::kPageSide; };
    if (!is_side(width_)) in_.refuse(at, "not a width");
    if (!is_side(height_)) in_.refuse(at + 4, "not a height");
    if (std::uint64_t{width_} * height_ > limits::kPagePixels) in_.refuse(at, "too many pixels");
    if (data[8] != 8) in_.refuse(at + 8, "depth other than 8");
    if (type_ != kGray && type_ != kColour && type_ != kPalette) in_.refuse(at + 9, "colour type");
    if (data.substr(10) != "\0\0\0"sv) in_.refuse(at + 10, "compression, filter or interlace method");
  }

  void density() {
    in_.about("not a density in our form");
    const std::size_t at = in_.at() + 8;
    const View data = chunk("pHYs", 9, 9);
    if (in_.bad()) return;
    const std::uint32_t x = number(data.substr(0, 4));
    if (x == 0 || x > kMostPixelsPerMetre || x != number(data.substr(4, 4)) || data[8] != 1)
      in_.refuse(at, in_.reason());
  }

  void palette() {
    in_.about("not a palette");
    const std::size_t at = in_.at();
    const View data = chunk("PLTE", 3, 3 * 256);
    if (data.size() % 3 != 0) in_.refuse(at, in_.reason());
    if (!in_.bad()) highest_ = static_cast<unsigned>(data.size() / 3 - 1);
  }

  // IDAT chunks, all full but the last.
  void pixels() {
    if (in_.bad()) return;
    in_.about("not the data of a PNG in our form");
    const std::uint64_t row = std::uint64_t{width_} * (type_ == kColour ? 3 : 1);
    std::uint64_t left = (row + 1) * height_;
    if (!scope_.spend(left)) return in_.refuse(in_.at(), "more pixels than one file may have");
    FilteredRows rows(row, highest_);
    inflater_.begin();
    for (bool last = false; !last && !in_.bad();) {
      const std::size_t at = in_.at();
      const View data = chunk("IDAT", 1, kDataChunk);
      last = data.size() < kDataChunk || !is_data_next();
      inflater_.feed(data);
      for (View piece = inflater_.next(); !piece.empty(); piece = inflater_.next()) {
        if (piece.size() > left) return in_.refuse(at, "more pixels than the image has");
        left -= piece.size();
        if (!rows.add(piece)) return in_.refuse(at, "filter type or index that no row may have");
      }
      if (inflater_.broken()) return in_.refuse(at, "not one zlib stream");
    }
    if (left != 0 || !inflater_.complete())
      in_.refuse(in_.at(), "not one zlib stream of exactly the image's pixels");
  }
  bool is_data_next() const { return in_.rest().size() >= 8 && in_.rest().substr(4, 4) == "IDAT"; }

  Reader in_;
  Scope& scope_;
  std::uint32_t width_ = 0, height_ = 0;
  unsigned type_ = kGray;
  unsigned highest_ = 255;
  Inflater inflater_;
};

}  // namespace

Checked check_png(View octets, Scope& scope) { return Png(octets, scope).check(); }

}  // namespace kiyome::gate
