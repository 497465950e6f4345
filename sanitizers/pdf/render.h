// A page → pixels as a reader shows it, in the clean language's rows. The engine draws into memory of ours
// and is believed only as far as that.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "proto/clean/types.h"
#include "sanitizers/pdf/engine.h"

namespace kiyome::sanitizer::pdf {

using Say = std::function<void(const clean::Message&)>;

// A page on paper and in pixels. Always within the clean language's bounds.
struct Frame {
  std::uint32_t width_millipoints = 1, height_millipoints = 1;
  std::uint32_t pixel_width = 1, pixel_height = 1;
  std::uint32_t spread_width = 0, spread_height = 0;  // see clean::Page; 0 when the pixels end with the page
  bool reduced = false;  // fewer pixels than asked, or smaller paper than the document's
};

// Of a page `width` × `height` points. A size that cannot be (0, negative, not a number) becomes A4.
Frame frame_of(double width, double height, unsigned dpi);

// Memory for one page, kept for the next one.
class Canvas {
 public:
  // Draws the page, its annotations and, unless `form` is null, what stands in its form fields.
  void draw(FpdfPage* page, FpdfForm* form, const Frame& frame);
  // Of what was drawn last: gray8 when no pixel has a colour.
  clean::PixelFormat format() const;
  // Says what was drawn last, row by row.
  void say_rows(clean::PixelFormat format, const Say& say) const;

 private:
  std::vector<std::uint8_t> pixels_;  // R G B unused
  std::uint32_t width_ = 0, height_ = 0;
};

}  // namespace kiyome::sanitizer::pdf
