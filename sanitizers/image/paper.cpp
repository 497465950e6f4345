// The rule, thought of as a person who prints the picture on A4:
// - No density, 72 or 96 dpi (what programs write when they do not know), or a camera's: the picture is of a
//   screen, 96 dots an inch, and if that is larger than A4 it is fitted into A4.
// - A declared density holds up to A3 (two pages of a book), and from 150 dpi on up to A0 (a scanned plan);
//   what would be larger is fitted into A4.
// - A strip (three times as long as wide: the picture of a whole web page) is as wide as A4 at most, and as
//   long as it comes out.
// On that paper the picture keeps its own pixels up to twice the asked dpi; finer ones are averaged to 4/3 of
// it (200 for 150, so that small type on a photographed letter stays readable). Up to A3 never more than
// kImagePixels are kept, of plans and strips kPagePixels. Pixels are square afterwards: a fax of 204 x 98 dpi
// gets more rows.
#include "sanitizers/image/paper.h"

#include <algorithm>
#include <cmath>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::image {
namespace {

constexpr double kScreenDpi = 96, kScanDpi = 150, kDeclaredMax = 1200, kDeclaredUnknown = 72;
constexpr double kInch = 25.4;          // mm
constexpr double kSlack = 1.05;         // scanners reach a little over the edge
constexpr double kStrip = 3;            // from this ratio of sides on
constexpr double kPixelRatioMax = 4;    // of a fax at 204 x 49 or 204 x 391 dpi
constexpr double kSquareWithin = 0.01;  // densities nearer than that are one

struct Size {
  double width = 0, height = 0;  // inches
  std::uint64_t pixels_max = limits::kImagePixels;
};

struct Sheets {
  double narrow, wide;  // mm
};
constexpr Sheets kA4{210, 297}, kA3{297, 420}, kA0{841, 1189};

// How much the size has to shrink to fit into the sheet, turned as the picture is; 1 when it fits.
double shrink_into(const Size& size, const Sheets& sheet, double slack = 1) {
  const double narrow = std::min(size.width, size.height) * kInch;
  const double wide = std::max(size.width, size.height) * kInch;
  return std::min({1.0, sheet.narrow * slack / narrow, sheet.wide * slack / wide});
}

bool sensible(const Shape& shape) {
  const auto near = [&](double dpi) {
    return std::abs(shape.dpi_x - dpi) < 0.5 && std::abs(shape.dpi_y - dpi) < 0.5;
  };
  const auto within = [](double dpi) { return dpi >= kDeclaredUnknown && dpi <= kDeclaredMax; };
  if (shape.camera || !within(shape.dpi_x) || !within(shape.dpi_y) || near(kScreenDpi) ||
      near(kDeclaredUnknown))
    return false;
  return std::max(shape.dpi_x, shape.dpi_y) <= kPixelRatioMax * std::min(shape.dpi_x, shape.dpi_y);
}

Size on_paper(const Shape& shape) {
  const bool declared = sensible(shape);
  const double dpi_x = declared ? shape.dpi_x : kScreenDpi;
  const double dpi_y = declared ? shape.dpi_y : kScreenDpi;
  Size size{shape.width / dpi_x, shape.height / dpi_y};
  if (declared && shrink_into(size, kA3, kSlack) == 1) return size;
  if (declared && std::min(dpi_x, dpi_y) >= kScanDpi && shrink_into(size, kA0, kSlack) == 1)
    return {size.width, size.height, limits::kPagePixels};
  const double narrow = std::min(size.width, size.height), wide = std::max(size.width, size.height);
  double shrink = shrink_into(size, kA4);
  if (wide >= kStrip * narrow) {
    const double longest = limits::kPageMillipoints / 72000.0;
    shrink = std::min({1.0, kA4.narrow / kInch / narrow, longest / wide});
    return {size.width * shrink, size.height * shrink, limits::kPagePixels};
  }
  return {size.width * shrink, size.height * shrink};
}

std::uint32_t millipoints(double inches) {
  return static_cast<std::uint32_t>(
      std::clamp(std::round(inches * 72000), 1.0, double{limits::kPageMillipoints}));
}

std::uint32_t pixels(double count) {
  return static_cast<std::uint32_t>(std::clamp(std::round(count), 1.0, double{limits::kPageSide}));
}

}  // namespace

Outcome<Plan> plan(const Shape& shape, const clean::JobOptions& options, bool whole) {
  if (shape.width == 0 || shape.height == 0) return refused(clean::Finding::kDamagedPart);
  const std::uint64_t count = std::uint64_t{shape.width} * shape.height;
  if (shape.width > limits::kImageSide || shape.height > limits::kImageSide ||
      count > (whole ? limits::kImageWholePixels : limits::kImageSourcePixels))
    return refused(clean::Finding::kLimitPixels);

  const Size size = on_paper(shape);
  const double dpi_x = shape.width / size.width, dpi_y = shape.height / size.height;
  const double finest = std::max(dpi_x, dpi_y);
  const bool square = std::abs(dpi_x - dpi_y) <= kSquareWithin * finest;
  double keep_x = 1, keep_y = 1;  // pixels made of one stored pixel
  if (finest > 2.0 * options.dpi) {
    keep_x = options.dpi * 4 / 3.0 / dpi_x;
    keep_y = square ? keep_x : options.dpi * 4 / 3.0 / dpi_y;
  } else if (!square) {
    keep_x = finest / dpi_x;
    keep_y = finest / dpi_y;
  }
  const double made = static_cast<double>(count) * keep_x * keep_y;
  double shrink =
      std::min({1.0, std::sqrt(static_cast<double>(size.pixels_max) / made),
                limits::kPageSide / (shape.width * keep_x), limits::kPageSide / (shape.height * keep_y)});
  Plan out;
  const double width = shape.width * keep_x * shrink, height = shape.height * keep_y * shrink;
  out.width = pixels(width);
  out.height = pixels(height);
  if (std::uint64_t{out.width} * out.height > size.pixels_max) {
    out.width = pixels(std::floor(width));
    out.height = pixels(std::floor(height));
  }
  out.reduced = out.width < shape.width || out.height < shape.height;
  const bool turned = shape.orientation >= 5;
  out.width_millipoints = millipoints(turned ? size.height : size.width);
  out.height_millipoints = millipoints(turned ? size.width : size.height);
  return out;
}

}  // namespace kiyome::sanitizer::image
