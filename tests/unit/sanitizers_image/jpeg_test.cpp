// JPEG files, written by libjpeg and then bent.
#include <cstdio>
// jpeglib.h needs FILE before it.
#include <jpeglib.h>

#include <cstdlib>
#include <functional>

#include "tests/unit/sanitizers_image/shown.h"

using namespace kiyome::test;
using namespace std::string_literals;

namespace {

struct Writing {
  std::uint32_t width = 64, height = 48;
  J_COLOR_SPACE colours = JCS_RGB;
  bool progressive = false;
  int dpi = 0;
};

// A picture whose octet `c` of pixel (x, y) is what `value` says.
std::string jpeg(const Writing& how, const std::function<int(std::uint32_t, std::uint32_t, int)>& value) {
  jpeg_compress_struct out{};
  jpeg_error_mgr errors{};
  out.err = jpeg_std_error(&errors);
  jpeg_create_compress(&out);
  unsigned char* octets = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&out, &octets, &size);
  out.image_width = how.width;
  out.image_height = how.height;
  out.in_color_space = how.colours;
  out.input_components = how.colours == JCS_GRAYSCALE ? 1 : how.colours == JCS_CMYK ? 4 : 3;
  jpeg_set_defaults(&out);
  jpeg_set_quality(&out, 95, TRUE);
  if (how.progressive) jpeg_simple_progression(&out);
  if (how.dpi != 0) {
    out.density_unit = 1;
    out.X_density = out.Y_density = static_cast<UINT16>(how.dpi);
  }
  jpeg_start_compress(&out, TRUE);
  std::vector<JSAMPLE> row(how.width * static_cast<unsigned>(out.input_components));
  for (std::uint32_t y = 0; y < how.height; ++y) {
    for (std::uint32_t x = 0; x < how.width; ++x)
      for (int c = 0; c < out.input_components; ++c)
        row[x * static_cast<unsigned>(out.input_components) + static_cast<unsigned>(c)] =
            static_cast<JSAMPLE>(value(x, y, c));
    JSAMPROW rows[] = {row.data()};
    jpeg_write_scanlines(&out, rows, 1);
  }
  jpeg_finish_compress(&out);
  jpeg_destroy_compress(&out);
  std::string result(reinterpret_cast<const char*>(octets), size);
  std::free(octets);
  return result;
}

// Red above, blue below.
std::string flag(const Writing& how = {}) {
  return jpeg(how, [&](std::uint32_t, std::uint32_t y, int c) {
    return c == (y < how.height / 2 ? 0 : 2) ? 255 : 0;
  });
}

std::string with_segment(const std::string& file, char marker, const std::string& content) {
  return file.substr(0, 2) + "\xff"s + marker + be(content.size() + 2, 2) + content + file.substr(2);
}

// An EXIF block of an orientation and, if wanted, a maker.
std::string exif(int orientation, bool maker, bool big = false) {
  const auto number = [big](std::uint64_t value, int octets) {
    return big ? be(value, octets) : le(value, octets);
  };
  std::string out = (big ? "MM"s : "II"s) + number(42, 2) + number(8, 4) + number(maker ? 2 : 1, 2);
  if (maker) out += number(0x10f, 2) + number(2, 2) + number(4, 4) + "abc\0"s;
  out += number(0x112, 2) + number(3, 2) + number(1, 4) + number(static_cast<unsigned>(orientation), 2) +
         number(0, 2);
  return "Exif\0\0"s + out + number(0, 4);
}

}  // namespace

TEST_CASE("jpeg: pixels, size on paper, nothing to tell") {
  const Shown shown = show(flag({64, 48, JCS_RGB, false, 144}));
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.document->pages == 1);
  CHECK(shown.document->findings.empty());
  const auto& page = shown.pages[0];
  CHECK(page.page.format == kiyome::clean::PixelFormat::rgb24);
  CHECK(page.page.pixel_width == 64);
  CHECK(page.page.width_millipoints == 32000);
  CHECK(apart(page.at(10, 5), 0xff0000) < 8);
  CHECK(apart(page.at(10, 40), 0x0000ff) < 8);
  CHECK(page.page.findings.empty());
}

