// PNG files, written by libpng and then bent.
#include <png.h>
#include <zlib.h>

#include "tests/unit/sanitizers_image/shown.h"

using namespace kiyome::test;
using namespace std::string_literals;

namespace {

struct Writing {
  std::uint32_t width = 2, height = 2;
  int depth = 8, type = PNG_COLOR_TYPE_RGB;
  bool interlaced = false;
  std::vector<png_color> palette{};
  std::vector<png_byte> palette_alpha{};
  double dpi = 0;
};

// `rows` follow each other without padding, 16 bits in network order.
std::string png(const Writing& how, const std::string& rows) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp self, png_bytep octets, std::size_t size) {
        static_cast<std::string*>(png_get_io_ptr(self))->append(reinterpret_cast<const char*>(octets), size);
      },
      [](png_structp) {});
  png_set_IHDR(png, info, how.width, how.height, how.depth, how.type,
               how.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!how.palette.empty()) png_set_PLTE(png, info, how.palette.data(), static_cast<int>(how.palette.size()));
  if (!how.palette_alpha.empty())
    png_set_tRNS(png, info, how.palette_alpha.data(), static_cast<int>(how.palette_alpha.size()), nullptr);
  if (how.dpi > 0) {
    const auto metre = static_cast<png_uint_32>(how.dpi / 0.0254 + 0.5);
    png_set_pHYs(png, info, metre, metre, PNG_RESOLUTION_METER);
  }
  png_write_info(png, info);
  const std::size_t size = png_get_rowbytes(png, info);
  std::string copy = rows;
  REQUIRE(copy.size() == size * how.height);
  std::vector<png_bytep> at;
  for (std::uint32_t y = 0; y < how.height; ++y)
    at.push_back(reinterpret_cast<png_bytep>(copy.data()) + y * size);
  png_write_image(png, at.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

std::string chunk(const std::string& type, const std::string& content) {
  const std::string both = type + content;
  return be(content.size(), 4) + both +
         be(crc32(0, reinterpret_cast<const Bytef*>(both.data()), static_cast<uInt>(both.size())), 4);
}

std::string with_chunk(const std::string& file, const std::string& type, const std::string& content) {
  return file.substr(0, 33) + chunk(type, content) + file.substr(33);
}

const std::string kFourColours = "\xff\0\0\0\xff\0\0\0\xff\xff\xff\xff"s;

std::string noise(std::size_t size) {
  std::string out;
  for (std::uint64_t i = 0, state = 1; i < size; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    out += static_cast<char>(state >> 56);
  }
  return out;
}

}  // namespace

TEST_CASE("png: RGB, its density, nothing to tell") {
  Writing how;
  how.dpi = 144;
  const Shown shown = show(png(how, kFourColours));
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.document->findings.empty());
  CHECK(shown.pages[0].at(0, 0) == 0xff0000);
  CHECK(shown.pages[0].at(1, 0) == 0x00ff00);
  CHECK(shown.pages[0].at(0, 1) == 0x0000ff);
  CHECK(shown.pages[0].at(1, 1) == 0xffffff);
  CHECK(shown.pages[0].page.width_millipoints == 1000);
}

TEST_CASE("png: bilevel, 16 bits and gray are gray of 8 bits") {
  Writing bilevel{2, 1, 1, PNG_COLOR_TYPE_GRAY};
  CHECK(show(png(bilevel, "\x40")).pages[0].octets == "\0\xff"s);
  Writing wide{2, 1, 16, PNG_COLOR_TYPE_GRAY};
  CHECK(show(png(wide, "\x80\0\xff\xff"s)).pages[0].octets == "\x80\xff"s);
  Writing rgb{1, 1, 16, PNG_COLOR_TYPE_RGB};
  CHECK(show(png(rgb, "\x12\x12\x34\x34\x56\x56")).pages[0].at(0, 0) == 0x123456);
}

TEST_CASE("png: what is see-through is white, in palettes and with alpha") {
  Writing palette{3, 1, 8, PNG_COLOR_TYPE_PALETTE};
  palette.palette = {{255, 0, 0}, {0, 255, 0}, {0, 0, 0}};
  palette.palette_alpha = {255, 0, 127};
  const Shown shown = show(png(palette, "\0\1\2"s));
  CHECK(shown.pages[0].at(0, 0) == 0xff0000);
  CHECK(shown.pages[0].at(1, 0) == 0xffffff);
  CHECK(shown.pages[0].at(2, 0) == 0x808080);
  Writing rgba{1, 1, 8, PNG_COLOR_TYPE_RGBA};
  CHECK(show(png(rgba, "\1\2\3\0"s)).pages[0].at(0, 0) == 0xffffff);
  Writing gray_alpha{2, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA};
  CHECK(show(png(gray_alpha, "\0\0\0\xff"s)).pages[0].octets == "\xff\0"s);
}

