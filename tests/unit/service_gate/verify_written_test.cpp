// What the writers of service/compose/document write, the verifier takes: two programs of one grammar that
// share no code.
#include <doctest/doctest.h>

#include <string>

#include "service/compose/document/png_writer.h"
#include "service/compose/document/zip_writer.h"
#include "service/gate/verify.h"
#include "tests/unit/service_compose_document/pages.h"

using namespace kiyome;
using namespace kiyome::compose;

namespace {

std::string told(const std::optional<gate::Violation>& violation) {
  return violation ? "offset " + std::to_string(violation->offset) + ": " + violation->reason : "ok";
}
std::string pdf(const std::vector<PageAndWords>& pages, const PdfOptions& options = {}) {
  return told(gate::verify_pdf(write_pdf(pages, options).octets));
}

constexpr clean::PixelFormat kGray = clean::PixelFormat::gray8, kColour = clean::PixelFormat::rgb24;

TestPage strokes(clean::PixelFormat format, const std::vector<std::uint32_t>& colours) {
  TestPage page = white_page(200, 130, format);
  draw_strokes(page, colours);
  return page;
}
TestPage photograph(clean::PixelFormat format, std::uint32_t width, std::uint32_t height) {
  TestPage page = white_page(width, height, format);
  page.photograph(0, 0, width, height);
  return page;
}
TestPage both(clean::PixelFormat format) {
  TestPage page = strokes(format, {0, 0x404040});
  page.photograph(48, 40, 96, 64);
  return page;
}

}  // namespace

TEST_CASE("written: pages of every kind of pixels are clean PDFs and clean PNGs") {
  std::vector<std::uint32_t> many;
  for (std::uint32_t i = 0; i < 200; ++i) many.push_back(i * 0x10305);
  std::vector<PageAndWords> all;
  for (const auto format : {kGray, kColour}) {
    for (const TestPage& page : {white_page(1, 1, format), white_page(33, 7, format), strokes(format, {0}),
                                 strokes(format, {0, 0xFF0000, 0x00FF00}), strokes(format, many),
                                 photograph(format, 161, 97), photograph(format, 8, 8), both(format)}) {
      CHECK(pdf({{page, {}}}) == "ok");
      CHECK(told(gate::verify_png(clean_png(page.page, page.pixels))) == "ok");
      all.push_back({page, {}});
      all.push_back({page, {}});
    }
  }
  CHECK(pdf(all) == "ok");
  PdfOptions compact;
  compact.compact = true;
  CHECK(pdf(all, compact) == "ok");
  for (const PageAndWords& one : all) CHECK(pdf({one}, compact) == "ok");
}

TEST_CASE("written: words of every kind are shown as the verifier wants them") {
  const TestPage page = strokes(kGray, {0});
  clean::Words words;
  for (const char* text : {"Hello", "世界", "𠮷野家", "😀",
                           "a\xC2\xA0"
                           "b",
                           "がぎ", "神", "\xEE\x80\x80", "क्‍ष"})
    words.words.push_back(word(1000, 1000, 150000, 100000, text, clean::After::space));
  words.words.push_back(word(0, 0, 200000, 130000, std::string(4096, 'x'), clean::After::space));
  words.words.push_back(word(200000, 130000, 0, 0, "edge"));
  words.words.push_back(word(199999, 0, 1, 130000, "縦書き"));
  words.words.back().vertical = true;
  PdfOptions options;
  options.title = "議事録 𠮷";
  CHECK(pdf({{page, words}, {page, words}}, options) == "ok");
  options.words = false;
  CHECK(pdf({{page, words}}, options) == "ok");
}

TEST_CASE("written: a word that finds no code any more leaves none behind") {
  const auto wide = [](std::uint32_t first, std::uint32_t count) {
    clean::Word word{0, 0, 90000, 9000, false, clean::After::nothing, {}};
    for (std::uint32_t c = first; c < first + count; ++c)
      for (const unsigned octet :
           {0xF0u | c >> 18, 0x80u | (c >> 12 & 63), 0x80u | (c >> 6 & 63), 0x80u | (c & 63)})
        word.text += static_cast<char>(octet);
    return word;
  };
  clean::Words words;
  for (std::uint32_t i = 0; i < 7; ++i) words.words.push_back(wide(0x20000 + i * 1000, 1000));  // 6400 codes
  words.words.push_back(wide(0x20000, 5));
  CHECK(pdf({{strokes(kGray, {0}), words}}) == "ok");
}

TEST_CASE("written: a ZIP of clean files is a clean ZIP") {
  const TestPage page = both(kColour);
  StringSink sink;
  ZipWriter writer(sink);
  REQUIRE(writer.add("資料/一.pdf", write_pdf(page).octets));
  REQUIRE(writer.add("資料/図.png", clean_png(page.page, page.pixels)));
  REQUIRE(writer.add("読んでください.txt", "はじめに\r\n"));
  CHECK_FALSE(writer.add("資料/一.PDF", "x"));
  writer.finish();
  CHECK(told(gate::verify_zip(sink.octets())) == "ok");
}
