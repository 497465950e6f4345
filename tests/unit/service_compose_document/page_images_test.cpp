// Each way to write a page's pixels, chosen for a page that was made for it, and read back.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "proto/base/limits.h"
#include "tests/unit/service_compose_document/pages.h"

using namespace kiyome;
using namespace kiyome::compose;
using clean::PixelFormat;

namespace {

bool has(const TestObject& image, std::string_view mark) {
  return image.content.find(mark) != std::string::npos;
}

TestObject only_image(const std::string& pdf) {
  const std::vector<TestObject> images = images_of(pdf);
  REQUIRE(images.size() == 1);
  return images[0];
}

int largest_difference(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  REQUIRE(a.size() == b.size());
  int largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (int shift = 0; shift < 24; shift += 8)
      largest = std::max(
          largest, std::abs(static_cast<int>(a[i] >> shift & 0xFF) - static_cast<int>(b[i] >> shift & 0xFF)));
  return largest;
}

// Of many kinds: two of 256 * 256.
std::vector<std::uint32_t> many_colours(std::size_t count) {
  std::vector<std::uint32_t> colours;
  for (std::size_t i = 0; i < count; ++i)
    colours.push_back(static_cast<std::uint32_t>((i * 53 % 256) << 16 | (i * 91 % 256) << 8 | i % 200));
  return colours;
}

}  // namespace

TEST_CASE("page images: a white page has none and an empty content stream") {
  for (const PixelFormat format : {PixelFormat::gray8, PixelFormat::rgb24}) {
    const Written pdf = write_pdf(white_page(61, 37, format));
    CHECK(images_of(pdf.octets).empty());
    CHECK(content_of_first_page(pdf.octets).empty());
    CHECK(find_object(pdf.octets, "/Type /Page ").content.find("/Resources << >> /Contents") !=
          std::string::npos);
  }
}

TEST_CASE("page images: black and white only takes one bit a pixel, whatever the width") {
  for (const std::uint32_t width : {57u, 64u, 71u}) {
    TestPage page = white_page(width, 40);
    draw_strokes(page, {0x000000});
    const TestObject image = only_image(write_pdf(page).octets);
    CHECK(has(image, "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode"));
    CHECK(colours_of(image) == colours_of(page));
  }
}

TEST_CASE("page images: black and white held as sRGB is written as gray") {
  TestPage page = white_page(57, 40, PixelFormat::rgb24);
  draw_strokes(page, {0x000000});
  const TestObject image = only_image(write_pdf(page).octets);
  CHECK(has(image, "/DeviceGray /BitsPerComponent 1"));
  CHECK(colours_of(image) == colours_of(page));
}

TEST_CASE("page images: the sixteen grays of four bits are exact") {
  TestPage page = white_page(99, 60);
  draw_strokes(page, {0x000000, 0x111111, 0x222222, 0x777777, 0xEEEEEE});
  const TestObject image = only_image(write_pdf(page).octets);
  CHECK(has(image, "/ColorSpace /DeviceGray /BitsPerComponent 4"));
  CHECK(colours_of(image) == colours_of(page));
}

TEST_CASE("page images: up to sixteen other grays are exact by a palette") {
  TestPage page = white_page(99, 60);
  draw_strokes(page, {0x0A0A0A, 0x808080, 0xF7F7F7});
  const TestObject image = only_image(write_pdf(page).octets);
  CHECK(has(image, "/ColorSpace [/Indexed /DeviceRGB 3 <"));
  CHECK(colours_of(image) == colours_of(page));
}

TEST_CASE("page images: soft letters take four bits, white and black stay as they are") {
  TestPage page = white_page(200, 120);
  std::vector<std::uint32_t> shades;
  for (std::uint32_t shade = 0; shade < 256; shade += 3) shades.push_back(shade * 0x10101);
  draw_strokes(page, shades);
  const TestObject image = only_image(write_pdf(page).octets);
  CHECK(has(image, "/BitsPerComponent 4"));
  const std::vector<std::uint32_t> before = colours_of(page), after = colours_of(image);
  CHECK(largest_difference(before, after) <= 9);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i] == 0xFFFFFF || before[i] == 0) CHECK(before[i] == after[i]);
}

