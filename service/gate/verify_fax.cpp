#include "service/gate/verify_fax.h"

#include <algorithm>
#include <vector>

#include "service/gate/verify_fax_codes.h"

namespace kiyome::gate {
namespace {

// What a code word says; no word begins so when it has no bits.
struct Meaning {
  std::uint16_t value = 0;
  std::uint8_t bits = 0;
};

constexpr unsigned kModeBits = 7, kWhiteBits = 12, kBlackBits = 13;
constexpr std::uint16_t kPassMode = 7, kHorizontalMode = 8;  // below: columns right of VL3
constexpr std::uint32_t kLongestRun = 2560;                  // that one code says

// For each beginning of `Bits` bits what it means.
template <unsigned Bits>
class Meanings {
 public:
  constexpr void add(fax::Word word, unsigned value) {
    unsigned code = 0, bits = 0;
    for (; word[bits] != '\0'; ++bits) code = code << 1 | (word[bits] == '1' ? 1u : 0u);
    const unsigned first = code << (Bits - bits);
    for (unsigned i = first; i < first + (1u << (Bits - bits)); ++i)
      all_[i] = {static_cast<std::uint16_t>(value), static_cast<std::uint8_t>(bits)};
  }
  template <std::size_t Count>
  constexpr void add_all(const std::array<fax::Word, Count>& words, unsigned first, unsigned step) {
    for (std::size_t i = 0; i < Count; ++i) add(words[i], first + static_cast<unsigned>(i) * step);
  }
  Meaning of(unsigned bits) const { return all_[bits]; }

 private:
  std::array<Meaning, 1u << Bits> all_{};
};

constexpr Meanings<kModeBits> make_modes() {
  Meanings<kModeBits> out;
  out.add_all(fax::kVertical, 0, 1);
  out.add(fax::kPass, kPassMode);
  out.add(fax::kHorizontal, kHorizontalMode);
  return out;
}
template <unsigned Bits>
constexpr Meanings<Bits> make_runs(const std::array<fax::Word, 64>& terminating,
                                   const std::array<fax::Word, 27>& makeup) {
  Meanings<Bits> out;
  out.add_all(terminating, 0, 1);
  out.add_all(makeup, 64, 64);
  out.add_all(fax::kMany, 1792, 64);
  return out;
}
constexpr auto kModes = make_modes();
constexpr auto kWhiteRuns = make_runs<kWhiteBits>(fax::kWhite, fax::kWhiteMany);
constexpr auto kBlackRuns = make_runs<kBlackBits>(fax::kBlack, fax::kBlackMany);

// Zeros behind the end: no mode and no run is zeros alone, and who takes some is told by beyond().
class Bits {
 public:
  explicit Bits(std::string_view octets) : octets_(octets) {}
  unsigned look(unsigned count) {
    while (held_ < count) {
      const unsigned next = at_ < octets_.size() ? static_cast<unsigned char>(octets_[at_]) : 0u;
      ++at_;
      bits_ = bits_ << 8 | next;
      held_ += 8;
    }
    return static_cast<unsigned>(bits_ >> (held_ - count)) & ((1u << count) - 1);
  }
  void take(unsigned count) { held_ -= count; }
  bool beyond() const { return at_ - held_ / 8 > octets_.size(); }
  // The octet that the next bit stands in.
  std::size_t octet() const { return std::min(at_ - (held_ + 7) / 8, octets_.size()); }
  // Less than an octet is left of `octets`, all zeros.
  bool only_fill() { return at_ - held_ / 8 == octets_.size() && look(held_ % 8) == 0; }

 private:
  std::string_view octets_;
  std::uint64_t bits_ = 0;
  unsigned held_ = 0;  // of them, the lowest
  std::size_t at_ = 0;
};

class Group4 {
 public:
  Group4(std::string_view octets, std::uint32_t width) : in_(octets), width_(width) {
    above_.assign(kBeyond, width);
  }

