// Clean PNG, clean ZIP, and words as text.
#include <doctest/doctest.h>
#include <zlib.h>

#include "proto/base/limits.h"
#include "service/compose/document/png_writer.h"
#include "service/compose/document/words_text.h"
#include "service/compose/document/zip_writer.h"
#include "tests/unit/service_compose_document/pages.h"

using namespace kiyome;
using namespace kiyome::compose;
using clean::After;
using clean::PixelFormat;

namespace {

std::uint32_t big_32(const std::string& octets, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(octets[at + i]);
  return value;
}

std::uint32_t little(const std::string& octets, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = count; i > 0; --i) value = value << 8 | static_cast<unsigned char>(octets[at + i - 1]);
  return value;
}

std::uint32_t zlib_crc(std::string_view octets) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(octets.data()), static_cast<uInt>(octets.size())));
}

struct Png {
  std::uint32_t width = 0, height = 0, type = 0;
  std::string order, palette, data, density;
};

Png read_png(const std::string& octets) {
  Png png;
  REQUIRE(octets.starts_with("\x89PNG\r\n\x1A\n"));
  for (std::size_t at = 8; at < octets.size();) {
    const std::uint32_t size = big_32(octets, at);
    const std::string type = octets.substr(at + 4, 4), content = octets.substr(at + 8, size);
    CHECK(big_32(octets, at + 8 + size) == zlib_crc(std::string_view(octets).substr(at + 4, 4 + size)));
    png.order += type + " ";
    if (type == "IHDR") {
      png.width = big_32(content, 0);
      png.height = big_32(content, 4);
      CHECK(content[8] == 8);
      png.type = static_cast<unsigned char>(content[9]);
      CHECK(content.substr(10) == std::string(3, '\0'));
    }
    if (type == "pHYs") png.density = content;
    if (type == "PLTE") png.palette = content;
    if (type == "IDAT") {
      CHECK(size <= 65536);
      png.data += content;
    }
    at += 12 + size;
  }
  return png;
}

