// Pages in black and white: what is black, which form they get, and that a reader shows the same pixels.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include <unistd.h>

#include "service/compose/document/bilevel.h"
#include "tests/unit/service_compose_document/pages.h"

using namespace kiyome;
using namespace kiyome::compose;
using clean::PixelFormat;

namespace {

constexpr std::string_view kFax = "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode";

PdfOptions compact() {
  PdfOptions options;
  options.compact = true;
  return options;
}
std::string written(const TestPage& page) { return write_pdf({{page, {}}}, compact()).octets; }

// What the page becomes: 0 or 255 for each pixel.
std::string made(TestPage page) {
  Room room;
  Pixels pixels{reinterpret_cast<std::uint8_t*>(page.pixels.data()), page.page.pixel_width,
                page.page.pixel_height, page.page.pixel_width * page.channels(),
                static_cast<std::uint32_t>(page.channels())};
  if (pixels.channels == 3) pixels = brightness_of(pixels, room);
  Bilevel().make(pixels);
  return std::string(reinterpret_cast<const char*>(pixels.data), pixels.area());
}
bool is_black(const std::string& pixels, const TestPage& page, std::uint32_t x, std::uint32_t y) {
  return pixels[std::size_t{y} * page.page.pixel_width + x] == '\0';
}

// A letter of this colour on a field of that.
void draw_letter(TestPage& page, std::uint32_t x, std::uint32_t y, std::uint32_t field, std::uint32_t ink) {
  page.fill(x, y, 80, 60, field);
  page.fill(x + 30, y + 20, 5, 24, ink);
  page.fill(x + 22, y + 20, 20, 4, ink);
}
bool shows_letter(const std::string& pixels, const TestPage& page, std::uint32_t x, std::uint32_t y) {
  return is_black(pixels, page, x + 32, y + 35) != is_black(pixels, page, x + 26, y + 35);
}

double black_share(const std::string& pixels) {
  std::size_t black = 0;
  for (const char pixel : pixels) black += pixel == '\0';
  return static_cast<double>(black) / static_cast<double>(pixels.size());
}

}  // namespace

TEST_CASE("bilevel: letters of every colour on fields of every colour stay letters") {
  constexpr std::array<std::array<std::uint32_t, 2>, 13> kPairs = {{{0xFFFFFF, 0x000000},
                                                                    {0xFFFFFF, 0xCCCCCC},
                                                                    {0xFFFFFF, 0xFF0000},
                                                                    {0xFFFFFF, 0xFFA500},
                                                                    {0xFFFFFF, 0xFFFF00},
                                                                    {0xFFFFFF, 0x00B0F0},
                                                                    {0xFFFF00, 0x000000},
                                                                    {0xD9D9D9, 0x404040},
                                                                    {0x808080, 0x000000},
                                                                    {0x808080, 0xFFFFFF},
                                                                    {0x14286E, 0xFFFFFF},
                                                                    {0x000000, 0x606060},
                                                                    {0xC00000, 0xFFFF00}}};
  TestPage page = white_page(1400, 200, PixelFormat::rgb24);
  for (std::uint32_t i = 0; i < kPairs.size(); ++i)
    draw_letter(page, 20 + i * 100, 40, kPairs[i][0], kPairs[i][1]);
  const std::string pixels = made(page);
  for (std::uint32_t i = 0; i < kPairs.size(); ++i) {
    CAPTURE(i);
    CHECK(shows_letter(pixels, page, 20 + i * 100, 40));
  }
  CHECK(is_black(pixels, page, 20 + 5, 10) == false);
  CHECK(is_black(pixels, page, 20 + 10 * 100 + 5, 45));        // a dark field is black
  CHECK_FALSE(is_black(pixels, page, 20 + 6 * 100 + 70, 90));  // a bright one white, …
  CHECK_FALSE(is_black(pixels, page, 20 + 7 * 100 + 70, 90));
}

TEST_CASE("bilevel: what is black and white already stays as it is") {
  std::mt19937 random(3);
  TestPage page = white_page(333, 210);
  for (char& pixel : page.pixels) pixel = random() % 3 == 0 ? '\0' : '\xFF';
  page.fill(40, 40, 120, 90, 0);
  page.fill(200, 90, 90, 90, 0xFF);
  CHECK((made(page) == page.pixels));
}

TEST_CASE("bilevel: the noise of a scan is paper, its letters are letters") {
  std::mt19937 random(5);
  for (const std::uint32_t noise : {12u, 30u}) {
    TestPage page = white_page(640, 480);
    page.fill(0, 0, 640, 480, 225);
    for (std::uint32_t x = 20; x + 100 < 640; x += 100)
      for (std::uint32_t y = 20; y + 60 < 300; y += 80) draw_letter(page, x, y, 225, 60);
    for (char& pixel : page.pixels)
      pixel = static_cast<char>(static_cast<unsigned char>(pixel) - noise / 2 + random() % noise);
    const std::string pixels = made(page);
    CHECK(shows_letter(pixels, page, 20, 20));
    CHECK(shows_letter(pixels, page, 320, 100));
    std::size_t specks = 0;
    for (std::uint32_t y = 320; y < 480; ++y)
      for (std::uint32_t x = 0; x < 640; ++x) specks += is_black(pixels, page, x, y);
    CHECK(specks < 20);
  }
}