TEST_CASE("jpeg: gray stays gray, and so does a colour picture without colours") {
  const auto half = [](std::uint32_t x, std::uint32_t, int) { return x < 32 ? 0 : 255; };
  for (const J_COLOR_SPACE colours : {JCS_GRAYSCALE, JCS_RGB}) {
    const Shown shown = show(jpeg({64, 48, colours}, half));
    REQUIRE(shown.pages.size() == 1);
    CHECK(shown.pages[0].page.format == kiyome::clean::PixelFormat::gray8);
    CHECK(apart(shown.pages[0].at(2, 2), 0) < 8);
    CHECK(apart(shown.pages[0].at(60, 2), 0xffffff) < 8);
  }
}

TEST_CASE("jpeg: CMYK as Adobe writes it is inverted ink") {
  // Adobe's marker comes with libjpeg's CMYK; full cyan is 0 there.
  const Shown shown =
      show(jpeg({64, 48, JCS_CMYK}, [](std::uint32_t, std::uint32_t, int c) { return c == 0 ? 0 : 255; }));
  REQUIRE(shown.pages.size() == 1);
  CHECK(apart(shown.pages[0].at(9, 9), 0x00ffff) < 8);
}

TEST_CASE("jpeg: EXIF orientation is applied and EXIF is gone, in both byte orders") {
  for (const bool big : {false, true}) {
    const Shown shown = show(with_segment(flag(), '\xe1', exif(6, false, big)));
    REQUIRE(shown.pages.size() == 1);
    CHECK(shown.pages[0].page.pixel_width == 48);
    CHECK(shown.pages[0].page.pixel_height == 64);
    CHECK(apart(shown.pages[0].at(40, 5), 0xff0000) < 8);  // what was above is at the right
    CHECK(apart(shown.pages[0].at(5, 5), 0x0000ff) < 8);
    CHECK(shown.found(Finding::kMetadataRemoved));
  }
}

TEST_CASE("jpeg: EXIF counts behind a comment, too, and only the first one") {
  const std::string turned = with_segment(flag(), '\xe1', exif(6, false));
  CHECK(show(with_segment(turned, '\xfe', "a comment")).pages[0].page.pixel_width == 48);
  CHECK(show(with_segment(turned, '\xe1', exif(1, false))).pages[0].page.pixel_width == 64);
}

TEST_CASE("jpeg: a progressive picture that ends between two scans is told") {
  const std::string file = flag({64, 48, JCS_RGB, true});
  std::vector<std::size_t> scans;
  for (std::size_t at = 0; (at = file.find("\xff\xda", at)) != std::string::npos; ++at) scans.push_back(at);
  REQUIRE(scans.size() > 3);
  const std::size_t tables = file.rfind("\xff\xc4", scans[2]);  // they stand before their scan
  REQUIRE(tables > scans[1]);
  const Shown coarse = show(file.substr(0, tables));
  REQUIRE(coarse.pages.size() == 1);
  CHECK(coarse.pages[0].found(Finding::kPageDamaged));
  CHECK_FALSE(show(file).pages[0].found(Finding::kPageDamaged));
}

TEST_CASE("jpeg: comments and XMP are metadata, a colour profile is not") {
  CHECK(show(with_segment(flag(), '\xfe', "secret")).found(Finding::kMetadataRemoved));
  CHECK(show(with_segment(flag(), '\xe1', "http://ns.adobe.com/xap/1.0/")).found(Finding::kMetadataRemoved));
  CHECK_FALSE(show(with_segment(flag(), '\xe2', "ICC_PROFILE\0\1\1"s)).found(Finding::kMetadataRemoved));
}

TEST_CASE("jpeg: a camera's density means nothing, a scanner's does") {
  const std::string file = flag({64, 48, JCS_RGB, false, 200});
  CHECK(show(with_segment(file, '\xe1', exif(1, false))).pages[0].page.width_millipoints == 23040);
  CHECK(show(with_segment(file, '\xe1', exif(1, true))).pages[0].page.width_millipoints == 48000);
}

TEST_CASE("jpeg: a large photo is reduced") {
  const Shown shown = show(flag({4000, 3000}));
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.pages[0].found(Finding::kReducedResolution));
  CHECK(shown.pages[0].page.pixel_width == 2000);  // libjpeg's half is near enough to 2205
  CHECK(apart(shown.pages[0].at(1000, 100), 0xff0000) < 8);
}

