// What a page looks like before it is encoded: whether it has colour, where there is anything on it, and
// which parts of it are pictures. Every pass is one loop over rows that the compiler turns into vector code.
#pragma once

#include <vector>

#include "service/compose/document/pixels.h"
#include "service/compose/document/room.h"

namespace kiyome::compose {

// Red, green and blue are alike everywhere.
bool is_gray(const Pixels& pixels);

// Gray pixels that are held as sRGB, one octet each, in `room`.
Pixels gray_copy(const Pixels& pixels, Room& room);

// The smallest part outside which all is white; without area when everything is.
Rect ink_box(const Pixels& pixels);

bool is_uniform(const Pixels& pixels);

// Photos and the like: blocks in which no colour prevails, gathered to rectangles that lie apart from each
// other, at most limits::kPageRegions, the largest.
std::vector<Rect> picture_regions(const Pixels& pixels);

}  // namespace kiyome::compose