// Filters undone (ISO/IEC 15948 9.2).
std::string unfiltered(const Png& png) {
  const std::size_t step = png.type == 2 ? 3 : 1, row = png.width * step;
  const std::string rows = inflated(png.data);
  REQUIRE(rows.size() == (row + 1) * png.height);
  std::string out;
  for (std::size_t y = 0; y < png.height; ++y) {
    const int filter = rows[y * (row + 1)];
    for (std::size_t x = 0; x < row; ++x) {
      const auto at = [&](std::size_t column, std::size_t line) {
        return static_cast<unsigned char>(out[line * row + column]);
      };
      const int left = x >= step ? at(x - step, y) : 0, above = y > 0 ? at(x, y - 1) : 0;
      const int corner = x >= step && y > 0 ? at(x - step, y - 1) : 0, guess = left + above - corner;
      const int a = std::abs(guess - left), b = std::abs(guess - above), c = std::abs(guess - corner);
      const int paeth = a <= b && a <= c ? left : b <= c ? above : corner;
      const int base = filter == 0 ? 0 : filter == 1 ? left : filter == 2 ? above : paeth;
      out += static_cast<char>(rows[y * (row + 1) + 1 + x] + base);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("png: gray, few colours and many are read back as they were") {
  TestPage gray = white_page(70, 50);
  gray.photograph(10, 10, 50, 30);
  const Png a = read_png(clean_png(gray.page, gray.pixels));
  CHECK(a.order == "IHDR pHYs IDAT IEND ");
  CHECK(a.type == 0);
  CHECK(a.width == 70);
  CHECK(a.height == 50);
  CHECK(unfiltered(a) == gray.pixels);

  TestPage few = white_page(70, 50, PixelFormat::rgb24);
  draw_strokes(few, {0x000000, 0xFF0000});
  const Png b = read_png(clean_png(few.page, few.pixels));
  CHECK(b.order == "IHDR pHYs PLTE IDAT IEND ");
  CHECK(b.type == 3);
  CHECK(b.palette.size() == 9);
  std::string pixels;
  for (const char index : unfiltered(b))
    pixels += b.palette.substr(static_cast<unsigned char>(index) * 3u, 3);
  CHECK(pixels == few.pixels);

  TestPage many = white_page(300, 200, PixelFormat::rgb24);
  many.photograph(0, 0, 300, 200);
  const Png c = read_png(clean_png(many.page, many.pixels));
  CHECK(c.type == 2);
  CHECK(unfiltered(c) == many.pixels);
}

TEST_CASE("png: gray pixels in sRGB become gray, 256 colours fit a palette and 257 do not") {
  TestPage gray = white_page(9, 9, PixelFormat::rgb24);
  gray.set(4, 4, 0x808080);
  CHECK(read_png(clean_png(gray.page, gray.pixels)).type == 0);
  TestPage colours = white_page(257, 1, PixelFormat::rgb24);
  for (std::uint32_t x = 0; x < 256; ++x) colours.set(x, 0, x << 8);
  colours.set(256, 0, 0);
  CHECK(read_png(clean_png(colours.page, colours.pixels)).palette.size() == 768);
  colours.set(256, 0, 1);
  CHECK(read_png(clean_png(colours.page, colours.pixels)).type == 2);
}

TEST_CASE("png: the density is that of the page") {
  TestPage page = white_page(1240, 2);
  page.page.width_millipoints = 595200;
  const std::string density = read_png(clean_png(page.page, page.pixels)).density;
  CHECK(big_32(density, 0) == 5905);  // 150 pixels an inch
  CHECK(big_32(density, 4) == 5905);
  CHECK(density[8] == 1);
}

TEST_CASE("zip: entries are stored and found again from the end") {
  StringSink sink;
  ZipWriter zip(sink);
  CHECK(zip.add("資料/一覧.txt", "abc\r\n"));
  CHECK(zip.add("図.png", std::string(3000, 'x')));
  zip.finish();
  const std::string& octets = sink.octets();
  CHECK(zip.bytes() == octets.size());
  const std::size_t end = octets.size() - 22;
  CHECK(little(octets, end, 4) == 0x06054B50);
  CHECK(little(octets, end + 10, 2) == 2);
  std::size_t central = little(octets, end + 16, 4);
  CHECK(central + little(octets, end + 12, 4) == end);
  std::size_t local = 0;
  for (const std::string name : {"資料/一覧.txt", "図.png"}) {
    CHECK(little(octets, central, 4) == 0x02014B50);
    CHECK(little(octets, central + 42, 4) == local);
    CHECK(octets.substr(central + 46, name.size()) == name);
    CHECK(octets.substr(central + 6, 26) == octets.substr(local + 4, 26));
    CHECK(little(octets, local, 4) == 0x04034B50);
    CHECK(little(octets, local + 6, 2) == 0x0800);
    const std::size_t size = little(octets, local + 18, 4), content = local + 30 + name.size();
    CHECK(little(octets, local + 14, 4) == zlib_crc(std::string_view(octets).substr(content, size)));
    local = content + size;
    central += 46 + name.size();
  }
  CHECK(central == end);
}

TEST_CASE("zip: names that clash or are too deep are refused, their neighbours taken") {
  StringSink sink;
  ZipWriter zip(sink);
  CHECK(zip.add("a/b.txt", "1"));
  CHECK_FALSE(zip.add("A/B.TXT", "1"));
  CHECK(zip.add("A/c.txt", "1"));
  CHECK_FALSE(zip.add("a", "1"));
  CHECK_FALSE(zip.add("a/b.txt/c.txt", "1"));
  CHECK_FALSE(zip.add("", "1"));
  std::string deep;
  for (std::size_t i = 0; i < limits::kCleanZipDepth; ++i) deep += "d/";
  CHECK(zip.add(deep + "e.txt", "1"));
  CHECK_FALSE(zip.add(deep + "d/e.txt", "1"));
}

TEST_CASE("words as text: words, lines, paragraphs and pages") {
  clean::Words first, second, empty;
  first.words = {word(0, 0, 1, 1, "吾輩は"), word(0, 0, 1, 1, "猫である。", After::line_end),
                 word(0, 0, 1, 1, "Hello,", After::space), word(0, 0, 1, 1, "world.", After::paragraph_end),
                 word(0, 0, 1, 1, "次", After::line_end)};
  second.words = {word(0, 0, 1, 1, "二\u202E頁"), word(0, 0, 1, 1, "か\u3099", After::space)};
  std::vector<clean::Finding> findings;
  CHECK(words_as_text({first, empty, second}, findings) ==
        "吾輩は猫である。\nHello, world.\n\n次\n\n二頁が\n");
  CHECK(findings == std::vector{clean::Finding::kForbiddenCharacter});
  CHECK(words_as_text({}, findings).empty());
}
