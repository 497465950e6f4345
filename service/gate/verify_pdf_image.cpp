#include "service/gate/verify_pdf_image.h"

#include <string>

#include "service/gate/verify_fax.h"
#include "service/gate/verify_pixels.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;

constexpr unsigned kSmallPalette = 15, kLargePalette = 255;  // highest index of 4 bits, and of 8

// `[/Indexed /DeviceRGB M <hex>]`, from behind its name.
unsigned read_palette(Reader& in) {
  const std::size_t at = in.at();
  const auto highest = static_cast<unsigned>(in.number(1, kLargePalette));
  if (highest > kSmallPalette && highest != kLargePalette) in.refuse(at, in.reason());
  in.expect(" <");
  for (unsigned i = 0; i <= highest && !in.bad(); ++i) in.upper_hex(6);
  in.expect(">]");
  return highest;
}

void check_rows(Reader& in, std::size_t at, View stream, const PixelShape& shape, Inflater& inflater) {
  const auto refuse = [&](const char* reason) {
    in.refuse(at + static_cast<std::size_t>(inflater.taken()), reason);
  };
  PixelRows rows(shape);
  std::uint64_t left = shape.octets();
  inflater.begin();
  inflater.feed(stream);
  for (View piece = inflater.next(); !piece.empty(); piece = inflater.next()) {
    if (piece.size() > left) return refuse("more pixels than the image has");
    left -= piece.size();
    if (!rows.add(piece)) return refuse("index or bits that no pixel may have");
  }
  if (left != 0 || !inflater.complete()) refuse("not one zlib stream of exactly the image's pixels");
}

}  // namespace

View read_stream(Reader& in) {
  in.expect(" /Length ");
  const std::uint64_t size = in.number(1, in.rest().size());
  in.expect(" >>\nstream\n");
  return in.take(size);
}

void check_image(Reader& in, Inflater& inflater, Scope& scope) {
  PixelShape shape;
  in.about("not an image in our form");
  shape.width = static_cast<std::uint32_t>(in.number(1, limits::kPageSide));
  in.expect(" /Height ");
  const std::size_t place = in.at();
  shape.height = static_cast<std::uint32_t>(in.number(1, limits::kPageSide));
  if (std::uint64_t{shape.width} * shape.height > limits::kPagePixels) in.refuse(place, "too many pixels");
  in.expect(" /ColorSpace ");
  const bool palette = in.eat("[/Indexed /DeviceRGB ");
  const bool gray = !palette && in.eat("/DeviceGray");
  if (palette)
    shape.highest = read_palette(in);
  else if (!gray)
    in.expect("/DeviceRGB");
  shape.components = palette || gray ? 1 : 3;
  in.expect(" /BitsPerComponent ");
  if (gray && in.eat("1"))
    shape.bits = 1;
  else if ((gray || (palette && shape.highest <= kSmallPalette)) && in.eat("4"))
    shape.bits = 4;
  else if (!palette || shape.highest == kLargePalette)
    in.expect("8");
  else
    in.refuse();
  in.expect(" /Filter /");
  const bool jpeg = shape.bits == 8 && !palette && in.eat("DCTDecode");
  const bool fax = shape.bits == 1 && in.eat("CCITTFaxDecode");
  if (fax)
    in.expect(" /DecodeParms << /K -1 /Columns " + std::to_string(shape.width) + " /Rows " +
              std::to_string(shape.height) + " >>");
  else if (!jpeg)
    in.expect("FlateDecode");
  const View stream = read_stream(in);
  if (in.bad()) return;
  const std::size_t at = in.at() - stream.size();
  if (!scope.spend(shape.octets())) return in.refuse(at, "more pixels than one file may have");
  if (!jpeg && !fax) return check_rows(in, at, stream, shape, inflater);
  const Checked bad = fax ? check_group_4(stream, shape.width, shape.height)
                          : check_jpeg(stream, shape.width, shape.height, shape.components);
  if (bad) in.refuse(at + bad->offset, bad->reason);
}

}  // namespace kiyome::gate