TEST_CASE("bilevel: a photograph is dithered to its brightness") {
  TestPage page = white_page(640, 480, PixelFormat::rgb24);
  page.photograph(160, 128, 320, 256);
  const std::string pixels = made(page);
  std::size_t black = 0, changes = 0;
  for (std::uint32_t y = 160; y < 352; ++y)
    for (std::uint32_t x = 192; x < 448; ++x) {
      black += is_black(pixels, page, x, y);
      changes += is_black(pixels, page, x, y) != is_black(pixels, page, x + 1, y);
    }
  const double share = static_cast<double>(black) / (192 * 256);
  CHECK(share > 0.45);
  CHECK(share < 0.85);
  CHECK(changes > 192 * 256 / 5);
  CHECK_FALSE(is_black(pixels, page, 40, 40));
}

TEST_CASE("bilevel: pages of one colour") {
  TestPage page = white_page(50, 40);
  CHECK(black_share(made(page)) == 0);
  CHECK(images_of(written(page)).empty());
  page.fill(0, 0, 50, 40, 0);
  CHECK(black_share(made(page)) == 1);
  page.fill(0, 0, 50, 40, 0xE0);
  CHECK(black_share(made(page)) == 0);
  CHECK(images_of(written(page)).empty());  // pale paper is white, and white needs no image
  TestPage one = white_page(1, 1);
  one.set(0, 0, 0);
  CHECK(images_of(written(one)).size() == 1);
}

TEST_CASE("compact: a page of letters is one Group 4 image as large as its ink") {
  TestPage page = white_page(400, 300, PixelFormat::rgb24);
  for (std::uint32_t x = 20; x < 300; x += 90) draw_letter(page, x, 60, 0xFFFFFF, 0x2040C0);
  const auto images = images_of(written(page));
  REQUIRE(images.size() == 1);
  CHECK(images[0].content.find("/Width 290 /Height 24 " + std::string(kFax) +
                               " /DecodeParms << /K -1 /Columns 290 /Rows 24 >> /Length ") !=
        std::string::npos);
  CHECK(images_of(write_pdf(page).octets)[0].content.find("CCITT") ==
        std::string::npos);  // only when asked for
}

TEST_CASE("compact: what Group 4 would blow up is a Flate image of 1 bit") {
  TestPage page = white_page(640, 480);
  page.photograph(0, 0, 640, 480);
  const auto images = images_of(written(page));
  REQUIRE(images.size() == 1);
  CHECK(images[0].content.find("/DeviceGray /BitsPerComponent 1 /Filter /FlateDecode") != std::string::npos);
}

TEST_CASE("compact: a page that comes again is written once") {
  TestPage page = white_page(400, 300);
  draw_letter(page, 40, 40, 0xFFFFFF, 0);
  CHECK(images_of(write_pdf({{page, {}}, {page, {}}}, compact()).octets).size() == 1);
}

TEST_CASE("compact: readers show exactly these pixels") {
  if (std::system("command -v pdftoppm >/dev/null 2>&1") != 0) {
    MESSAGE("skipped: no pdftoppm here");
    return;
  }
  std::mt19937 random(9);
  for (const std::uint32_t width : {61u, 64u, 200u, 333u}) {
    TestPage page = white_page(width, 90);
    for (char& pixel : page.pixels) pixel = random() % 300 == 0 ? '\0' : '\xFF';
    page.fill(3, 5, width - 9, 11, 0);
    page.set(0, 0, 0);
    page.set(width - 1, 89, 0);
    const std::string pdf = written(page);
    REQUIRE(pdf.find(kFax) != std::string::npos);
    std::array<char, 32> path{"/tmp/kiyome-fax-XXXXXX"};
    const int descriptor = mkstemp(path.data());
    REQUIRE(descriptor >= 0);
    close(descriptor);
    const std::string name = path.data();
    std::ofstream(name, std::ios::binary) << pdf;
    CHECK(std::system(("pdftoppm -r 72 -gray -singlefile " + name + " " + name).c_str()) == 0);
    std::ifstream drawn(name + ".pgm", std::ios::binary);
    std::string shown{std::istreambuf_iterator<char>(drawn), {}};
    CHECK(shown.size() > page.pixels.size());
    CHECK(shown.substr(shown.size() - std::min(shown.size(), page.pixels.size())) == page.pixels);
    std::remove(name.c_str());
    std::remove((name + ".pgm").c_str());
  }
}
