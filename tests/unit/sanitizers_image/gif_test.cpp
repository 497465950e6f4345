// GIF files, made by hand: codes of a fixed size with a clear code before the table grows.
#include "tests/unit/sanitizers_image/shown.h"

using namespace kiyome::test;
using namespace std::string_literals;

namespace {

// Indices below 4 as codes of 3 bits in sub-blocks.
std::string codes(const std::string& indices, bool end = true) {
  std::string bits;
  const auto put = [&](unsigned code) {
    for (unsigned i = 0; i < 3; ++i) bits += static_cast<char>(code >> i & 1);
  };
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (i % 2 == 0) put(4);
    put(static_cast<unsigned char>(indices[i]));
  }
  if (end) put(5);
  std::string octets;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (i % 8 == 0) octets += '\0';
    octets.back() = static_cast<char>(octets.back() | bits[i] << (i % 8));
  }
  std::string out = "\2";
  for (std::size_t at = 0; at < octets.size(); at += 255) {
    const std::string block = octets.substr(at, 255);
    out += static_cast<char>(block.size()) + block;
  }
  return out + '\0';
}

const std::string kPalette = "\xff\0\0\0\xff\0\0\0\xff\0\0\0"s;  // red, green, blue, black

std::string screen(unsigned width, unsigned height) {
  return "GIF89a" + le(width, 2) + le(height, 2) + "\x81\0\0"s + kPalette;
}

std::string frame(unsigned left, unsigned top, unsigned width, unsigned height, const std::string& data,
                  bool interlaced = false) {
  return "," + le(left, 2) + le(top, 2) + le(width, 2) + le(height, 2) + (interlaced ? "\x40"s : "\0"s) +
         data;
}

}  // namespace

TEST_CASE("gif: indices, palette, nothing to tell") {
  const Shown shown = show(screen(2, 2) + frame(0, 0, 2, 2, codes("\0\1\2\3"s)) + ";");
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.document->findings.empty());
  CHECK(shown.pages[0].at(0, 0) == 0xff0000);
  CHECK(shown.pages[0].at(1, 0) == 0x00ff00);
  CHECK(shown.pages[0].at(0, 1) == 0x0000ff);
  CHECK(shown.pages[0].at(1, 1) == 0x000000);
}

TEST_CASE("gif: strings of the table, the one being made included") {
  // clear, 0, 6 (being made: 0 0), 7 (being made: 0 0 0), end; the codes grow to 4 bits behind 7.
  const unsigned bits = 4u | 0u << 3 | 6u << 6 | 7u << 9 | 5u << 12;
  std::string file = screen(6, 1) + frame(0, 0, 6, 1, "\2\2" + le(bits, 2) + '\0') + ";";
  const Shown shown = show(file);
  REQUIRE(shown.pages.size() == 1);
  CHECK_FALSE(shown.pages[0].found(Finding::kPageDamaged));
  for (std::size_t x = 0; x < 6; ++x) CHECK(shown.pages[0].at(x, 0) == 0xff0000);
}

TEST_CASE("gif: interlaced rows stand where they belong") {
  // Eight rows; stored order is 0 4 2 6 1 3 5 7.
  const std::string stored = "\0\1\2\2\3\3\3\3"s;
  const Shown shown = show(screen(1, 8) + frame(0, 0, 1, 8, codes(stored), true) + ";");
  REQUIRE(shown.pages.size() == 1);
  const std::uint32_t expected[] = {0xff0000, 0, 0x0000ff, 0, 0x00ff00, 0, 0x0000ff, 0};
  for (std::size_t y = 0; y < 8; ++y) CHECK(shown.pages[0].at(0, y) == expected[y]);
}

TEST_CASE("gif: what is see-through or outside the frame is white") {
  const std::string control = "!\xf9\4\1\0\0\1\0"s;  // index 1 is not drawn
  const Shown shown = show(screen(3, 2) + control + frame(1, 1, 2, 1, codes("\0\1"s)) + ";");
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.pages[0].at(0, 0) == 0xffffff);
  CHECK(shown.pages[0].at(1, 1) == 0xff0000);
  CHECK(shown.pages[0].at(2, 1) == 0xffffff);
}

TEST_CASE("gif: the first frame of an animation, and what comes behind") {
  const std::string one = screen(1, 1) + frame(0, 0, 1, 1, codes("\0"s));
  const std::string two = frame(0, 0, 1, 1, codes("\1"s));
  const Shown shown = show(one + two + ";");
  CHECK(shown.found(Finding::kAnimated));
  CHECK(shown.pages[0].at(0, 0) == 0xff0000);
  CHECK_FALSE(show(one + ";").found(Finding::kAnimated));
  CHECK(show(one + "!\xfe\3abc\0;"s).found(Finding::kMetadataRemoved));
  CHECK(show(one + ";" + small_zip()).found(Finding::kPolyglot));
  CHECK_FALSE(show(one + ";\0\0\0"s).found(Finding::kPolyglot));
}

TEST_CASE("gif: a screen that is too small grows to its frame") {
  const Shown shown = show(screen(0, 0) + frame(0, 0, 2, 1, codes("\0\1"s)) + ";");
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.pages[0].page.pixel_width == 2);
}

TEST_CASE("gif: a broken frame is shown in part, an empty one is refused") {
  const std::string some = codes("\0\1"s, false);
  const Shown shown = show(screen(1, 8) + frame(0, 0, 1, 8, some));
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.pages[0].found(Finding::kPageDamaged));
  CHECK(shown.pages[0].at(0, 1) == 0x00ff00);
  CHECK(shown.pages[0].at(0, 7) == 0xffffff);
  CHECK(show(screen(1, 4) + frame(0, 0, 1, 4, "")).refusal == Finding::kDamagedPart);
  CHECK(show(screen(1, 4) + frame(0, 0, 0, 4, some)).refusal == Finding::kDamagedPart);
  CHECK(show(screen(1, 4) + ";").refusal == Finding::kDamagedPart);
  CHECK(show(screen(1, 4) + frame(0, 0, 1, 4, "\x0c" + some.substr(1))).refusal == Finding::kDamagedPart);
}

TEST_CASE("gif: a flood of pixels is refused") {
  const std::string one = frame(0, 0, 1, 1, codes("\0"s));
  CHECK(show(screen(65535, 65535) + one).refusal == Finding::kLimitPixels);
  CHECK(show(screen(0, 0) + frame(65535, 65535, 1, 1, codes("\0"s))).refusal == Finding::kLimitPixels);
  CHECK(show(screen(2000, 2000) + one).pages.size() == 1);
}
