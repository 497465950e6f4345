// See jpeg.h.
#include "service/compose/document/jpeg.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <jpeglib.h>  // wants cstdio before it

#include "proto/base/check.h"

namespace kiyome::compose {
namespace {

constexpr int kQuality = 75;

// Better Huffman tables save 6 % but keep all coefficients in memory, three octets a pixel: not for the
// largest pages.
constexpr std::uint64_t kOptimizedPixels = 12u << 20;

// libjpeg calls this for a wrong use or without memory, and must not return from it.
[[noreturn]] void fail(j_common_ptr) {
  KIYOME_CHECK(!"libjpeg");
  std::abort();
}

}  // namespace

std::string jpeg(const Pixels& pixels) {
  jpeg_compress_struct encoder;
  jpeg_error_mgr errors;
  encoder.err = jpeg_std_error(&errors);
  errors.error_exit = fail;
  jpeg_create_compress(&encoder);
  unsigned char* octets = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &octets, &size);
  encoder.image_width = pixels.width;
  encoder.image_height = pixels.height;
  encoder.input_components = static_cast<int>(pixels.channels);
  encoder.in_color_space = pixels.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, kQuality, TRUE);
  encoder.optimize_coding = pixels.area() <= kOptimizedPixels ? TRUE : FALSE;
  jpeg_start_compress(&encoder, TRUE);
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    JSAMPROW row = pixels.row(y);
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  const std::unique_ptr<unsigned char, decltype(&std::free)> owner(octets, &std::free);
  return std::string(reinterpret_cast<const char*>(octets), size);
}

}  // namespace kiyome::compose
