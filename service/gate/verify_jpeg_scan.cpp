#include "service/gate/verify_jpeg_scan.h"

#include <algorithm>
#include <bitset>
#include <cstdlib>
#include <cstring>

namespace kiyome::gate {
namespace {

constexpr unsigned kHighestDcCategory = 11;          // T.81 table F.1, 8-bit samples
constexpr unsigned kHighestAcCategory = 10;          // table F.2
constexpr unsigned kLongRun = 0xF0;                  // ZRL
constexpr int kLowestDc = -2048, kHighestDc = 2047;  // what a quantised DC of 8-bit samples can be
// What 8-bit samples make is at most 1024, and half a quantiser more by rounding. With far larger values
// decoders run over in different ways, and the picture is another one in each.
constexpr unsigned kHighestValue = 2048;

bool is_baseline(HuffmanClass kind, unsigned symbol) {
  if (kind == HuffmanClass::dc) return symbol <= kHighestDcCategory;
  const unsigned category = symbol & 15;
  return category == 0 ? symbol == 0 || symbol == kLongRun : category <= kHighestAcCategory;
}

// The bits of entropy-coded data, stuffed zeros taken out.
class Bits {
 public:
  explicit Bits(std::string_view data) : data_(data) {}

  // At least 32 bits are at hand then, unless the data ends or breaks.
  void fill() {
    if (count_ >= 32) return;
    if (data_.size() - at_ >= 8 && fill_fast()) return;
    while (count_ <= 56 && at_ < data_.size()) {
      const auto octet = static_cast<unsigned char>(data_[at_]);
      if (octet == 0xFF) {
        if (data_.size() - at_ < 2 || data_[at_ + 1] != '\0') {
          marker_ = true;
          return;
        }
        ++at_;
      }
      ++at_;
      held_ |= std::uint64_t{octet} << (56 - count_);
      count_ += 8;
    }
  }
  unsigned peek16() const { return static_cast<unsigned>(held_ >> 48); }
  void skip(unsigned bits) {
    held_ <<= bits;
    count_ -= static_cast<int>(bits);
  }
  unsigned take(unsigned bits) {  // 1 to 16
    const auto out = static_cast<unsigned>(held_ >> (64 - bits));
    skip(bits);
    return out;
  }
  bool overdrawn() const { return count_ < 0; }
  bool marker() const { return marker_; }

  // Nothing but the ones that fill the last octet is left.
  bool at_end() const {
    if (at_ != data_.size() || count_ < 0 || count_ >= 8) return false;
    return count_ == 0 || held_ >> (64 - count_) == (1u << count_) - 1;
  }
  // The octet that the next bit stands in.
  std::size_t offset() const {
    std::size_t at = at_;
    for (int left = count_; left > 0 && at > 0; left -= 8) {
      --at;
      if (at > 0 && data_[at] == '\0' && static_cast<unsigned char>(data_[at - 1]) == 0xFF) --at;
    }
    return at;
  }

 private:
  // Eight octets at once when none is FF.
  bool fill_fast() {
    constexpr std::uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) word = word << 8 | static_cast<unsigned char>(data_[at_ + i]);
    const std::uint64_t inverse = ~word;
    if (((inverse - kOnes) & ~inverse & kHigh) != 0) return false;
    const int octets = (64 - count_) / 8;
    held_ |= word >> (64 - 8 * octets) << (64 - count_ - 8 * octets);
    at_ += static_cast<std::size_t>(octets);
    count_ += 8 * octets;
    return true;
  }