TEST_CASE("page images: a light background does not become white") {
  TestPage page = white_page(200, 120);
  std::vector<std::uint32_t> shades;
  for (std::uint32_t shade = 0; shade < 256; shade += 3) shades.push_back(shade * 0x10101);
  draw_strokes(page, shades);
  page.fill(40, 49, 120, 10, 0xF8F8F8);
  const TestObject image = only_image(write_pdf(page).octets);
  CHECK(colours_of(image)[50 * 200 + 80] == 0xF8F8F8);
}

TEST_CASE("page images: a shade gets no bands") {
  for (const PixelFormat format : {PixelFormat::gray8, PixelFormat::rgb24}) {
    TestPage page = white_page(600, 300, format);
    std::vector<std::uint32_t> shades;
    for (std::uint32_t shade = 0; shade < 256; shade += 3) shades.push_back(shade * 0x10101);
    draw_strokes(page, shades);
    for (std::uint32_t x = 50; x < 306; ++x)
      page.fill(x, 50, 1, 60, format == PixelFormat::gray8 ? x - 50 : 0x304000 + x - 50);
    const TestObject image = only_image(write_pdf(page).octets);
    REQUIRE(has(image, "/FlateDecode"));
    const std::vector<std::uint32_t> before = colours_of(page), after = colours_of(image);
    for (std::uint32_t x = 52; x < 304; ++x)
      CHECK(largest_difference({before[80 * 600 + x]}, {after[80 * 600 + x]}) <= 4);
  }
}

TEST_CASE("page images: up to sixteen colours are exact in four bits") {
  TestPage page = white_page(99, 60, PixelFormat::rgb24);
  draw_strokes(page, {0x000000, 0xFF0000, 0x12AB7F});
  const TestObject image = only_image(write_pdf(page).octets);
  CHECK(has(image, "/ColorSpace [/Indexed /DeviceRGB 3 <"));
  CHECK(has(image, "/BitsPerComponent 4"));
  CHECK(colours_of(image) == colours_of(page));
}

TEST_CASE("page images: up to 256 colours are exact in eight bits") {
  TestPage page = white_page(400, 200, PixelFormat::rgb24);
  draw_strokes(page, many_colours(255));
  const TestObject image = only_image(write_pdf(page).octets);
  CHECK(has(image, "/ColorSpace [/Indexed /DeviceRGB 255 <"));
  CHECK(has(image, "/BitsPerComponent 8"));
  CHECK(colours_of(image) == colours_of(page));
}

TEST_CASE("page images: a name stamp on a gray page stays red") {
  TestPage page = white_page(400, 300, PixelFormat::rgb24);
  std::vector<std::uint32_t> shades;
  for (std::uint32_t shade = 0; shade < 256; shade += 3) shades.push_back(shade * 0x10101);
  draw_strokes(page, shades);
  page.fill(301, 121, 6, 6, 0xE03020);
  const TestObject image = only_image(write_pdf(page).octets);
  const std::uint32_t after = colours_of(image)[123 * 400 + 303];
  CHECK(largest_difference({after}, {0xE03020}) <= 4);
}

TEST_CASE("page images: thousands of colours of drawn things still look alike") {
  TestPage page = white_page(600, 300, PixelFormat::rgb24);
  draw_strokes(page, many_colours(255));
  for (std::uint32_t i = 0; i < 6000; ++i)
    page.set(i * 7 % 600, 1 + i % 298, (i % 256) << 16 | ((i * 7) % 256) << 8 | ((i * 31) % 256));
  const std::vector<TestObject> images = images_of(write_pdf(page).octets);
  REQUIRE(images.size() == 1);
  CHECK((has(images[0], "/DCTDecode") || has(images[0], "/Indexed")));
}

