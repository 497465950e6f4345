// Pages of a conquered sandbox on their way into files.
#include "service/document/pages.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "service/gate/verify.h"

using namespace kiyome;
using namespace kiyome::document;

namespace {

std::string page_of(std::uint32_t side, char shade) {
  clean::Page page;
  page.width_millipoints = page.height_millipoints = 100000;
  page.pixel_width = page.pixel_height = side;
  std::string out;
  clean::encode(page, out);
  std::string pixels;
  for (std::uint32_t i = 0; i < side * side; ++i) pixels += static_cast<char>(shade + i * i % 97);
  clean::encode(clean::Rows{pixels}, out);
  return out;
}

std::string words_of(const std::string& text, clean::After after = clean::After::nothing) {
  clean::Word word;
  word.width = word.height = 1000;
  word.after = after;
  word.text = text;
  std::string out;
  clean::encode(clean::Words{{word}}, out);
  return out;
}

std::string answer_of(const std::string& messages) {
  std::string out;
  clean::encode(clean::Document{}, out);
  out += messages;
  clean::encode(clean::End{}, out);
  return out;
}

// The files of an answer that is one.
std::vector<compose::CleanFile> files_of(PageSink& sink, const std::string& answer) {
  clean::DocumentReader reader(sink);
  const bool fed = reader.feed(answer).has_value();  // may throw what the sink throws
  REQUIRE(fed);
  REQUIRE(reader.complete());
  return sink.finish("名前");
}

}  // namespace

TEST_CASE("pages: each form makes files of pages") {
  const std::string answer = answer_of(page_of(20, 1) + words_of("一") + page_of(20, 2) + words_of("二"));
  const auto pdf = files_of(*pdf_pages({true, "題"}, limits::kItemWritten), answer);
  REQUIRE(pdf.size() == 1);
  CHECK(pdf[0].pages == 2);
  CHECK_FALSE(gate::verify_pdf(pdf[0].octets));
  const auto text = files_of(*text_pages(limits::kItemWritten), answer);
  REQUIRE(text.size() == 1);
  CHECK(text[0].octets == "一\n\n二\n");
  CHECK(files_of(*picture_pages(limits::kItemWritten), answer).size() == 2);
}

TEST_CASE("pages: another form where pages were asked for makes no file, and ends no process") {
  std::string converted;
  clean::encode(clean::Converted{"%PDF"}, converted);
  CHECK(files_of(*pdf_pages({true, ""}, limits::kItemWritten), answer_of(converted)).empty());
  CHECK(files_of(*text_pages(limits::kItemWritten), answer_of(converted)).empty());
  CHECK(files_of(*picture_pages(limits::kItemWritten), answer_of(converted)).empty());
}

TEST_CASE("pages: a text without words, or with blanks only, is none") {
  const std::string answer = answer_of(page_of(1, 1) + words_of(" ") + page_of(1, 1));
  CHECK(files_of(*text_pages(limits::kItemWritten), answer).empty());
}

TEST_CASE("pages: files end where their room does") {
  std::string pages;
  for (char i = 0; i < 60; ++i) pages += page_of(64, i) + words_of(std::string(200, 'a'));
  const std::string answer = answer_of(pages);
  constexpr std::uint64_t kRoom = 10000;
  CHECK_THROWS_AS(files_of(*pdf_pages({true, ""}, kRoom), answer), TooLarge);
  CHECK_THROWS_AS(files_of(*text_pages(kRoom), answer), TooLarge);
  CHECK_THROWS_AS(files_of(*picture_pages(kRoom), answer), TooLarge);
}
