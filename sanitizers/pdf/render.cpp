#include "sanitizers/pdf/render.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "proto/base/limits.h"
#include "sanitizers/pdf/crisp.h"
#include "sanitizers/pdf/handles.h"

namespace kiyome::sanitizer::pdf {
namespace {

constexpr int kBgrx = 3;                                   // FPDFBitmap_BGRx
constexpr int kAnnotations = 0x01, kReverseOctets = 0x10;  // FPDF_ANNOT, FPDF_REVERSE_BYTE_ORDER: R G B x
constexpr int kNoSmoothPaths = 0x4000;                     // FPDF_RENDER_NO_SMOOTHPATH
// Pixels. The lines of a table often lie just between two rows of pixels; then the lower and right one is
// taken, as others do, and not now this one and now that.
constexpr float kNudge = 0.08F;
constexpr std::size_t kOctets = 4;  // of a pixel in that form
constexpr double kPointsPerInch = 72;

std::uint32_t rounded(double value, std::uint32_t most) {
  return static_cast<std::uint32_t>(std::clamp(std::round(value), 1.0, static_cast<double>(most)));
}

// Every octet of a row says the same as its neighbour within each pixel.
bool is_gray(const std::uint8_t* row, std::size_t pixels) {
  std::uint32_t colour = 0;
  for (std::size_t i = 0; i < pixels; ++i) {
    std::uint32_t pixel = 0;
    std::memcpy(&pixel, row + i * kOctets, kOctets);
    colour |= (pixel ^ pixel >> 8) & 0xffff;
  }
  return colour == 0;
}

void pack_gray(const std::uint8_t* from, std::size_t pixels, char* to) {
  for (std::size_t i = 0; i < pixels; ++i) to[i] = static_cast<char>(from[i * kOctets]);
}

// Each step writes one octet too many, which the next one writes over; `to` has room for the last.
void pack_rgb(const std::uint8_t* from, std::size_t pixels, char* to) {
  for (std::size_t i = 0; i < pixels; ++i) std::memcpy(to + i * 3, from + i * kOctets, kOctets);
}

// Pixels of exactly the asked resolution: the last column and row reach a little beyond the page. Readers
// that show the page at that resolution then show our pixels and no others.
void spread(Frame& frame, unsigned dpi) {
  const auto whole = [&](std::uint32_t millipoints) {
    return static_cast<std::uint32_t>((std::uint64_t{millipoints} * dpi + 71'990) / 72'000);
  };
  const auto covered = [&](std::uint32_t pixels) {
    return static_cast<std::uint32_t>((std::uint64_t{pixels} * 72'000 + dpi / 2) / dpi);
  };
  const auto fits = [&](std::uint32_t pixels, std::uint32_t paper) {
    return pixels >= 1 && pixels <= limits::kPageSide && covered(pixels) >= paper &&
           covered(pixels) - paper < limits::kPageOverhang;
  };
  const std::uint32_t width = whole(frame.width_millipoints), height = whole(frame.height_millipoints);
  if (!fits(width, frame.width_millipoints) || !fits(height, frame.height_millipoints)) return;
  if (std::uint64_t{width} * height > limits::kPdfPagePixels) return;
  frame.pixel_width = width;
  frame.pixel_height = height;
  frame.spread_width = covered(width);
  frame.spread_height = covered(height);
}

}  // namespace

Frame frame_of(double width, double height, unsigned dpi) {
  constexpr double kA4Width = 595.276, kA4Height = 841.89;
  constexpr double kLongest = limits::kPageMillipoints / 1000.0;
  if (!(width > 0) || !(height > 0) || !std::isfinite(width) || !std::isfinite(height)) {
    width = kA4Width;
    height = kA4Height;
  }
  Frame out;
  const double longest = std::max(width, height);
  if (longest > kLongest) {
    width *= kLongest / longest;
    height *= kLongest / longest;
    out.reduced = true;
  }
  out.width_millipoints = rounded(width * 1000, limits::kPageMillipoints);
  out.height_millipoints = rounded(height * 1000, limits::kPageMillipoints);
  double scale = dpi / kPointsPerInch;
  const double most = std::min(std::sqrt(static_cast<double>(limits::kPdfPagePixels) / (width * height)),
                               limits::kPageSide / std::max(width, height));
  if (scale > most) {
    scale = most;
    out.reduced = true;
  }
  out.pixel_width = rounded(width * scale, limits::kPageSide);
  out.pixel_height = rounded(height * scale, limits::kPageSide);
  if (!out.reduced) spread(out, dpi);
  return out;
}

void Canvas::draw(FpdfPage* page, FpdfForm* form, const Frame& frame) {
  width_ = frame.pixel_width;
  height_ = frame.pixel_height;
  const std::size_t stride = width_ * kOctets;
  pixels_.assign(stride * height_, 0xff);
  const int width = static_cast<int>(width_), height = static_cast<int>(height_);
  const Bitmap bitmap(
      engine().FPDFBitmap_CreateEx(width, height, kBgrx, pixels_.data(), static_cast<int>(stride)));
  if (bitmap == nullptr) return;
  if (frame.spread_width == 0) {
    engine().FPDF_RenderPageBitmap(bitmap.get(), page, 0, 0, width, height, 0, kAnnotations | kReverseOctets);
  } else {
    // The engine lays the page on whole points first; the matrix takes that back.
    const double paper_width = engine().FPDF_GetPageWidthF(page),
                 paper_height = engine().FPDF_GetPageHeightF(page);
    const double scale = double{frame.pixel_width * 1000.0} / frame.spread_width;
    const bool level = has_only_level_lines(page);
    const float nudge = level ? kNudge : 0;
    const FpdfMatrix matrix{
        static_cast<float>(scale * paper_width / std::max(1.0, std::floor(paper_width))),   0,     0,
        static_cast<float>(scale * paper_height / std::max(1.0, std::floor(paper_height))), nudge, nudge};
    const FpdfRect clip{0, 0, static_cast<float>(width), static_cast<float>(height)};
    const int crisp = level ? kNoSmoothPaths : 0;
    lift_text(page, frame);
    engine().FPDF_RenderPageBitmapWithMatrix(bitmap.get(), page, &matrix, &clip,
                                             kAnnotations | kReverseOctets | crisp);
  }
  if (form != nullptr)
    engine().FPDF_FFLDraw(form, bitmap.get(), page, 0, 0, width, height, 0, kAnnotations | kReverseOctets);
}

clean::PixelFormat Canvas::format() const {
  for (std::uint32_t y = 0; y < height_; ++y)
    if (!is_gray(pixels_.data() + std::size_t{y} * width_ * kOctets, width_))
      return clean::PixelFormat::rgb24;
  return clean::PixelFormat::gray8;
}

void Canvas::say_rows(clean::PixelFormat format, const Say& say) const {
  const std::size_t row = std::size_t{width_} * clean::octets_of_pixel(format);
  const std::size_t at_once = std::max<std::size_t>(1, limits::kCleanChunk / row);
  clean::Message message = clean::Rows{};
  std::string& octets = std::get<clean::Rows>(message).octets;
  for (std::size_t y = 0; y < height_; y += at_once) {
    const std::size_t rows = std::min<std::size_t>(at_once, height_ - y);
    const std::uint8_t* const from = pixels_.data() + y * width_ * kOctets;
    octets.resize(rows * row + 1);  // see pack_rgb
    if (format == clean::PixelFormat::gray8)
      pack_gray(from, rows * width_, octets.data());
    else
      pack_rgb(from, rows * width_, octets.data());
    octets.resize(rows * row);
    say(message);
  }
}

}  // namespace kiyome::sanitizer::pdf
