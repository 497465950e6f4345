// WebP files, written by libwebp and then bent.
#include <webp/encode.h>

#include "tests/unit/sanitizers_image/shown.h"

using namespace kiyome::test;
using namespace std::string_literals;

namespace {

// Pixels of four octets.
std::string webp(int width, int height, const std::string& rgba) {
  std::uint8_t* octets = nullptr;
  const std::size_t size = WebPEncodeLosslessRGBA(reinterpret_cast<const std::uint8_t*>(rgba.data()), width,
                                                  height, width * 4, &octets);
  std::string out(reinterpret_cast<const char*>(octets), size);
  WebPFree(octets);
  return out;
}

std::string chunk(const std::string& name, const std::string& content) {
  return name + le(content.size(), 4) + content + (content.size() % 2 == 1 ? "\0"s : "");
}

std::string riff(const std::string& chunks) { return "RIFF" + le(chunks.size() + 4, 4) + "WEBP" + chunks; }

std::string extended(char flags, unsigned width, unsigned height, const std::string& chunks) {
  return riff(chunk("VP8X", flags + "\0\0\0"s + le(width - 1, 3) + le(height - 1, 3)) + chunks);
}

const std::string kRed = "\xff\0\0\xff"s, kClear = "\0\0\0\0"s, kBlue = "\0\0\xff\xff"s;

}  // namespace

TEST_CASE("webp: pixels, what is see-through is white") {
  const Shown shown = show(webp(3, 1, kRed + kClear + kBlue));
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.document->findings.empty());
  CHECK(shown.pages[0].at(0, 0) == 0xff0000);
  CHECK(shown.pages[0].at(1, 0) == 0xffffff);
  CHECK(shown.pages[0].at(2, 0) == 0x0000ff);
}

TEST_CASE("webp: EXIF is applied and gone") {
  const std::string exif = "MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\3\0\0\0\0\0\0"s;
  const Shown shown = show(extended(8, 2, 1, webp(2, 1, kRed + kBlue).substr(12) + chunk("EXIF", exif)));
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.found(Finding::kMetadataRemoved));
  CHECK(shown.pages[0].at(0, 0) == 0x0000ff);
}

TEST_CASE("webp: the first frame of an animation on its canvas") {
  const std::string frame =
      le(1, 3) + le(0, 3) + le(0, 3) + le(0, 3) + le(100, 3) + '\0';  // at (2, 0), 1 x 1
  const std::string red = chunk("ANMF", frame + webp(1, 1, kRed).substr(12));
  const std::string blue = chunk("ANMF", frame + webp(1, 1, kBlue).substr(12));
  const Shown shown = show(extended(2, 4, 2, chunk("ANIM", std::string(6, '\0')) + red + blue));
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.found(Finding::kAnimated));
  CHECK(shown.pages[0].page.pixel_width == 4);
  CHECK(shown.pages[0].at(2, 0) == 0xff0000);
  CHECK(shown.pages[0].at(1, 0) == 0xffffff);
  CHECK(shown.pages[0].at(2, 1) == 0xffffff);
}

TEST_CASE("webp: a broken file is shown in part or refused") {
  std::string noise;
  for (std::uint64_t i = 0, state = 1; i < 128 * 128; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    noise += le(state >> 40 | 0xff000000u, 4);
  }
  const std::string file = webp(128, 128, noise);
  const Shown half = show(file.substr(0, file.size() / 2));
  REQUIRE(half.pages.size() == 1);
  CHECK(half.pages[0].found(Finding::kPageDamaged));
  CHECK(half.pages[0].at(0, 127) == 0xffffff);
  CHECK(show(file.substr(0, 24)).refusal == Finding::kDamagedPart);
  CHECK(show(file + small_zip()).found(Finding::kPolyglot));
  CHECK_FALSE(show(file).found(Finding::kPolyglot));
}

TEST_CASE("webp: a flood of pixels is refused") {
  const std::string one = webp(1, 1, kRed).substr(12);
  const std::string frame = chunk("ANMF", std::string(16, '\0') + one);
  CHECK(show(extended(2, 16383, 16383, chunk("ANIM", std::string(6, '\0')) + frame)).refusal ==
        Finding::kLimitPixels);
}
