// BMP and ICO files, made by hand.
#include "tests/unit/sanitizers_image/shown.h"

using namespace kiyome::test;
using namespace std::string_literals;

namespace {

struct Header {
  std::int32_t width = 2, height = 2;
  unsigned bits = 24, compression = 0;
  unsigned colours = 0;
  unsigned metre = 0;
};

std::string info(const Header& of) {
  return le(40, 4) + le(static_cast<std::uint32_t>(of.width), 4) +
         le(static_cast<std::uint32_t>(of.height), 4) + le(1, 2) + le(of.bits, 2) + le(of.compression, 4) +
         le(0, 4) + le(of.metre, 4) + le(of.metre, 4) + le(of.colours, 4) + le(0, 4);
}

// `head` is the bitmap's header with all that stands before its rows.
std::string bmp(const std::string& head, const std::string& rows) {
  return "BM" + le(14 + head.size() + rows.size(), 4) + le(0, 4) + le(14 + head.size(), 4) + head + rows;
}

const std::string kRed = "\0\0\xff"s, kGreen = "\0\xff\0"s, kBlue = "\xff\0\0"s, kWhite = "\xff\xff\xff"s;

std::string four_colours() { return kBlue + kWhite + "\0\0"s + kRed + kGreen + "\0\0"s; }

void check_four_colours(const Shown& shown) {
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.pages[0].at(0, 0) == 0xff0000);
  CHECK(shown.pages[0].at(1, 0) == 0x00ff00);
  CHECK(shown.pages[0].at(0, 1) == 0x0000ff);
  CHECK(shown.pages[0].at(1, 1) == 0xffffff);
}

std::string palette() { return kRed + '\0' + kGreen + '\0' + kBlue + '\0' + kWhite + '\0'; }

}  // namespace

TEST_CASE("bmp: 24 bits from the bottom row, from the top row, and of OS/2") {
  check_four_colours(show(bmp(info({}), four_colours())));
  const std::string rows = four_colours();
  check_four_colours(show(bmp(info({2, -2}), rows.substr(8) + rows.substr(0, 8))));
  const std::string core = le(12, 4) + le(2, 2) + le(2, 2) + le(1, 2) + le(24, 2);
  check_four_colours(show(bmp(core, rows)));
}

TEST_CASE("bmp: 1, 4 and 8 bits with a palette; OS/2's has three octets") {
  CHECK(show(bmp(info({2, 1, 1, 0, 2}) + palette().substr(0, 8), "\x40\0\0\0"s)).pages[0].at(1, 0) ==
        0x00ff00);
  check_four_colours(show(bmp(info({2, 2, 4, 0, 4}) + palette(), "\x23\0\0\0\x01\0\0\0"s)));
  check_four_colours(show(bmp(info({2, 2, 8, 0, 4}) + palette(), "\2\3\0\0\0\1\0\0"s)));
  const std::string core = le(12, 4) + le(2, 2) + le(1, 2) + le(1, 2) + le(1, 2) + kRed + kBlue;
  CHECK(show(bmp(core, "\x40\0\0\0"s)).pages[0].at(1, 0) == 0x0000ff);
}

TEST_CASE("bmp: 16 and 32 bits, with and without masks") {
  CHECK(show(bmp(info({1, 1, 16}), le(0x7c00, 2) + "\0\0"s)).pages[0].at(0, 0) == 0xff0000);
  const std::string masks565 = le(0xf800, 4) + le(0x07e0, 4) + le(0x001f, 4);
  CHECK(show(bmp(info({1, 1, 16, 3}) + masks565, le(0x07e0, 2) + "\0\0"s)).pages[0].at(0, 0) == 0x00ff00);
  CHECK(show(bmp(info({1, 1, 32}), le(0x00123456, 4))).pages[0].at(0, 0) == 0x123456);
  const std::string no_masks = le(0, 12);
  CHECK(show(bmp(info({1, 1, 32, 3}) + no_masks, le(0x00123456, 4))).pages[0].at(0, 0) == 0);
}

TEST_CASE("bmp: alpha counts only when somebody uses it") {
  const auto v4 = [](std::uint32_t first, std::uint32_t second) {
    std::string head = le(108, 4) + info({2, 1, 32, 3}).substr(4) + le(0xff0000, 4) + le(0xff00, 4) +
                       le(0xff, 4) + le(0xff000000, 4);
    head.resize(108);
    return bmp(head, le(first, 4) + le(second, 4));
  };
  CHECK(show(v4(0x00123456, 0x00123456)).pages[0].at(0, 0) == 0x123456);
  CHECK(show(v4(0x00123456, 0xff123456)).pages[0].at(0, 0) == 0xffffff);
  CHECK(show(v4(0x00123456, 0xff123456)).pages[0].at(1, 0) == 0x123456);
}

