// A page's pixels as images of a clean PDF (PDF.md, "Image"): chooses the form that is small and looks like
// the page.
#pragma once

#include <string>
#include <vector>

#include "service/compose/document/bilevel.h"
#include "service/compose/document/colours.h"
#include "service/compose/document/deflate.h"
#include "service/compose/document/pixels.h"
#include "service/compose/document/room.h"

namespace kiyome::compose {

struct EncodedImage {
  Rect place;                           // on the page, in its pixels
  std::uint32_t width = 0, height = 0;  // of the image
  std::string form;                     // "/ColorSpace … /BitsPerComponent … /Filter …"
  std::string octets;
};

// "[/Indexed /DeviceRGB …]" with the colours 0 to `highest`; what the palette lacks is black.
std::string indexed_space(const Palette& palette, std::size_t highest);

// Keeps its buffers between pages; they grow with the largest page. Not thread-safe.
class PageEncoder {
 public:
  // In the order in which they are drawn; none for a white page. Writes over `page`.
  std::vector<EncodedImage> encode(const Pixels& page);
  // … in black and white, as one image.
  std::vector<EncodedImage> encode_compact(const Pixels& page);

  // For pages without pictures; the page itself when nothing is in its way.
  EncodedImage gray_image(const Pixels& pixels);
  EncodedImage colour_image(const Pixels& pixels);
  EncodedImage jpeg_image(const Pixels& pixels);
  EncodedImage bilevel_image(const Pixels& pixels);  // that are 0 or 255

 private:
  char* pack(std::size_t octets);  // room for them
  EncodedImage base_image(const Pixels& pixels);
  EncodedImage flate(const Pixels& pixels, std::string form);  // of what was packed
  EncodedImage smaller(EncodedImage lossless, const Pixels& pixels);
  EncodedImage indexed(const Pixels& pixels, const Palette& palette, bool exact);
  bool count_colours(const Pixels& pixels);  // false: by buckets, there are too many
  void count_buckets(const Pixels& pixels);

  Deflater deflater_;
  Bilevel bilevel_;
  ColourTable table_;
  std::vector<Colour> colours_;
  std::vector<std::uint16_t> buckets_;  // for each of 32768, the number in colours_
  Room gray_, packed_;
  std::size_t packed_octets_ = 0;
};

}  // namespace kiyome::compose
