#include "service/gate/verify_characters.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "proto/base/check.h"
#include "proto/base/limits.h"

namespace kiyome::gate {
namespace {

// What a code point is. Everything else is plain: a starter that composes with nothing before it.
enum Kind : std::uint8_t {
  kForbidden = 1,
  kMark = 2,      // general category M
  kUnstable = 4,  // NFC may change it, reorder it, or join it to what stands before
  kCut = 8,       // CJK compatibility ideograph: stays as it is, and parts the text for NFC
  kJoiner = 16,
  kWideBackslash = 32,
};

struct Range {
  std::uint32_t first, last;
};

constexpr Range kForbiddenRanges[] = {
    {0x00, 0x1F},       {0x7F, 0x9F},        {0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},
    {0x115F, 0x1160},   {0x17B4, 0x17B5},    {0x180E, 0x180E},   {0x200B, 0x200B},   {0x200E, 0x200F},
    {0x2028, 0x202E},   {0x2060, 0x206F},    {0x2800, 0x2800},   {0x3164, 0x3164},   {0xD800, 0xDFFF},
    {0xE000, 0xF8FF},   {0xFDD0, 0xFDEF},    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF},   {0x13441, 0x13442},  {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF},
    {0xE01F0, 0xE0FFF}, {0xF0000, 0x10FFFF},
};
constexpr Range kEmoji[] = {{0x2194, 0x2199}, {0x231A, 0x2328},   {0x232B, 0x23FF},  {0x2600, 0x27BF},
                            {0x2B00, 0x2BFF}, {0x1F000, 0x1F3FA}, {0x1F400, 0x1FAFF}};
constexpr Range kEmojiModifiers[] = {{0xFE0E, 0xFE0F}, {0x1F3FB, 0x1F3FF}};
constexpr Range kArabic[] = {{0x620, 0x65F}, {0x66E, 0x6D3}, {0x6D5, 0x6D5}, {0x6EE, 0x6EF},
                             {0x6FA, 0x6FC}, {0x6FF, 0x6FF}, {0x750, 0x77F}, {0x8A0, 0x8C9}};
constexpr Range kIndic[] = {{0x900, 0xDFF}, {0x1000, 0x109F}};
constexpr Range kViramas[] = {{0x94D, 0x94D}, {0x9CD, 0x9CD}, {0xA4D, 0xA4D},  {0xACD, 0xACD},
                              {0xB4D, 0xB4D}, {0xBCD, 0xBCD}, {0xC4D, 0xC4D},  {0xCCD, 0xCCD},
                              {0xD4D, 0xD4D}, {0xDCA, 0xDCA}, {0x1039, 0x103A}};

template <std::size_t N>
bool in(const Range (&ranges)[N], std::uint32_t c) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [c](Range r) { return c >= r.first && c <= r.last; });
}

constexpr std::uint32_t kZwnj = 0x200C, kZwj = 0x200D;
bool is_joiner(std::uint32_t c) { return c == kZwnj || c == kZwj; }
bool is_cut(std::uint32_t c) { return (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F); }

constexpr auto kDecompose = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
constexpr auto kCompose = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);

// The canonical decomposition of one code point; gives its length.
utf8proc_ssize_t decompose(std::uint32_t c, std::array<utf8proc_int32_t, 8>& into) {
  int boundary = 0;
  return utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), into.data(), into.size(), kDecompose,
                                 &boundary);
}

bool changes_alone(std::uint32_t c, std::array<utf8proc_int32_t, 8> parts, utf8proc_ssize_t count) {
  if (count == 1) return parts[0] != static_cast<utf8proc_int32_t>(c);
  return utf8proc_normalize_utf32(parts.data(), count, kCompose) != 1 ||
         parts[0] != static_cast<utf8proc_int32_t>(c);
}

std::uint8_t kind_by_data(std::uint32_t c) {
  if (in(kForbiddenRanges, c) || (c & 0xFFFE) == 0xFFFE) return kForbidden;
  if (is_cut(c)) return kCut;
  const utf8proc_property_t* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
  const auto category = property->category;
  std::uint8_t kind = is_joiner(c) ? kJoiner : 0;
  if (is_backslash(c) && c != '\\') kind |= kWideBackslash;
  if (category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
      category == UTF8PROC_CATEGORY_ME || property->combining_class != 0)
    kind |= kMark;
  if (property->combining_class != 0) kind |= kUnstable;
  return kind;
}