  std::string_view data_;
  std::size_t at_ = 0;
  std::uint64_t held_ = 0;  // the next bits, from the top
  int count_ = 0;           // of them; below 0 when more were taken than there were
  bool marker_ = false;
};

// F.1.2.1.1: what the category and its bits stand for.
int difference(Bits& bits, unsigned category) {
  if (category == 0) return 0;
  const auto value = static_cast<int>(bits.take(category));
  return value < 1 << (category - 1) ? value - (1 << category) + 1 : value;
}

// How large the value of that category is that stands next, its sign aside; without a branch, for signs come
// by chance.
unsigned magnitude(Bits& bits, unsigned category) {
  const unsigned value = bits.take(category), ones = (1u << category) - 1;
  return value ^ (ones & ((value >> (category - 1)) - 1));
}

const char* check_block(Bits& bits, const ScanComponent& component, int& dc) {
  const auto quantiser = [&](unsigned k) {
    return unsigned{static_cast<unsigned char>(component.quantisers[k])};
  };
  bits.fill();
  const HuffmanTable::Code first = component.dc->at(bits.peek16());
  if (first.length == 0) return "no code of the DC table";
  bits.skip(first.length);
  dc += difference(bits, first.symbol);
  if (dc < kLowestDc || dc > kHighestDc) return "DC beyond what samples can have";
  unsigned largest = static_cast<unsigned>(std::abs(dc)) * quantiser(0);
  for (unsigned k = 1; k < 64; ++k) {
    bits.fill();
    const HuffmanTable::Code code = component.ac->at(bits.peek16());
    if (code.length == 0) return "no code of the AC table";
    bits.skip(code.length);
    if (code.symbol == 0) break;
    if (code.symbol == kLongRun) {
      k += 15;
      if (k > 62) return "coefficient past the 63rd";
      continue;
    }
    k += code.symbol >> 4;
    if (k > 63) return "coefficient past the 63rd";
    largest = std::max(largest, magnitude(bits, code.symbol & 15) * quantiser(k));
  }
  if (bits.marker()) return "marker within entropy-coded data";
  if (bits.overdrawn()) return "entropy-coded data ends early";
  return largest > kHighestValue ? "coefficient beyond what samples can have" : nullptr;
}

}  // namespace

bool HuffmanTable::assign(HuffmanClass kind, std::string_view counts, std::string_view symbols) {
  std::bitset<256> seen;
  std::uint32_t code = 0, next = 0;
  quick_ = {};
  for (unsigned length = 1; length <= 16; ++length) {
    const auto count = static_cast<unsigned char>(counts[length - 1]);
    first_[length] = code;
    index_[length] = next;
    // All codes fit, and the one of ones alone stays free (C.2).
    if (count > symbols.size() - next || code + count >= 1u << length) return false;
    for (unsigned i = 0; i < count; ++i, ++code, ++next) {
      const auto symbol = static_cast<unsigned char>(symbols[next]);
      if (!is_baseline(kind, symbol) || seen[symbol]) return false;
      seen[symbol] = true;
      symbols_[next] = symbol;
      if (length > kQuick) continue;
      for (unsigned k = 0; k < 1u << (kQuick - length); ++k)
        quick_[(code << (kQuick - length)) + k] = {length, symbol};
    }
    end_[length] = code << (16 - length);
    code <<= 1;
  }
  return next != 0 && next == symbols.size();
}

HuffmanTable::Code HuffmanTable::slow(unsigned bits) const {
  for (unsigned length = kQuick + 1; length <= 16; ++length)
    if (bits < end_[length])
      return {length, symbols_[index_[length] + (bits >> (16 - length)) - first_[length]]};
  return {};
}

Checked check_scan(std::string_view data, const Scan& scan) {
  Bits bits(data);
  std::array<int, 3> dc{};
  for (std::uint64_t mcu = 0; mcu < scan.mcus; ++mcu)
    for (unsigned c = 0; c < scan.count; ++c)
      for (unsigned block = 0; block < scan.components[c].blocks; ++block)
        if (const char* reason = check_block(bits, scan.components[c], dc[c]))
          return fault(bits.offset(), reason);
  if (!bits.at_end()) return fault(bits.offset(), "more than the image's blocks");
  return std::nullopt;
}

}  // namespace kiyome::gate