TEST_CASE("jpeg: what is left of a broken file is shown, what has nothing left is refused") {
  const auto noise = [](std::uint32_t x, std::uint32_t y, int c) {
    return static_cast<int>((x * 7919 + y * 104729 + static_cast<unsigned>(c) * 31) % 251);
  };
  for (const bool progressive : {false, true}) {
    const std::string file = jpeg({128, 128, JCS_RGB, progressive}, noise);
    const Shown half = show(file.substr(0, file.size() / 2));
    REQUIRE(half.pages.size() == 1);
    CHECK(half.pages[0].found(Finding::kPageDamaged));
    CHECK(show(file.substr(0, 200)).refusal == Finding::kDamagedPart);
    CHECK(show(file.substr(0, file.size() - 2)).pages.size() == 1);  // only the end marker lacks
    CHECK_FALSE(show(file.substr(0, file.size() - 2)).pages[0].found(Finding::kPageDamaged));
    CHECK(show(file).pages.size() == 1);
  }
}

TEST_CASE("jpeg: a ZIP behind the end is told, padding is not") {
  CHECK(show(flag() + small_zip()).found(Finding::kPolyglot));
  CHECK(show(flag() + std::string(100, 'x')).found(Finding::kPolyglot));
  CHECK_FALSE(show(flag() + std::string(5000, '\0')).found(Finding::kPolyglot));
  CHECK_FALSE(show(flag() + "\r\n").found(Finding::kPolyglot));
}

TEST_CASE("jpeg: a phone's film behind the photo is an animation, its previews are nothing") {
  CHECK(show(flag() +
             "\0\0\0\x18"
             "ftypmp42"s +
             std::string(100, 'x'))
            .found(Finding::kAnimated));
  const Shown previews = show(with_segment(flag(), '\xe2', "MPF\0II*\0"s) + flag());
  CHECK_FALSE(previews.found(Finding::kPolyglot));
  CHECK(show(flag() + flag()).found(Finding::kPolyglot));
}

TEST_CASE("jpeg: a flood of declared pixels is refused before it is allocated") {
  std::string file = flag();
  const std::size_t frame = file.find("\xff\xc0");
  REQUIRE(frame != std::string::npos);
  file.replace(frame + 5, 4, be(65500, 2) + be(65500, 2));
  CHECK(show(file).refusal == Finding::kLimitPixels);
}

TEST_CASE("jpeg: thousands of scans are refused, tens are read") {
  const std::string file = flag({64, 48, JCS_RGB, true});
  const std::size_t scan = file.rfind("\xff\xda");
  const std::string last = file.substr(scan, file.size() - 2 - scan);
  const auto repeated = [&](int times) {
    std::string out = file.substr(0, scan);
    for (int i = 0; i < times; ++i) out += last;
    return out + "\xff\xd9";
  };
  CHECK(show(repeated(20)).pages.size() == 1);
  CHECK(show(repeated(2000)).refusal == Finding::kLimitTime);
}

TEST_CASE("jpeg: no marker to the end, once read past it") {
  CHECK(show("\xff\xd8\xff\xe0\0\x04xyzzzzzzzzzz"s).refusal == Finding::kDamagedPart);
  CHECK(show(flag() + "\xff").pages.size() == 1);
}

TEST_CASE("jpeg: 12 bits are not read") {
  std::string file = flag();
  file[file.find("\xff\xc0") + 4] = 12;
  CHECK(show(file).refusal == Finding::kUnsupportedType);
}

TEST_CASE("picture: one white pixel a page when no pixels are asked for") {
  const Shown shown = show(flag(), kiyome::clean::JobOptions{});
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.pages[0].octets == "\xff");
}

TEST_CASE("picture: what is no picture of ours is refused") {
  CHECK(show("").refusal == Finding::kUnsupportedType);
  CHECK(show("\0\0\0\x18"
             "ftypheic\0\0\0\0mif1heic"s)
            .refusal == Finding::kUnsupportedType);
  CHECK(show("GIF8").refusal == Finding::kUnsupportedType);
}
