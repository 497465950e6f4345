#include "sanitizers/image/tiff_rows.h"

#include <tiffio.h>

#include <algorithm>
#include <vector>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::image {
namespace {

constexpr std::uint64_t kRowOctets = std::uint64_t{limits::kImageSide} * 16;  // of 8 samples of 16 bits

std::uint8_t over_white(unsigned colour, unsigned alpha, bool multiplied) {
  const unsigned paper = 255 - alpha;
  return static_cast<std::uint8_t>(multiplied ? std::min(255u, colour + paper)
                                              : (colour * alpha + 255 * paper + 127) / 255);
}

}  // namespace

TiffRows::TiffRows(struct tiff* page) : tiff_(page) {
  std::uint16_t photometric = 0, compression = 0, planar = 0, samples = 0, bits = 0, format = 0;
  if (TIFFGetField(page, TIFFTAG_PHOTOMETRIC, &photometric) != 1) return;
  TIFFGetFieldDefaulted(page, TIFFTAG_COMPRESSION, &compression);
  TIFFGetFieldDefaulted(page, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(page, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(page, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(page, TIFFTAG_SAMPLEFORMAT, &format);
  samples_ = samples;
  bits_ = bits;
  const bool bits_known = bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16;
  const bool integers = format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID;
  if (TIFFIsTiled(page) != 0 || (planar != PLANARCONFIG_CONTIG && samples > 1) || !bits_known || !integers ||
      compression == COMPRESSION_OJPEG || samples == 0)
    return;
  if (photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG && samples == 3 && bits == 8) {
    TIFFSetField(page, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    photometric = PHOTOMETRIC_RGB;
  }
  if (photometric == PHOTOMETRIC_PALETTE && samples == 1 && bits <= 8) {
    std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
    if (TIFFGetField(page, TIFFTAG_COLORMAP, &red, &green, &blue) != 1) return;
    red_ = red;
    green_ = green;
    blue_ = blue;
    channels_ = 3;
  } else if (photometric == PHOTOMETRIC_RGB && samples >= 3) {
    channels_ = 3;
  } else if (photometric == PHOTOMETRIC_SEPARATED && samples >= 4 && bits >= 8 &&
             compression != COMPRESSION_JPEG) {
    ink_ = true;
    channels_ = 3;
  } else if (photometric == PHOTOMETRIC_MINISWHITE || photometric == PHOTOMETRIC_MINISBLACK) {
    inverted_ = photometric == PHOTOMETRIC_MINISWHITE;
  } else {
    return;
  }
  std::uint16_t extras = 0;
  const std::uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(page, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
  if (extras > 0 && kinds != nullptr && samples_ > channels_ && red_ == nullptr && !ink_) {
    if (kinds[0] == EXTRASAMPLE_UNASSALPHA) alpha_ = Alpha::apart;
    if (kinds[0] == EXTRASAMPLE_ASSOCALPHA) alpha_ = Alpha::multiplied;
  }
  possible_ = true;
}

// The sample as 8 bits, or an index.
unsigned TiffRows::sample(const std::uint8_t* stored, std::size_t index) const {
  switch (bits_) {
    case 8:
      return stored[index];
    case 16: {
      const auto wide = reinterpret_cast<const std::uint16_t*>(stored)[index];  // in the machine's order
      return wide >> 8;
    }
    default: {
      const std::size_t bit = index * bits_;
      const unsigned most = (1u << bits_) - 1;
      const unsigned value = (stored[bit / 8] >> (8 - bits_ - bit % 8)) & most;
      return red_ != nullptr ? value : value * 255 / most;
    }
  }
}

// A fax's row: eight pixels at a time.
void TiffRows::show_bilevel(const std::uint8_t* stored, std::uint32_t width, std::uint8_t* shown) const {
  const unsigned flip = inverted_ ? 0xff : 0;
  for (std::uint32_t x = 0; x < width; x += 8) {
    const unsigned bits = *stored++ ^ flip;
    const std::uint32_t count = std::min(8u, width - x);
    for (std::uint32_t i = 0; i < count; ++i)
      *shown++ = static_cast<std::uint8_t>(0 - ((bits >> (7 - i)) & 1));
  }
}

void TiffRows::show(const std::uint8_t* stored, std::uint32_t width, std::uint8_t* shown) const {
  if (bits_ == 1 && samples_ == 1 && red_ == nullptr) return show_bilevel(stored, width, shown);
  if (bits_ == 8 && samples_ == channels_ && red_ == nullptr && !inverted_) {
    std::copy_n(stored, std::size_t{width} * channels_, shown);
    return;
  }
  for (std::size_t x = 0; x < width; ++x) {
    if (red_ != nullptr) {
      const unsigned index = sample(stored, x);
      *shown++ = static_cast<std::uint8_t>(red_[index] >> 8);
      *shown++ = static_cast<std::uint8_t>(green_[index] >> 8);
      *shown++ = static_cast<std::uint8_t>(blue_[index] >> 8);
      continue;
    }
    const std::size_t first = x * samples_;
    if (ink_) {
      const unsigned paper = 255 - sample(stored, first + 3);
      for (unsigned c = 0; c < 3; ++c)
        *shown++ = static_cast<std::uint8_t>(((255 - sample(stored, first + c)) * paper + 127) / 255);
      continue;
    }
    const unsigned alpha = alpha_ == Alpha::none ? 255 : sample(stored, first + channels_);
    for (unsigned c = 0; c < channels_; ++c) {
      const unsigned value = sample(stored, first + c);
      *shown++ = over_white(inverted_ ? 255 - value : value, alpha, alpha_ == Alpha::multiplied);
    }
  }
}

std::uint32_t TiffRows::read(std::uint32_t width, std::uint32_t height, Reducer& reducer) {
  const std::uint64_t needed = (std::uint64_t{width} * samples_ * bits_ + 7) / 8;
  const std::uint64_t size = TIFFScanlineSize64(tiff_);
  if (size < needed || size > kRowOctets) return 0;
  // As 16-bit units, for their alignment.
  std::vector<std::uint16_t> stored(static_cast<std::size_t>(size / 2 + 1));
  auto* const octets = reinterpret_cast<std::uint8_t*>(stored.data());
  std::vector<std::uint8_t> shown(std::size_t{width} * channels_), white(shown.size(), 255);
  std::uint32_t strip = height, known = 0;
  TIFFGetFieldDefaulted(tiff_, TIFFTAG_ROWSPERSTRIP, &strip);
  strip = std::clamp(strip, 1u, height);
  std::uint32_t white_until = 0;  // the end of a strip that broke off: libtiff would begin it again each time
  for (std::uint32_t y = 0; y < height && y - known < limits::kTiffLostRows; ++y) {
    const bool read = y >= white_until && TIFFReadScanline(tiff_, octets, y, 0) == 1;
    if (read) {
      show(octets, width, shown.data());
      ++known;
    } else if (y >= white_until) {
      white_until = std::min(height, (y / strip + 1) * strip);
    }
    reducer.row(read ? shown.data() : white.data());
  }
  return known;
}

Outcome<void> read_tiff_whole(struct tiff* page, std::uint32_t width, std::uint32_t height,
                              Reducer& reducer) {
  TIFFRGBAImage image;
  char message[1024] = "";  // of the size that libtiff's header names
  if (TIFFRGBAImageOK(page, message) != 1) return refused(clean::Finding::kUnsupportedType);
  if (TIFFRGBAImageBegin(&image, page, 0, message) != 1) return refused(clean::Finding::kDamagedPart);
  image.req_orientation = image.orientation;  // as stored; turned later
  std::vector<std::uint32_t> pixels(std::size_t{width} * height);
  // What cannot be read stays see-through, thus white; libtiff's error makes the page a damaged one.
  static_cast<void>(TIFFRGBAImageGet(&image, pixels.data(), width, height));
  TIFFRGBAImageEnd(&image);
  if (std::all_of(pixels.begin(), pixels.end(), [](std::uint32_t pixel) { return pixel == 0; }))
    return refused(clean::Finding::kDamagedPart);
  std::vector<std::uint8_t> row(std::size_t{width} * 3);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::uint32_t pixel = pixels[y * width + x];
      const unsigned alpha = TIFFGetA(pixel);
      row[3 * x] = over_white(TIFFGetR(pixel), alpha, true);
      row[3 * x + 1] = over_white(TIFFGetG(pixel), alpha, true);
      row[3 * x + 2] = over_white(TIFFGetB(pixel), alpha, true);
    }
    reducer.row(row.data());
  }
  return {};
}

}  // namespace kiyome::sanitizer::image
