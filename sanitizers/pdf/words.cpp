// Glyphs → words. A word's letters are later spread evenly over its box, so wide and narrow letters never
// share a word.
#include "sanitizers/pdf/words.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "proto/base/limits.h"
#include "sanitizers/pdf/characters.h"

namespace kiyome::sanitizer::pdf {
namespace {

// Lengths in ems.
constexpr double kSameLine = 0.12;       // of the baselines of one word's letters
constexpr double kOtherLine = 0.7;       // farther apart they are two lines
constexpr double kParagraph = 2.5;       // farther apart they are two paragraphs
constexpr double kBack = 0.1;            // a letter begins before the one before it: another word
constexpr double kGap = 0.15;            // between narrow letters: a blank
constexpr double kMixedGap = 0.35;       // between a wide and a narrow one: more is a blank, less is spacing
constexpr double kWideGap = 1.0;         // between wide letters: one is left out, or they are columns
constexpr double kFarBack = 0.6;         // so far back begins something else on the same line
constexpr double kSameSize = 1.3;        // of one word's letters, the larger by the smaller
constexpr double kSameDirection = 0.97;  // cosine
constexpr double kFullWidth = 0.9;       // an advance from which on an ambiguous letter counts as wide

bool is_wide_glyph(const Glyph& glyph) {
  return is_wide(glyph.code) ||
         (glyph.code > 0x7f && !glyph.vertical && glyph.advance > kFullWidth * glyph.size);
}

bool is_line_end(char32_t c) { return c >= 0x0a && c <= 0x0d; }

// A word that grows. The pen is where the next letter is expected, `last` where the last one began, both
// along the line from the first one's start.
struct Run {
  explicit Run(const Glyph& glyph)
      : first(glyph), wide(is_wide_glyph(glyph)), pen(glyph.advance), above(glyph.above), below(glyph.below) {
    append_utf8(text, glyph.code);
  }
  double along(const Glyph& glyph) const { return dot(glyph.start - first.start, first.forward); }
  double across(const Glyph& glyph) const { return dot(glyph.start - first.start, first.upward); }
  double em(const Glyph& glyph) const { return std::max(first.size, glyph.size); }
  bool same_direction(const Glyph& glyph) const {
    return glyph.vertical == first.vertical && dot(glyph.forward, first.forward) > kSameDirection;
  }
  double widest_gap(const Glyph& glyph) const {
    const bool other = is_wide_glyph(glyph);
    return (wide && other ? kWideGap : wide || other ? kMixedGap : kGap) * em(glyph);
  }

  // Whether `glyph` is the word's next letter.
  bool takes(const Glyph& glyph) const {
    constexpr std::size_t kLongest = 4;  // octets of a letter
    if (!same_direction(glyph) || is_wide_glyph(glyph) != wide) return false;
    if (em(glyph) > kSameSize * std::min(first.size, glyph.size)) return false;
    if (std::abs(across(glyph)) > kSameLine * em(glyph)) return false;
    const double at = along(glyph);
    // Letters of a word are never farther apart than narrow ones: an even spread would not find them.
    return at >= last - kBack * em(glyph) && at <= pen + kGap * em(glyph) &&
           text.size() + kLongest <= limits::kCleanWord;
  }

  void take(const Glyph& glyph) {
    append_utf8(text, glyph.code);
    last = along(glyph);
    pen = std::max(pen, last + glyph.advance);
    above = std::max(above, glyph.above);
    below = std::max(below, glyph.below);
  }

  bool same_line(const Glyph& glyph) const {
    return same_direction(glyph) && std::abs(across(glyph)) <= kOtherLine * em(glyph);
  }

  // What stands between the word and `glyph`, which it did not take, when nothing was written between them.
  clean::After before(const Glyph& glyph) const {
    if (!same_line(glyph)) return line_end_before(glyph);
    const double gap = along(glyph) - pen;
    const bool far_back = along(glyph) < last - kFarBack * em(glyph);
    return gap > widest_gap(glyph) || far_back ? clean::After::space : clean::After::nothing;
  }
  clean::After line_end_before(const Glyph& glyph) const {
    const bool far = !same_direction(glyph) || std::abs(across(glyph)) > kParagraph * em(glyph);
    return far ? clean::After::paragraph_end : clean::After::line_end;
  }

  Glyph first;
  bool wide;
  double pen, last = 0, above, below;
  std::string text;
};

// The part of a box that lies on the page, at least one millipoint each way.
struct Side {
  std::uint32_t begin = 0, length = 1;
};
Side clamped(double begin, double end, std::uint32_t most) {
  const double low = std::clamp(std::round(begin), 0.0, most - 1.0);
  const double high = std::clamp(std::round(end), low + 1, static_cast<double>(most));
  return {static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(high - low)};
}

clean::Word word_of(Run&& run, const Frame& frame, clean::After after) {
  const Glyph& first = run.first;
  const Place low = first.start - first.upward * run.below;
  const Place high = first.start + first.upward * run.above;
  const Place reach = first.forward * run.pen;
  const auto [left, right] = std::minmax({low.x, high.x, low.x + reach.x, high.x + reach.x});
  const auto [top, bottom] = std::minmax({low.y, high.y, low.y + reach.y, high.y + reach.y});
  const Side across = clamped(left, right, frame.width_millipoints);
  const Side down = clamped(top, bottom, frame.height_millipoints);
  clean::Word out;
  out.x = across.begin;
  out.width = across.length;
  out.y = down.begin;
  out.height = down.length;
  out.vertical = first.forward.y > kSameDirection;
  out.after = after;
  out.text = std::move(run.text);
  return out;
}

// What was written, or put in by the engine, since the last letter.
struct Between {
  bool blank = false, line_end = false;
  void see(const Glyph& glyph) {
    line_end = line_end || is_line_end(glyph.code);
    // The engine's own blanks are not believed: it puts them between kanji that are spaced a little.
    blank = blank || !glyph.invented;
  }
};

clean::After after_run(const Run& run, const Between& between, const Glyph& next) {
  // The engine ends a line wherever a text object begins far away: in a table that is the next column.
  const bool next_column = run.same_line(next) && run.along(next) >= run.pen;
  if (between.line_end && !next_column) return run.line_end_before(next);
  const clean::After gap = run.before(next);
  return gap == clean::After::nothing && (between.blank || between.line_end) ? clean::After::space : gap;
}

}  // namespace

std::vector<clean::Word> put_together(const std::vector<Glyph>& glyphs, const Frame& frame) {
  std::vector<clean::Word> out;
  std::optional<Run> run;
  Between between;
  for (const Glyph& glyph : glyphs) {
    if (is_blank(glyph.code)) {
      between.see(glyph);
      continue;
    }
    if (run && !between.blank && !between.line_end && run->takes(glyph)) {
      run->take(glyph);
      continue;
    }
    if (run) {
      const clean::After after = after_run(*run, between, glyph);
      out.push_back(word_of(std::move(*run), frame, after));
      if (out.size() == limits::kPageWords) return out;
    }
    run.emplace(glyph);
    between = {};
  }
  if (run) out.push_back(word_of(std::move(*run), frame, clean::After::paragraph_end));
  return out;
}

}  // namespace kiyome::sanitizer::pdf