// One octet for each code point of the basic plane; made once, about 5 ms.
class BasicPlane {
 public:
  BasicPlane() {
    for (std::uint32_t c = 0; c < kinds_.size(); ++c) kinds_[c] = kind_by_data(c);
    for (std::uint32_t c = 0x80; c < kinds_.size(); ++c) {
      if ((kinds_[c] & (kForbidden | kCut)) != 0) continue;
      std::array<utf8proc_int32_t, 8> parts{};
      const utf8proc_ssize_t count = decompose(c, parts);
      if (changes_alone(c, parts, count)) kinds_[c] |= kUnstable;
      // What stands second in a decomposition may be composed with what stands before it.
      for (utf8proc_ssize_t i = 1; i < count; ++i) {
        const auto second = static_cast<std::uint32_t>(parts[static_cast<std::size_t>(i)]);
        if (second < kinds_.size()) kinds_[second] |= kUnstable;
      }
    }
  }
  std::uint8_t operator[](std::uint32_t c) const { return kinds_[c]; }

 private:
  std::array<std::uint8_t, 0x10000> kinds_{};
};

const BasicPlane& basic_plane() {
  static const std::unique_ptr<const BasicPlane> plane = std::make_unique<BasicPlane>();
  return *plane;
}

// Above the basic plane ideographs and emoji are stable; for the rest NFC is asked each time.
std::uint8_t kind_above(std::uint32_t c) {
  std::uint8_t kind = kind_by_data(c);
  const bool stable =
      (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFF) || (c >= 0xE0100 && c <= 0xE01EF);
  if (!stable && (kind & (kForbidden | kCut)) == 0) kind |= kUnstable;
  return kind;
}

// A window on the line that NFC must leave as it is. NFC is closed under taking parts, and what it does to a
// text is local: a starter, what stands between, and one more character. So windows that share a starter
// prove the whole.
constexpr std::size_t kWindowOctets = 128;
constexpr std::size_t kWindowCodePoints =
    1024;  // each octet pair decomposes to at most four; marks are bounded

bool is_composed(std::string_view window) {
  std::array<utf8proc_int32_t, kWindowCodePoints> points;
  const utf8proc_ssize_t count = utf8proc_decompose(reinterpret_cast<const utf8proc_uint8_t*>(window.data()),
                                                    static_cast<utf8proc_ssize_t>(window.size()),
                                                    points.data(), points.size(), kCompose);
  if (count < 0) return false;
  KIYOME_CHECK(static_cast<std::size_t>(count) <= points.size());
  const utf8proc_ssize_t composed = utf8proc_normalize_utf32(points.data(), count, kCompose);
  std::size_t at = 0;
  for (utf8proc_ssize_t i = 0; i < composed; ++i) {
    const CodePoint here = at < window.size() ? code_point_at(window, at) : CodePoint{};
    if (here.size == 0 || here.value != static_cast<std::uint32_t>(points[static_cast<std::size_t>(i)]))
      return false;
    at += here.size;
  }
  return at == window.size();
}

// The code point that ends before `at`; `text` is valid up to there.
CodePoint code_point_before(std::string_view text, std::size_t at) {
  if (at == 0) return {};
  std::size_t begin = at - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  return code_point_at(text, begin);
}

// Section 1.1. `at` is where the joiner stands, three octets long.
bool joiner_is_allowed(std::string_view line, std::size_t at, std::uint32_t joiner) {
  const CodePoint before = code_point_before(line, at);
  const std::size_t next = at + 3;
  const CodePoint after = next < line.size() ? code_point_at(line, next) : CodePoint{};
  if (before.size == 0 || after.size == 0) return false;
  if (joiner == kZwj && in(kEmoji, after.value)) {
    // Walks back over modifiers only, so never over another joiner: linear over the whole line.
    std::size_t end = at;
    CodePoint c = before;
    while (c.size != 0 && in(kEmojiModifiers, c.value)) {
      end -= c.size;
      c = code_point_before(line, end);
    }
    return c.size != 0 && in(kEmoji, c.value);
  }
  if (joiner == kZwnj && in(kArabic, before.value)) return in(kArabic, after.value);
  return in(kIndic, before.value) && in(kIndic, after.value) &&
         (in(kViramas, before.value) || in(kViramas, after.value));
}

// The walk over one line.
class Walk {
 public:
  Walk(std::string_view line, Tab tab) : line_(line), tab_(tab) {}

