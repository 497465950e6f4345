#include "sanitizers/image/sheet.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/image/turn.h"

namespace kiyome::sanitizer::image {
namespace {

bool all_gray(const Pixels& pixels) {
  if (pixels.channels == 1) return true;
  const std::uint8_t* at = pixels.octets.data();
  for (std::size_t left = pixels.octets.size() / 3; left > 0; --left, at += 3)
    if (at[0] != at[1] || at[0] != at[2]) return false;
  return true;
}

// Whole rows, as many as fit into a chunk.
void say_rows(const Pixels& pixels, bool gray, const Say& say) {
  const std::size_t row = std::size_t{pixels.width} * (gray ? 1 : 3);
  const std::size_t rows = std::max<std::size_t>(1, limits::kCleanChunk / row);
  const std::size_t stored_row = std::size_t{pixels.width} * pixels.channels;
  for (std::size_t y = 0; y < pixels.height; y += rows) {
    const std::size_t count = std::min<std::size_t>(rows, pixels.height - y);
    const std::uint8_t* const from = pixels.octets.data() + y * stored_row;
    clean::Rows out;
    if (gray && pixels.channels == 3) {
      out.octets.resize(count * row);
      for (std::size_t i = 0; i < out.octets.size(); ++i) out.octets[i] = static_cast<char>(from[3 * i]);
    } else {
      out.octets.assign(reinterpret_cast<const char*>(from), count * row);
    }
    say(out);
  }
}

}  // namespace

Sheet make_sheet(Pixels pixels, const Plan& plan, unsigned orientation, bool damaged) {
  Sheet out{turned(std::move(pixels), orientation), plan.width_millipoints, plan.height_millipoints, {}};
  if (damaged) out.findings.push_back(clean::Finding::kPageDamaged);
  if (plan.reduced) out.findings.push_back(clean::Finding::kReducedResolution);
  return out;
}

void say_sheet(const Sheet& sheet, const clean::JobOptions& options, const Say& say) {
  const Pixels blank{1, 1, 1, {255}};
  const Pixels& pixels = options.pixels ? sheet.pixels : blank;
  const bool gray = all_gray(pixels);
  say(clean::Page{sheet.width_millipoints, sheet.height_millipoints, pixels.width, pixels.height,
                  gray ? clean::PixelFormat::gray8 : clean::PixelFormat::rgb24, sheet.findings});
  say_rows(pixels, gray, say);
}

void onto_white(const std::uint8_t* from, std::uint8_t* to, std::size_t pixels, unsigned channels) {
  for (std::size_t i = 0; i < pixels; ++i) {
    const unsigned alpha = from[channels];
    if (alpha == 255) {
      for (unsigned c = 0; c < channels; ++c) *to++ = from[c];
      from += channels + 1;
      continue;
    }
    for (unsigned c = 0; c < channels; ++c)
      *to++ = static_cast<std::uint8_t>((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    from += channels + 1;
  }
}

}  // namespace kiyome::sanitizer::image