TEST_CASE("page images: a photograph is a JPEG, in gray when it has no colour") {
  TestPage page = white_page(160, 128, PixelFormat::rgb24);
  page.photograph(0, 0, 160, 128);
  const TestObject colour = only_image(write_pdf(page).octets);
  CHECK(has(colour, "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"));
  CHECK(colour.stream.starts_with(
      std::string_view("\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00", 20)));
  CHECK(colour.stream.ends_with("\xFF\xD9"));

  TestPage gray = white_page(160, 128);
  gray.photograph(0, 0, 160, 128);
  CHECK(has(only_image(write_pdf(gray).octets), "/DeviceGray /BitsPerComponent 8 /Filter /DCTDecode"));
}

TEST_CASE("page images: a photograph among letters is cut out, the letters stay sharp") {
  TestPage page = white_page(600, 400, PixelFormat::rgb24);
  draw_strokes(page, {0x000000, 0x202020});
  page.photograph(160, 96, 192, 160);
  const std::string pdf = write_pdf(page).octets;
  const std::vector<TestObject> images = images_of(pdf);
  REQUIRE(images.size() == 2);
  CHECK(has(images[0], "/FlateDecode"));
  CHECK(has(images[1], "/DCTDecode"));
  CHECK(colours_of(images[0])[0] == 0);
  CHECK(content_of_first_page(pdf) ==
        "q\n599.998 0 0 399.998 0.001 0.001 cm\n/Im0 Do\nQ\nq\n223.998 0 0 191.998 144.001 128.001 cm\n/Im1 "
        "Do\nQ\n");
}

TEST_CASE("page images: a photograph alone on the page leaves no base behind") {
  TestPage page = white_page(600, 400);
  page.photograph(160, 96, 192, 160);
  CHECK(images_of(write_pdf(page).octets).size() == 1);
}

TEST_CASE("page images: many small photographs are cut out up to the limit") {
  TestPage page = white_page(1600, 800);
  for (std::uint32_t i = 0; i < limits::kPageRegions + 8; ++i)
    page.photograph(32 + i % 10 * 160, 32 + i / 10 * 160, 80, 80);
  const std::string content = content_of_first_page(write_pdf(page).octets);
  CHECK(std::count(content.begin(), content.end(), 'q') == limits::kPageRegions + 1);
}

TEST_CASE("page images: one colour all over is one pixel drawn large") {
  TestPage page = white_page(300, 200, PixelFormat::rgb24);
  page.fill(0, 0, 300, 200, 0x123456);
  const std::string pdf = write_pdf(page).octets;
  const TestObject image = only_image(pdf);
  CHECK(has(image,
            "/Width 1 /Height 1 /ColorSpace [/Indexed /DeviceRGB 1 <123456000000>] /BitsPerComponent 4"));
  CHECK(content_of_first_page(pdf) == "q\n299.998 0 0 199.998 0.001 0.001 cm\n/Im0 Do\nQ\n");
}

TEST_CASE("page images: white margins are left out, the rest stands where it was") {
  TestPage page = white_page(300, 200);
  page.fill(100, 50, 3, 20, 0x000000);
  page.fill(101, 51, 1, 18, 0x808080);
  const std::string pdf = write_pdf(page).octets;
  CHECK(has(only_image(pdf), "/Width 3 /Height 20"));
  CHECK(content_of_first_page(pdf) == "q\n2.998 0 0 19.998 100.001 130.001 cm\n/Im0 Do\nQ\n");
}

TEST_CASE("page images: a page of one pixel and one of a thousandth of a point are written") {
  TestPage page = white_page(1, 1);
  page.set(0, 0, 0x000000);
  CHECK(content_of_first_page(write_pdf(page).octets) == "q\n0.998 0 0 0.998 0.001 0.001 cm\n/Im0 Do\nQ\n");
  TestPage tiny = white_page(40, 40);
  tiny.page.width_millipoints = tiny.page.height_millipoints = 1;
  tiny.set(39, 39, 0x000000);
  CHECK(content_of_first_page(write_pdf(tiny).octets) == "q\n0.001 0 0 0.001 0 0 cm\n/Im0 Do\nQ\n");
}
