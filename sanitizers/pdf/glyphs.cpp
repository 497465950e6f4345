// The engine's characters → glyphs on the page.
#include <algorithm>
#include <cmath>
#include <optional>

#include "proto/base/limits.h"
#include "sanitizers/pdf/characters.h"
#include "sanitizers/pdf/handles.h"
#include "sanitizers/pdf/words.h"

namespace kiyome::sanitizer::pdf {
namespace {

// The em square of Japanese fonts reaches from 0.12 below the baseline to 0.88 above it, and the letters of
// others fit in it well.
constexpr double kAbove = 0.88, kBelow = 0.12;
constexpr int kNoTextMode = -1;  // FPDF_TEXTRENDERMODE_UNKNOWN: a character that no text of the page has

double length(Place vector) { return std::sqrt(dot(vector, vector)); }

// Page space (points, any origin and rotation) → places.
class ToFrame {
 public:
  static std::optional<ToFrame> of(FpdfPage* page, const Frame& frame) {
    const int width = static_cast<int>(frame.width_millipoints);
    const int height = static_cast<int>(frame.height_millipoints);
    const auto page_place = [&](int x, int y) {
      Place out;
      engine().FPDF_DeviceToPage(page, 0, 0, width, height, 0, x, y, &out.x, &out.y);
      return out;
    };
    ToFrame out;
    out.origin_ = page_place(0, 0);
    const Place right = (page_place(width, 0) - out.origin_) * (1.0 / width);
    const Place down = (page_place(0, height) - out.origin_) * (1.0 / height);
    const double determinant = right.x * down.y - right.y * down.x;
    if (!std::isfinite(determinant) || determinant == 0) return std::nullopt;
    out.x_ = {down.y / determinant, -down.x / determinant};
    out.y_ = {-right.y / determinant, right.x / determinant};
    return out;
  }
  Place vector(double x, double y) const { return {dot(x_, {x, y}), dot(y_, {x, y})}; }
  Place point(double x, double y) const { return vector(x - origin_.x, y - origin_.y); }

 private:
  Place origin_, x_, y_;
};

class Reader {
 public:
  Reader(FpdfTextPage* text, const ToFrame& to_frame) : text_(text), to_frame_(to_frame) {}

  // Whether the engine put a blank in where it saw a gap: no text of the page has it, or it takes no room.
  bool invented(int index) const {
    double left = 0, right = 0, bottom = 0, top = 0;
    return engine().FPDFText_GetTextRenderMode(text_, index) == kNoTextMode ||
           engine().FPDFText_GetCharBox(text_, index, &left, &right, &bottom, &top) == 0 ||
           (left == right && bottom == top);
  }

  // Fills everything but `code`; false when the character has no place.
  bool place(int index, Glyph& glyph) const {
    FpdfMatrix matrix{};
    double x = 0, y = 0;
    if (engine().FPDFText_GetMatrix(text_, index, &matrix) == 0 ||
        engine().FPDFText_GetCharOrigin(text_, index, &x, &y) == 0)
      return false;
    const double size = engine().FPDFText_GetFontSize(text_, index);
    const Place along = to_frame_.vector(matrix.a, matrix.b) * size;
    const Place across = to_frame_.vector(matrix.c, matrix.d) * size;
    const double along_length = length(along);
    if (!std::isfinite(along_length) || along_length < 1) return false;
    const Place forward = along * (1 / along_length);
    Place upward{forward.y, -forward.x};
    if (dot(upward, across) < 0) upward = upward * -1;
    glyph.size = dot(upward, across);  // without the slant of italics
    if (!std::isfinite(glyph.size) || glyph.size < 1) return false;
    const Place origin = to_frame_.point(x, y);
    if (!std::isfinite(origin.x) || !std::isfinite(origin.y)) return false;
    FpdfRect loose{};
    const bool has_loose = engine().FPDFText_GetLooseCharBox(text_, index, &loose) != 0;
    // The engine gives an upside-down box for vertical writing (and for mirrored letters).
    if (has_loose && matrix.a >= 0 && loose.bottom > loose.top) {
      stand(glyph, origin, forward, upward);
      return true;
    }
    glyph.start = origin;
    glyph.forward = forward;
    glyph.upward = upward;
    glyph.above = kAbove * glyph.size;
    glyph.below = kBelow * glyph.size;
    const bool level = matrix.a > 0 && std::abs(matrix.b) < 1e-4f * matrix.a;
    if (has_loose && level) glyph.advance = length(to_frame_.vector(loose.right - loose.left, 0));
    constexpr double kWidest = 4;  // ems; real letters stay below 3
    if (!(glyph.advance > 0 && glyph.advance < kWidest * glyph.size)) glyph.advance = ink(index, glyph);
    return true;
  }

