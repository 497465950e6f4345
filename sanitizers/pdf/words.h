// Characters with their places → the words of a page in the clean language. Two steps: the engine's
// characters are read (glyphs.cpp), and put together to words (words.cpp, which knows no engine).
#pragma once

#include <vector>

#include "proto/clean/document.h"
#include "sanitizers/pdf/engine.h"
#include "sanitizers/pdf/render.h"

namespace kiyome::sanitizer::pdf {

// A point or vector on the page, in millipoints, from the upper left corner, y downwards.
struct Place {
  double x = 0, y = 0;
};
inline Place operator+(Place a, Place b) { return {a.x + b.x, a.y + b.y}; }
inline Place operator-(Place a, Place b) { return {a.x - b.x, a.y - b.y}; }
inline Place operator*(Place a, double f) { return {a.x * f, a.y * f}; }
inline double dot(Place a, Place b) { return a.x * b.x + a.y * b.y; }

// One character. `start` is where its cell begins on the line that the text runs along: the baseline, or for
// vertical writing the left edge of the column seen downwards. The cell reaches `advance` along `forward` and
// from -below to +above along `upward`, both in millipoints; the two are unit vectors.
struct Glyph {
  char32_t code = 0;
  Place start, forward, upward;
  double advance = 0, above = 0, below = 0;
  double size = 0;        // of an em, millipoints
  bool vertical = false;  // a font for vertical writing
  bool invented = false;  // a blank or line end that the engine put in; it has no place
};

// Reads at most kPdfCharacters. Blanks stay in, what is no letter is left out.
std::vector<Glyph> read_glyphs(FpdfPage* page, const Frame& frame);

// In the order of the glyphs. At most kPageWords of at most kCleanWord octets; boxes within the frame, what
// lies outside is left out. Linear.
std::vector<clean::Word> put_together(const std::vector<Glyph>& glyphs, const Frame& frame);

}  // namespace kiyome::sanitizer::pdf
