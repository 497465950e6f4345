// Pages made smaller: every level is the mean of the area it stands for.
#include "service/compose/document/shrink.h"

#include <doctest/doctest.h>

#include <cmath>

#include "proto/base/limits.h"

using namespace kiyome;
using compose::Shrink;

namespace {

clean::Page page_of(std::uint32_t width, std::uint32_t height,
                    clean::PixelFormat format = clean::PixelFormat::gray8) {
  clean::Page page;
  page.width_millipoints = page.height_millipoints = 100000;
  page.pixel_width = width;
  page.pixel_height = height;
  page.format = format;
  return page;
}

std::string noise(std::size_t octets, std::uint32_t seed) {
  std::string out;
  for (std::size_t i = 0; i < octets; ++i) {
    seed = seed * 1664525u + 1013904223u;
    out += static_cast<char>(seed >> 24);
  }
  return out;
}

// The same by its definition, pixel by pixel.
std::string by_hand(const clean::Page& page, const std::string& pixels, const clean::Page& small) {
  const std::uint32_t channels = octets_of_pixel(page.format);
  const auto part = [](std::uint32_t at, std::uint32_t i, std::uint32_t from, std::uint32_t to) {
    const double begin = std::max(double(at) * from / to, double(i));
    const double end = std::min(double(at + 1) * from / to, double(i + 1));
    return std::max(end - begin, 0.0);
  };
  std::string out;
  for (std::uint32_t y = 0; y < small.pixel_height; ++y)
    for (std::uint32_t x = 0; x < small.pixel_width; ++x)
      for (std::uint32_t c = 0; c < channels; ++c) {
        double sum = 0, area = 0;
        for (std::uint32_t v = 0; v < page.pixel_height; ++v)
          for (std::uint32_t u = 0; u < page.pixel_width; ++u) {
            const double share = part(x, u, page.pixel_width, small.pixel_width) *
                                 part(y, v, page.pixel_height, small.pixel_height);
            sum += share * static_cast<unsigned char>(pixels[(v * page.pixel_width + u) * channels + c]);
            area += share;
          }
        out += static_cast<char>(std::floor(sum / area + 0.5 + 1e-9));
      }
  return out;
}

std::string shrunk(const clean::Page& page, const std::string& pixels, std::uint32_t side,
                   std::uint32_t rows_at_once) {
  Shrink shrink(page, side);
  const std::size_t piece = std::size_t{page.pixel_width} * octets_of_pixel(page.format) * rows_at_once;
  for (std::size_t at = 0; at < pixels.size(); at += piece) {
    CHECK_FALSE(shrink.complete());
    shrink.rows(std::string_view(pixels).substr(at, piece));
  }
  CHECK(shrink.complete());
  return shrink.pixels();
}

}  // namespace

TEST_CASE("shrink: two by two pixels become one, whose level is their mean to the nearest") {
  const clean::Page page = page_of(4, 2);
  Shrink shrink(page, 2);
  CHECK(shrink.page().pixel_width == 2);
  CHECK(shrink.page().pixel_height == 1);
  shrink.rows(std::string("\x00\x01\xff\xff", 4) + std::string("\x01\x01\xff\xfd", 4));
  CHECK(shrink.complete());
  CHECK(shrink.pixels() == "\x01\xff");  // 0.75; 254.5 is rounded up
}

TEST_CASE("shrink: areas that cut through pixels are weighed exactly, in any direction and any piece") {
  struct Case {
    std::uint32_t width, height, side;
  };
  for (const Case& each : {Case{7, 5, 3},
                           {5, 7, 6},
                           {31, 44, 17},
                           {44, 31, 43},
                           {50, 1, 9},
                           {1, 50, 9},
                           {64, 64, 1},
                           {33, 32, 32}})
    for (const auto format : {clean::PixelFormat::gray8, clean::PixelFormat::rgb24}) {
      CAPTURE(each.width);
      CAPTURE(each.height);
      CAPTURE(each.side);
      const clean::Page page = page_of(each.width, each.height, format);
      const std::string pixels =
          noise(std::size_t{each.width} * each.height * octets_of_pixel(format), each.width);
      const clean::Page small = Shrink(page, each.side).page();
      CHECK(std::max(small.pixel_width, small.pixel_height) == each.side);
      CHECK(small.format == format);
      CHECK(small.width_millipoints == page.width_millipoints);
      const std::string expected = by_hand(page, pixels, small);
      for (const std::uint32_t rows : {1u, 2u, 3u, 1000u})
        CHECK(shrunk(page, pixels, each.side, rows) == expected);
    }
}

TEST_CASE("shrink: rows that are alike count each") {
  const clean::Page page = page_of(6, 6);
  std::string pixels;
  for (const char* row : {"aaaaaa", "aaaaaa", "aaaaaa", "cccccc", "cccccc", "eeeeee"}) pixels += row;
  CHECK(shrunk(page, pixels, 2, 1) == "aadd");  // (99 + 99 + 101) / 3 = 99.7 → 100
}

TEST_CASE("shrink: a page that is not too long stays as it is; a thin one keeps a pixel") {
  const std::string pixels = noise(20 * 30, 1);
  CHECK(shrunk(page_of(20, 30), pixels, 30, 7) == pixels);
  CHECK(shrunk(page_of(20, 30), pixels, 31, 7) == pixels);
  CHECK(shrunk(page_of(20, 30), pixels, 29, 7).size() == 29u * 19);
  const clean::Page thin = Shrink(page_of(limits::kPageSide, 1), 100).page();
  CHECK(thin.pixel_width == 100);
  CHECK(thin.pixel_height == 1);
}

TEST_CASE("shrink: the largest page of white stays white") {
  const std::uint32_t width = 5120, height = limits::kPagePixels / width;
  const clean::Page page = page_of(width, height);
  Shrink shrink(page, 1000);
  const std::string row(width, '\xff');
  for (std::uint32_t y = 0; y < height; ++y) shrink.rows(row);
  CHECK(shrink.complete());
  CHECK(shrink.pixels().find_first_not_of('\xff') == std::string::npos);
}