 private:
  // A cell of vertical writing: one em each way, below a point in the middle of its upper edge. The engine's
  // origin is that of the same letter in horizontal writing.
  static void stand(Glyph& glyph, Place origin, Place forward, Place upward) {
    glyph.vertical = true;
    glyph.start = origin + upward * (kAbove * glyph.size);
    glyph.forward = upward * -1;
    glyph.upward = forward;
    glyph.advance = glyph.above = glyph.size;
    glyph.below = 0;
  }

  // How far the letter's ink reaches along its line: the nearest to an advance that a turned letter tells.
  double ink(int index, const Glyph& glyph) const {
    constexpr double kLeast = 0.2;
    double left = 0, right = 0, bottom = 0, top = 0, reach = 0;
    if (engine().FPDFText_GetCharBox(text_, index, &left, &right, &bottom, &top) != 0)
      for (const Place corner : {to_frame_.point(left, bottom), to_frame_.point(left, top),
                                 to_frame_.point(right, bottom), to_frame_.point(right, top)})
        reach = std::max(reach, dot(corner - glyph.start, glyph.forward));
    if (is_wide(glyph.code)) return glyph.size;
    return std::clamp(reach, kLeast * glyph.size, glyph.size);
  }

  FpdfTextPage* text_;
  const ToFrame& to_frame_;
};

bool within(const Glyph& glyph, const Frame& frame) {
  const Place middle =
      glyph.start + glyph.forward * (glyph.advance / 2) + glyph.upward * ((glyph.above - glyph.below) / 2);
  return middle.x >= 0 && middle.y >= 0 && middle.x <= frame.width_millipoints &&
         middle.y <= frame.height_millipoints;
}

// What the engine says for the hyphen of a divided word, and what others use for it.
bool is_hyphen(char32_t c) { return c == 0xfffe || c == 0x02 || c == 0xad; }

}  // namespace

std::vector<Glyph> read_glyphs(FpdfPage* page, const Frame& frame) {
  std::vector<Glyph> out;
  const std::optional<ToFrame> to_frame = ToFrame::of(page, frame);
  const TextPage text(to_frame ? engine().FPDFText_LoadPage(page) : nullptr);
  if (text == nullptr) return out;
  const Reader reader(text.get(), *to_frame);
  const int count = std::min(engine().FPDFText_CountChars(text.get()), limits::kPdfCharacters);
  out.reserve(static_cast<std::size_t>(std::max(count, 0)));
  Utf16 units;
  for (int i = 0; i < count; ++i) {
    Glyph glyph;
    const unsigned unit = engine().FPDFText_GetUnicode(text.get(), i);
    glyph.code = is_hyphen(unit) ? U'-' : units.take(unit);
    if (is_blank(glyph.code))
      glyph.invented = reader.invented(i);
    else if (!is_letter(glyph.code) || !reader.place(i, glyph) || !within(glyph, frame))
      continue;
    out.push_back(glyph);
  }
  return out;
}

}  // namespace kiyome::sanitizer::pdf
