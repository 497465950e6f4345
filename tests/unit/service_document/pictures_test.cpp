// Pictures of pages beside a clean file, and what the gate says of them.
#include "service/document/pictures.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "service/document/pages.h"
#include "service/gate/verify.h"

using namespace kiyome;
using namespace kiyome::document;

namespace {

constexpr PictureWish kSmall{3, 50, 1u << 20};

clean::Page page_of(std::uint32_t width, std::uint32_t height, clean::PixelFormat format) {
  clean::Page page;
  page.width_millipoints = width * 480;
  page.height_millipoints = height * 480;
  page.pixel_width = width;
  page.pixel_height = height;
  page.format = format;
  return page;
}

void put(PictureMaker& maker, const clean::Page& page, std::uint32_t seed) {
  maker.page(page);
  std::string pixels(std::size_t{page.pixel_width} * page.pixel_height * octets_of_pixel(page.format), '\0');
  for (char& octet : pixels) octet = static_cast<char>((seed = seed * 1664525u + 1013904223u) >> 24);
  maker.rows(pixels);
}

std::uint32_t big_32(const std::string& octets, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(octets[at + i]);
  return value;
}

}  // namespace

TEST_CASE("pictures: each page is a PNG of the wished size, which the gate takes") {
  Pictures pictures;
  PictureMaker maker(kSmall, pictures);
  put(maker, page_of(100, 141, clean::PixelFormat::gray8), 1);
  put(maker, page_of(141, 100, clean::PixelFormat::rgb24), 2);
  put(maker, page_of(30, 40, clean::PixelFormat::rgb24), 3);
  maker.finish(pictures);
  REQUIRE(pictures.pages.size() == 3);
  CHECK_FALSE(pictures.cut);
  const std::uint32_t sizes[][2] = {{35, 50}, {50, 35}, {30, 40}};
  std::uint64_t octets = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK_FALSE(gate::verify_png(pictures.pages[i]));
    CHECK(big_32(pictures.pages[i], 16) == sizes[i][0]);
    CHECK(big_32(pictures.pages[i], 20) == sizes[i][1]);
    octets += pictures.pages[i].size();
  }
  CHECK(pictures.octets == octets);
}

TEST_CASE("pictures: there are as many as were wished for, over all documents together") {
  Pictures pictures;
  for (int document = 0; document < 2; ++document) {
    PictureMaker maker(kSmall, pictures);
    put(maker, page_of(10, 10, clean::PixelFormat::gray8), 1);
    maker.finish(pictures);
    CHECK_FALSE(pictures.cut);
  }
  PictureMaker maker(kSmall, pictures);
  for (std::uint32_t i = 0; i < 3; ++i) put(maker, page_of(10, 10, clean::PixelFormat::gray8), i);
  maker.finish(pictures);
  CHECK(pictures.pages.size() == 3);
  CHECK(pictures.cut);

  Pictures none;
  PictureMaker idle(PictureWish{}, none);
  put(idle, page_of(10, 10, clean::PixelFormat::gray8), 1);
  idle.finish(none);
  CHECK(none.pages.empty());
  CHECK_FALSE(none.cut);
}

TEST_CASE("pictures: they end where their room does, in page order") {
  Pictures pictures;
  PictureMaker maker({20, 50, 6000}, pictures);
  put(maker, page_of(50, 50, clean::PixelFormat::gray8), 1);  // noise: 2.6 KB
  put(maker, page_of(50, 50, clean::PixelFormat::rgb24), 2);  // 7.6 KB
  put(maker, page_of(5, 5, clean::PixelFormat::gray8), 3);    // would fit, but page 2 is missing
  maker.finish(pictures);
  CHECK(pictures.pages.size() == 1);
  CHECK(pictures.cut);
  CHECK(pictures.octets <= 6000);
}

TEST_CASE("pictures: noise of the largest size stays below what one picture may have") {
  Pictures pictures;
  PictureMaker maker({1, limits::kViewSide, limits::kItemWritten}, pictures);
  put(maker, page_of(limits::kViewSide, limits::kViewSide, clean::PixelFormat::rgb24), 7);
  maker.finish(pictures);
  REQUIRE(pictures.pages.size() == 1);
  CHECK(pictures.pages[0].size() < limits::kPictureOctets);
}

TEST_CASE("pictures: a page whose rows did not come has none, and ends no process") {
  Pictures pictures;
  PictureMaker maker(kSmall, pictures);
  maker.page(page_of(100, 100, clean::PixelFormat::gray8));
  maker.page(page_of(10, 10, clean::PixelFormat::gray8));
  maker.rows(std::string(50, 'x'));
  maker.finish(pictures);
  CHECK(pictures.pages.empty());
}

TEST_CASE("watched pages: a sink and its pictures hear the same") {
  Pictures pictures;
  PictureMaker maker(kSmall, pictures);
  const auto sink = pdf_pages({false, "題"}, limits::kItemWritten);
  WatchedPages watched(*sink, maker, {}, false);
  const clean::Page page = page_of(100, 50, clean::PixelFormat::gray8);
  for (int i = 0; i < 5; ++i) {
    watched.page(page);
    watched.rows(std::string(100 * 50, static_cast<char>(i * 40)));
  }
  CHECK(sink->finish("x").front().pages == 5);
  maker.finish(pictures);
  CHECK(pictures.pages.size() == 3);
  CHECK(pictures.cut);
}