TEST_CASE("bmp: run lengths of 8 and 4 bits, skips, ends of lines") {
  const std::string head8 = info({2, 2, 8, 1, 4}) + palette();
  check_four_colours(show(bmp(head8, "\1\2\1\3\0\0\1\0\1\1\0\1"s)));
  check_four_colours(show(bmp(info({2, 2, 4, 2, 4}) + palette(), "\2\x23\0\0\2\x01\0\1"s)));
  const Shown skipped = show(bmp(head8, "\0\2\1\1\1\3\0\1"s));
  REQUIRE(skipped.pages.size() == 1);
  CHECK(skipped.pages[0].at(1, 0) == 0xffffff);
  CHECK(skipped.pages[0].at(0, 0) == 0xff0000);  // index 0
  const Shown literal = show(bmp(info({3, 1, 8, 1, 4}) + palette(), "\0\3\1\2\3\0\0\1"s));
  CHECK(literal.pages[0].at(2, 0) == 0xffffff);
  // Runs beyond the row and rows beyond the picture go nowhere.
  const Shown beyond = show(bmp(head8, "\xff\1\0\0\xff\2\0\0\xff\3\0\2\xff\xff\1\1\0\1"s));
  REQUIRE(beyond.pages.size() == 1);
  CHECK(beyond.pages[0].at(1, 1) == 0x00ff00);
  CHECK(beyond.pages[0].at(1, 0) == 0x0000ff);
}

TEST_CASE("bmp: a broken file is shown in part, without rows it is refused") {
  const Shown half = show(bmp(info({}), four_colours().substr(0, 8)));
  REQUIRE(half.pages.size() == 1);
  CHECK(half.pages[0].found(Finding::kPageDamaged));
  CHECK(half.pages[0].at(0, 0) == 0xffffff);
  CHECK(half.pages[0].at(0, 1) == 0x0000ff);
  CHECK(show(bmp(info({}), "")).refusal == Finding::kDamagedPart);
  CHECK(show(bmp(info({2, 2, 8, 1, 4}) + palette(), "\1\2\1"s)).pages[0].found(Finding::kPageDamaged));
  CHECK(show(bmp(info({0, 2}), four_colours())).refusal == Finding::kDamagedPart);
  CHECK(show(bmp(info({2, 2, 7}), four_colours())).refusal == Finding::kDamagedPart);
  CHECK(show(bmp(info({2, INT32_MIN}), four_colours())).refusal == Finding::kDamagedPart);
  CHECK(show(bmp(info({2, 2, 24, 4}), four_colours())).refusal == Finding::kUnsupportedType);
}

TEST_CASE("bmp: its density, a flood of pixels, a ZIP behind") {
  CHECK(show(bmp(info({2, 2, 24, 0, 0, 5669}), four_colours())).pages[0].page.width_millipoints == 1000);
  CHECK(show(bmp(info({65500, 65500}), four_colours())).refusal == Finding::kDamagedPart);
  CHECK(show(bmp(info({65500, 65500, 8, 1, 4}) + palette(), "\0\1"s)).refusal == Finding::kLimitPixels);
  CHECK(show(bmp(info({300000, 1, 1}) + palette().substr(0, 8), std::string(37504, 0))).refusal ==
        Finding::kLimitPixels);
  CHECK(show(bmp(info({}), four_colours()) + small_zip()).found(Finding::kPolyglot));
  CHECK_FALSE(show(bmp(info({}), four_colours())).found(Finding::kPolyglot));
}

TEST_CASE("icon: the largest picture, see-through where its mask says") {
  const auto entry = [](unsigned side, std::size_t size, std::size_t at) {
    return le(side, 1) + le(side, 1) + le(0, 2) + le(1, 2) + le(24, 2) + le(size, 4) + le(at, 4);
  };
  const std::string small = info({1, 2}) + kGreen + '\0' + "\0\0\0\0"s;
  // Two rows of colours, then two rows of mask: the upper left pixel is see-through.
  const std::string large = info({2, 4}) + four_colours() + "\0\0\0\0\x80\0\0\0"s;
  const std::size_t at = 6 + 2 * 16;
  const std::string file = "\0\0\1\0\2\0"s + entry(1, small.size(), at) +
                           entry(2, large.size(), at + small.size()) + small + large;
  const Shown shown = show(file);
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.pages[0].page.pixel_width == 2);
  CHECK(shown.pages[0].at(0, 0) == 0xffffff);
  CHECK(shown.pages[0].at(1, 0) == 0x00ff00);
  CHECK(shown.pages[0].at(0, 1) == 0x0000ff);
  CHECK(show("\0\0\1\0\2\0"s + std::string(40, '\0')).refusal == Finding::kUnsupportedType);
}