  Checked run() {
    while (at_ < line_.size()) {
      const auto octet = static_cast<unsigned char>(line_[at_]);
      if (octet < 0x80) {
        if ((octet < 0x20 && !(octet == '\t' && tab_ == Tab::allowed)) || octet == 0x7F)
          return fault(at_, "control character");
        if (Checked bad = plain(1)) return bad;
        skip_ascii();
      } else if (octet > 0xE0 && octet < 0xF0 && is_three() && plane_[three()] == 0) {
        if (Checked bad = plain(3)) return bad;  // nearly all of a Japanese text
      } else if (Checked bad = other()) {
        return bad;
      }
    }
    return close_window(at_);
  }
  bool wide_backslash() const { return wide_backslash_; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  bool is_three() const {
    return line_.size() - at_ >= 3 && (line_[at_ + 1] & 0xC0) == 0x80 && (line_[at_ + 2] & 0xC0) == 0x80;
  }
  // From U+1000 on, so none is overlong; the table knows the surrogates.
  std::uint32_t three() const {
    return (line_[at_] & 0x0Fu) << 12 | (line_[at_ + 1] & 0x3Fu) << 6 | (line_[at_ + 2] & 0x3Fu);
  }

  // Eight octets at a time while all are 20–7E; stops with the last one passed as the base of what follows.
  void skip_ascii() {
    constexpr std::uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
    while (line_.size() - at_ >= 8) {
      std::uint64_t w = 0;
      std::memcpy(&w, line_.data() + at_, 8);
      const std::uint64_t below = (w - kOnes * 0x20) & ~w,
                          above = w + kOnes;  // DEL + 1 and 80–FF set the high bit
      if (((below | above | w) & kHigh) != 0) return;
      at_ += 8;
      base_ = at_ - 1;
    }
  }

  // A starter that composes with nothing before it.
  Checked plain(std::size_t size) {
    if (window_ != kNone)
      if (Checked bad = close_window(at_)) return bad;
    marks_ = 0;
    base_ = at_;
    at_ += size;
    return std::nullopt;
  }

  Checked other() {
    const CodePoint c = code_point_at(line_, at_);
    if (c.size == 0) return fault(at_, "not valid UTF-8");
    const std::uint8_t kind = c.value < 0x10000 ? plane_[c.value] : kind_above(c.value);
    if (kind == 0) return plain(c.size);
    if ((kind & kForbidden) != 0) return fault(at_, "forbidden character");
    if ((kind & kWideBackslash) != 0) wide_backslash_ = true;
    if ((kind & kJoiner) != 0) {
      if (!joiner_is_allowed(line_, at_, c.value)) return fault(at_, "joiner where none is allowed");
    } else if ((kind & kMark) == 0) {
      marks_ = 0;
    } else if (++marks_ > limits::kCombiningMarks) {
      return fault(at_, "more than 8 marks in a row");
    }
    return (kind & kUnstable) != 0 ? unstable(c) : stable(c, kind);
  }

  Checked stable(CodePoint c, std::uint8_t kind) {
    Checked bad = close_window(at_);
    base_ = (kind & kCut) != 0 ? kNone : at_;
    at_ += c.size;
    return bad;
  }

  // Opens or widens the window; closes a long one with this character as its last and the next one's first.
  Checked unstable(CodePoint c) {
    if (window_ == kNone) window_ = base_ == kNone ? at_ : base_;
    base_ = kNone;
    const std::size_t begin = at_;
    at_ += c.size;
    const bool starter = utf8proc_get_property(static_cast<utf8proc_int32_t>(c.value))->combining_class == 0;
    if (at_ - window_ <= kWindowOctets || !starter) return std::nullopt;
    Checked bad = close_window(at_);
    window_ = begin;
    return bad;
  }

  Checked close_window(std::size_t end) {
    if (window_ == kNone) return std::nullopt;
    const std::size_t begin = std::exchange(window_, kNone);
    if (!is_composed(line_.substr(begin, end - begin))) return fault(begin, "not in composed form (NFC)");
    return std::nullopt;
  }

  std::string_view line_;
  Tab tab_;
  const BasicPlane& plane_ = basic_plane();
  std::size_t at_ = 0;
  std::size_t base_ = kNone;    // where the last stable character stands, unless NFC is parted after it
  std::size_t window_ = kNone;  // where the open window begins
  std::size_t marks_ = 0;
  bool wide_backslash_ = false;
};

}  // namespace

bool is_clean_character(std::uint32_t c) {
  return ((c < 0x10000 ? basic_plane()[c] : kind_by_data(c)) & kForbidden) == 0;
}

bool is_backslash(std::uint32_t c) {
  return c == '\\' || c == 0xA5 || c == 0xFFE5 || c == 0xFF3C || c == 0xFE68;
}

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = octet(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (size == 0 || size > text.size() - at) return {};
  std::uint32_t c = first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xC0) != 0x80) return {};
    c = c << 6 | (octet(i) & 0x3Fu);
  }
  const bool overlong = (size == 3 && c < 0x800) || (size == 4 && c < 0x10000);
  if (overlong || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return {};
  return {c, size};
}

Checked check_characters(std::string_view line, Tab tab, bool& wide_backslash) {
  Walk walk(line, tab);
  Checked bad = walk.run();
  wide_backslash = walk.wide_backslash();
  return bad;
}

}  // namespace kiyome::gate