  Checked check(std::uint32_t height) {
    for (; height != 0 && !bad_; --height) row();
    if (bad_) return bad_;
    const std::size_t at = in_.octet();
    if (in_.look(fax::kEofbBits) != fax::kEofb) return fault(at, "no end-of-block behind the last row");
    in_.take(fax::kEofbBits);
    if (in_.beyond()) return fault(at, "the image ends too early");
    if (!in_.only_fill()) return fault(in_.octet(), "something behind the end-of-block");
    return {};
  }

 private:
  static constexpr std::size_t kBeyond = 3;  // changes behind a row's end, so that b1 and b2 are always there

  void refuse(std::size_t at, const char* reason) {
    if (!bad_) bad_ = fault(at, reason);
  }

  template <unsigned Count>
  unsigned read(const Meanings<Count>& meanings, const char* none) {
    const std::size_t at = in_.octet();
    const Meaning meaning = meanings.of(in_.look(Count));
    in_.take(meaning.bits);
    if (meaning.bits == 0) refuse(at, none);
    if (in_.beyond()) refuse(at, "the image ends too early");
    return meaning.value;
  }
  unsigned read_run_code() {
    return black_ ? read(kBlackRuns, "not a run of black") : read(kWhiteRuns, "not a run of white");
  }

  // Make-up codes of 2560 as many as fit, at most one other, then the terminating code. Never far above the
  // width.
  std::uint32_t run() {
    std::uint32_t length = 0;
    std::uint32_t code = read_run_code();
    for (; code == kLongestRun && !bad_ && length <= width_; code = read_run_code()) length += code;
    if (code >= 64) {
      length += code;
      code = read_run_code();
      if (code >= 64) refuse(in_.octet(), "make-up codes that T.6 would not choose");
    }
    return length + code;
  }

  void row() {
    row_.clear();
    black_ = false;
    a0_ = -1;
    for (std::size_t next = 0; a0_ < width_ && !bad_;) {
      while (above_[next] <= a0_) ++next;  // ends: behind all changes stands the width
      // The first change above that is right of a0 and towards the other colour.
      const std::size_t b = next + ((next % 2 != 0) != black_ ? 1 : 0);
      step(above_[b], above_[b + 1]);
    }
    row_.insert(row_.end(), kBeyond, width_);
    row_.swap(above_);
  }

  void step(std::uint32_t b1, std::uint32_t b2) {
    const std::size_t at = in_.octet();
    const unsigned mode = read(kModes, "not a mode of T.6 that we use");
    if (bad_) return;
    if (mode == kPassMode) {
      if (b2 >= width_) return refuse(at, "passes what is not there");
      a0_ = b2;  // that a1 lies right of it is seen when it comes
      return;
    }
    if (mode != kHorizontalMode) {
      const std::int64_t a1 = std::int64_t{b1} + mode - 3;
      if (!is_next(a1, b2)) return refuse(at, "a change where none can be");
      change_at(a1);
      black_ = !black_;
      return;
    }
    const std::int64_t a1 = std::max<std::int64_t>(a0_, 0) + run();
    black_ = !black_;
    const std::int64_t a2 = a1 + run();
    black_ = !black_;
    if (!is_next(a1, b2) || a2 > width_ || (a2 == a1 && a1 < width_))
      return refuse(at, "runs that cannot be");
    if (a1 - b1 <= 3 && b1 - a1 <= 3) return refuse(at, "horizontal where vertical is due");
    change_at(a1);
    change_at(a2);
  }

  // Right of a0, within the row, and not right of b2, where pass would be due.
  bool is_next(std::int64_t a1, std::uint32_t b2) const { return a1 > a0_ && a1 <= width_ && a1 <= b2; }
  void change_at(std::int64_t a) {
    a0_ = a;
    if (a < width_) row_.push_back(static_cast<std::uint32_t>(a));
  }

  Bits in_;
  const std::uint32_t width_;
  Checked bad_;
  std::vector<std::uint32_t> above_, row_;  // where the colour changes, from white on
  std::int64_t a0_ = -1;
  bool black_ = false;
};

}  // namespace

Checked check_group_4(std::string_view octets, std::uint32_t width, std::uint32_t height) {
  return Group4(octets, width).check(height);
}

}  // namespace kiyome::gate