TEST_CASE("png: interlaced or not, the pixels are the same") {
  Writing how{17, 13};
  const std::string rows = noise(17 * 13 * 3);
  Writing interlaced = how;
  interlaced.interlaced = true;
  CHECK(show(png(how, rows)).pages[0].octets == rows);
  CHECK(show(png(interlaced, rows)).pages[0].octets == rows);
}

TEST_CASE("png: a broken file is shown in part, without any row it is refused") {
  for (const bool interlaced : {false, true}) {
    Writing how{100, 300};
    how.interlaced = interlaced;
    const std::string rows = noise(100 * 300 * 3);
    const std::string file = png(how, rows);
    const Shown half = show(file.substr(0, file.size() / 2));
    REQUIRE(half.pages.size() == 1);
    CHECK(half.pages[0].found(Finding::kPageDamaged));
    CHECK(half.pages[0].octets.substr(0, 3) == rows.substr(0, 3));
    if (!interlaced) CHECK(half.pages[0].at(99, 299) == 0xffffff);
    CHECK(show(file.substr(0, 45)).refusal == Finding::kDamagedPart);
    CHECK_FALSE(show(file).pages[0].found(Finding::kPageDamaged));
  }
}

TEST_CASE("png: a wrong checksum is damage, not an end") {
  std::string file = png({}, kFourColours);
  file[file.find("IDAT") - 4 + 8 + static_cast<unsigned char>(file[file.find("IDAT") - 1])] ^= 1;
  const Shown shown = show(file);
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.pages[0].found(Finding::kPageDamaged));
  CHECK(shown.pages[0].at(0, 0) == 0xff0000);
}

TEST_CASE("png: texts and EXIF are gone, the orientation is kept") {
  const std::string file = png({2, 1}, "\xff\0\0\0\xff\0"s);
  CHECK(show(with_chunk(file, "tEXt", "Author\0me"s)).found(Finding::kMetadataRemoved));
  CHECK(show(with_chunk(file, "tIME", std::string(7, '\1'))).found(Finding::kMetadataRemoved));
  const std::string exif = "MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\3\0\0\0\0\0\0"s;
  const Shown shown = show(with_chunk(file, "eXIf", exif));
  CHECK(shown.found(Finding::kMetadataRemoved));
  CHECK(shown.pages[0].at(0, 0) == 0x00ff00);  // half a turn
}

TEST_CASE("png: an animation shows its picture and says so") {
  CHECK(show(with_chunk(png({}, kFourColours), "acTL", be(2, 4) + be(0, 4))).found(Finding::kAnimated));
}

TEST_CASE("png: chunks that nobody needs are not even inflated") {
  // 4 MiB of nothing in some kilobytes, as a profile and as text.
  std::string nothing(4u << 20, '\0'), packed(nothing.size(), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(nothing.data()),
           nothing.size());
  packed.resize(size);
  std::string file = png({}, kFourColours);
  for (int i = 0; i < 50; ++i) file = with_chunk(file, "zTXt", "a\0\0"s + packed);
  file = with_chunk(file, "iCCP", "a\0\0"s + packed);
  const Shown shown = show(file);
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.pages[0].at(0, 0) == 0xff0000);
}

TEST_CASE("png: a ZIP behind the end is told") {
  CHECK(show(png({}, kFourColours) + small_zip()).found(Finding::kPolyglot));
  CHECK_FALSE(show(png({}, kFourColours) + std::string(100, '\0')).found(Finding::kPolyglot));
}

TEST_CASE("png: a ZIP within a private chunk is told, and so is a PDF") {
  CHECK(show(with_chunk(png({}, kFourColours), "prVt", "%PDF-1.4")).found(Finding::kPolyglot));
  CHECK_FALSE(show(with_chunk(png({}, kFourColours), "prVt", "%PNG-1.4")).found(Finding::kPolyglot));
}

TEST_CASE("png: a flood of declared pixels is refused before it is allocated") {
  for (const std::uint32_t side : {65500u, 300000u, 0x7fffffffu}) {
    const std::string header = be(side, 4) + be(side, 4) + "\x08\x02\0\0\0"s;
    const std::string file =
        "\x89PNG\r\n\x1a\n"s + chunk("IHDR", header) + chunk("IDAT", "x") + chunk("IEND", "");
    CHECK(show(file).refusal == Finding::kLimitPixels);
  }
}
