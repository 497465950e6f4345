// See page_images.h. How a page is taken apart; the forms themselves are in gray_image.cpp and
// colour_image.cpp.
#include "service/compose/document/page_images.h"

#include <cstring>

#include "service/compose/document/fax.h"
#include "service/compose/document/jpeg.h"
#include "service/compose/document/page_shape.h"

namespace kiyome::compose {
namespace {

constexpr double kAllPicture = 0.92;  // of what is not margin: the rest is not worth an image of its own
constexpr std::uint32_t kUnderPicture = 2;  // pixels of the base that stay under a picture's edge: no seam

Rect moved(const Rect& rect, const Rect& by) {
  return {rect.x + by.x, rect.y + by.y, rect.width, rect.height};
}

// All but the outermost pixels of a region become white.
void cut_out(const Pixels& region) {
  if (region.width <= 2 * kUnderPicture || region.height <= 2 * kUnderPicture) return;
  const Pixels inner = region.part(
      {kUnderPicture, kUnderPicture, region.width - 2 * kUnderPicture, region.height - 2 * kUnderPicture});
  for (std::uint32_t y = 0; y < inner.height; ++y) std::memset(inner.row(y), 0xFF, inner.row_octets());
}

// One pixel that is drawn as large as the page.
EncodedImage as_one_pixel(EncodedImage image, const Pixels& pixels) {
  image.place = {0, 0, pixels.width, pixels.height};
  return image;
}

std::uint64_t area_of(const std::vector<Rect>& regions) {
  std::uint64_t area = 0;
  for (const Rect& region : regions) area += region.area();
  return area;
}

}  // namespace

char* PageEncoder::pack(std::size_t octets) {
  packed_octets_ = octets;
  return reinterpret_cast<char*>(packed_.of(octets));
}

EncodedImage PageEncoder::flate(const Pixels& pixels, std::string form) {
  form += " /Filter /FlateDecode";
  return {{0, 0, pixels.width, pixels.height},
          pixels.width,
          pixels.height,
          std::move(form),
          deflater_.zlib({reinterpret_cast<const char*>(packed_.data()), packed_octets_})};
}

EncodedImage PageEncoder::jpeg_image(const Pixels& pixels) {
  Pixels source = pixels;
  if (pixels.channels == 3 && is_gray(pixels)) source = gray_copy(pixels, gray_);
  const std::string_view space = source.channels == 1 ? "/DeviceGray" : "/DeviceRGB";
  std::string form = "/ColorSpace ";
  form.append(space).append(" /BitsPerComponent 8 /Filter /DCTDecode");
  return {{0, 0, pixels.width, pixels.height}, pixels.width, pixels.height, std::move(form), jpeg(source)};
}

EncodedImage PageEncoder::base_image(const Pixels& pixels) {
  if (is_uniform(pixels)) {
    const Pixels pixel = pixels.part({0, 0, 1, 1});
    return as_one_pixel(is_gray(pixel) ? gray_image(pixel) : colour_image(pixel), pixels);
  }
  if (pixels.channels == 1) return gray_image(pixels);
  return is_gray(pixels) ? gray_image(gray_copy(pixels, gray_)) : colour_image(pixels);
}

std::vector<EncodedImage> PageEncoder::encode(const Pixels& page) {
  const Rect box = ink_box(page);
  if (box.area() == 0) return {};
  Pixels ink = page.part(box);
  if (ink.channels == 3 && is_gray(ink)) ink = gray_copy(ink, gray_);
  const std::vector<Rect> regions = picture_regions(ink);
  std::vector<EncodedImage> images;
  if (static_cast<double>(area_of(regions)) > kAllPicture * static_cast<double>(ink.area())) {
    images.push_back(jpeg_image(ink));
    images.back().place = box;
    return images;
  }
  for (const Rect& region : regions) {
    const Pixels picture = ink.part(region);
    images.push_back(jpeg_image(picture));
    images.back().place = moved(region, box);
    cut_out(picture);
  }
  const Rect rest = regions.empty() ? Rect{0, 0, ink.width, ink.height} : ink_box(ink);
  if (rest.area() == 0) return images;
  EncodedImage base = base_image(ink.part(rest));
  base.place = moved(moved(base.place, rest), box);
  images.insert(images.begin(), std::move(base));
  return images;
}

// Group 4 makes dithered pictures larger, which repeat themselves too exactly for it.
EncodedImage PageEncoder::bilevel_image(const Pixels& pixels) {
  constexpr std::size_t kDithered = 6;  // pages of text become smaller by more
  const std::size_t octets = (std::size_t{pixels.width} + 7) / 8 * pixels.height;
  pack_1_bit(pixels, pack(octets));
  const std::string size = std::to_string(pixels.width) + " /Rows " + std::to_string(pixels.height);
  EncodedImage image{
      {0, 0, pixels.width, pixels.height},
      pixels.width,
      pixels.height,
      "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 "
      "/Columns " +
          size + " >>",
      group_4(packed_.data(), pixels.width, pixels.height)};
  if (image.octets.size() <= octets / kDithered) return image;
  EncodedImage other = flate(pixels, "/ColorSpace /DeviceGray /BitsPerComponent 1");
  return other.octets.size() < image.octets.size() ? std::move(other) : std::move(image);
}

std::vector<EncodedImage> PageEncoder::encode_compact(const Pixels& page) {
  const Rect box = ink_box(page);
  if (box.area() == 0) return {};
  const Pixels ink = page.part(box);
  const Pixels gray = ink.channels == 3 ? brightness_of(ink, gray_) : ink;
  bilevel_.make(gray);
  const Rect rest = ink_box(gray);
  if (rest.area() == 0) return {};
  std::vector<EncodedImage> images;
  images.push_back(bilevel_image(gray.part(rest)));
  images.back().place = moved(rest, box);
  return images;
}

}  // namespace kiyome::compose
