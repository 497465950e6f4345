// Small letters and thin lines on the pixel grid, as readers of paper expect them: crisp, and where other
// readers put them.
#pragma once

#include "sanitizers/pdf/engine.h"
#include "sanitizers/pdf/render.h"

namespace kiyome::sanitizer::pdf {

// Whether all lines of the page are upright or level (a table, a form), so that they are better drawn without
// grey edges. Looks at no more than kPdfCrispObjects objects of the page; a page with more is drawn smoothly.
bool has_only_level_lines(FpdfPage* page);

// The engine sets a letter on the nearest row of pixels, others (poppler, FreeType's own way) on the row
// below its baseline. Lifting the text by half a pixel makes them agree. Not for pages that are turned.
void lift_text(FpdfPage* page, const Frame& frame);

}  // namespace kiyome::sanitizer::pdf
