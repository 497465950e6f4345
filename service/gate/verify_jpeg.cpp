// The segments of a baseline JPEG as compose/PDF.md allows them (ITU-T T.81 annex B). Trusts nothing.
#include <algorithm>

#include "service/gate/verify_document.h"
#include "service/gate/verify_jpeg_scan.h"
#include "service/gate/verify_reader.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;
using namespace std::string_view_literals;

constexpr std::size_t kQuantisers = 64;

class Jpeg {
 public:
  Jpeg(View octets, std::uint32_t width, std::uint32_t height, unsigned components)
      : octets_(octets), in_(octets), width_(width), height_(height), components_(components) {}

  Checked check() {
    in_.about("not the begin of a JPEG in our form");
    // SOI, APP0: JFIF 1.1, no unit, 1:1, no thumbnail.
    in_.expect("\xFF\xD8\xFF\xE0\x00\x10JFIF\0\x01\x01\x00\x00\x01\x00\x01\x00\x00"sv);
    in_.about("quantisation table");
    quantisers();
    in_.about("frame header");
    frame();
    in_.about("Huffman table");
    huffman_tables();
    in_.about("scan header");
    scan_header();
    if (in_.bad()) return in_.bad();
    return scan();
  }

 private:
  std::uint32_t octet() {
    const View one = in_.take(1);
    return one.empty() ? 0 : static_cast<unsigned char>(one[0]);
  }
  std::uint32_t word() {
    const std::uint32_t high = octet();
    return high << 8 | octet();
  }
  void expect_octet(std::uint32_t value) {
    const std::size_t at = in_.at();
    if (octet() != value) in_.refuse(at, in_.reason());
  }
  void expect_word(std::uint32_t value) {
    const std::size_t at = in_.at();
    if (word() != value) in_.refuse(at, in_.reason());
  }

  // One a segment, 8 bit, numbered from 0: one for gray, one or two for colours.
  void quantisers() {
    while (quantisers_ < (components_ == 1 ? 1u : 2u) && in_.eat("\xFF\xDB\x00\x43"sv)) {
      expect_octet(quantisers_++);
      const std::size_t at = in_.at();
      const View values = in_.take(kQuantisers);
      const std::size_t zero = values.find('\0');
      if (zero != View::npos) in_.refuse(at + zero, "quantiser of 0");
      quantiser_values_[quantisers_ - 1] = values;
    }
    if (quantisers_ == 0) in_.refuse();
  }

  void frame() {
    in_.expect("\xFF\xC0"sv);
    expect_word(8 + 3 * components_);
    expect_octet(8);
    expect_word(height_);
    expect_word(width_);
    expect_octet(components_);
    for (unsigned i = 0; i < components_; ++i) {
      expect_octet(i + 1);
      const std::size_t at = in_.at();
      const std::uint32_t sampling = octet();
      if (sampling != 0x11 && !(i == 0 && components_ == 3 && sampling == 0x22)) in_.refuse(at, in_.reason());
      if (i == 0) side_ = sampling == 0x22 ? 2 : 1;
      // With two tables the colours use the second.
      expect_octet(i == 0 ? 0 : quantisers_ - 1);
    }
  }

  // One a segment; each of those that a scan can name at most once.
  void huffman_tables() {
    while (in_.eat("\xFF\xC4"sv)) {
      const std::size_t at = in_.at();
      const std::uint32_t size = word(), target = octet();
      const std::uint32_t number = target & 15;
      const auto kind = target >> 4 == 0 ? HuffmanClass::dc : HuffmanClass::ac;
      if (target >> 4 > 1 || number > 1 || has(kind, number)) in_.refuse(at + 2, in_.reason());
      if (size < 3 + 16) in_.refuse(at, in_.reason());
      const View counts = in_.take(16);
      const View symbols = in_.take(in_.bad() ? 0 : size - 3 - 16);
      if (in_.bad()) return;
      if (!tables_[target >> 4][number].assign(kind, counts, symbols)) in_.refuse(at, in_.reason());
      defined_ |= bit(kind, number);
    }
  }

  void scan_header() {
    unsigned used = 0;
    in_.expect("\xFF\xDA"sv);
    expect_word(6 + 2 * components_);
    expect_octet(components_);
    scan_.count = components_;
    for (unsigned i = 0; i < components_; ++i) {
      expect_octet(i + 1);
      const std::size_t at = in_.at();
      const std::uint32_t tables = octet(), dc = tables >> 4, ac = tables & 15;
      if (dc > 1 || ac > 1 || !has(HuffmanClass::dc, dc) || !has(HuffmanClass::ac, ac)) {
        in_.refuse(at, in_.reason());
        return;
      }
      used |= bit(HuffmanClass::dc, dc) | bit(HuffmanClass::ac, ac);
      scan_.components[i] = {i == 0 ? side_ * side_ : 1, &tables_[0][dc], &tables_[1][ac],
                             quantiser_values_[i == 0 ? 0 : quantisers_ - 1]};
    }
    if (used != defined_) in_.refuse(in_.at(), "Huffman table that no component uses");
    in_.expect("\x00\x3F\x00"sv);
  }

  Checked scan() {
    const View rest = in_.rest();
    if (rest.size() < 2 || !rest.ends_with("\xFF\xD9"sv)) return fault(octets_.size(), "no EOI at the end");
    const std::uint64_t side = std::uint64_t{8} * side_;
    scan_.mcus = (width_ + side - 1) / side * ((height_ + side - 1) / side);
    return shifted(check_scan(rest.substr(0, rest.size() - 2), scan_), in_.at());
  }

  static unsigned bit(HuffmanClass kind, std::uint32_t number) {
    return 1u << (static_cast<unsigned>(kind) * 2 + number);
  }
  bool has(HuffmanClass kind, std::uint32_t number) const { return (defined_ & bit(kind, number)) != 0; }

  View octets_;
  Reader in_;
  std::uint32_t width_, height_;
  unsigned components_;
  unsigned side_ = 1;  // of an MCU, in blocks
  unsigned quantisers_ = 0;
  View quantiser_values_[2];
  unsigned defined_ = 0;
  HuffmanTable tables_[2][2];  // class, number
  Scan scan_;
};

}  // namespace

Checked check_jpeg(View octets, std::uint32_t width, std::uint32_t height, unsigned components) {
  return Jpeg(octets, width, height, components).check();
}

}  // namespace kiyome::gate
