// Answers about documents: order and sizes, each refusal beside an answer that passes.
#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"

using namespace kiyome;
using namespace kiyome::clean;

namespace {

struct Heard : DocumentHandler {
  std::string said;
  std::uint64_t octets = 0;
  void document(const Document& document) override { said += "D" + document.title; }
  void page(const Page&) override { said += "P"; }
  void rows(std::string_view rows) override { octets += rows.size(); }
  void words(const Words& words) override {
    for (const Word& word : words.words) said += "W" + word.text;
  }
  void converted(std::string_view octets_of_it) override { octets += octets_of_it.size(); }
};

Page page_of(std::uint32_t width, std::uint32_t height, PixelFormat format = PixelFormat::gray8) {
  return {595000, 842000, width, height, format, {}};
}
Word word_at(std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height) {
  return {x, y, width, height, false, After::space, "字"};
}

bool passes(const std::vector<Message>& messages, Heard* heard = nullptr) {
  Heard own;
  DocumentReader reader(heard ? *heard : own);
  std::string octets;
  for (const Message& message : messages) encode(message, octets);
  for (std::size_t i = 0; i < octets.size(); i += 7)
    if (!reader.feed(std::string_view(octets).substr(i, 7))) return false;
  return reader.complete();
}

}  // namespace

TEST_CASE("document reader: pages with rows and words are handed on in order") {
  Heard heard;
  CHECK(
      passes({Document{2, "題", {}}, page_of(4, 2), Rows{"12345678"}, Words{{word_at(0, 0, 595000, 842000)}},
              page_of(1, 1, PixelFormat::rgb24), Rows{"rgb"}, End{}},
             &heard));
  CHECK(heard.said == "D題PW字P");
  CHECK(heard.octets == 11);
}

TEST_CASE("document reader: rows are exactly the page's pixels") {
  const Document document{1, "", {}};
  CHECK(passes({document, page_of(2, 2), Rows{"ab"}, Rows{"cd"}, End{}}));
  CHECK_FALSE(passes({document, page_of(2, 2), Rows{"abc"}, Rows{"d"}, End{}}));
  CHECK_FALSE(passes({document, page_of(2, 2), Rows{"ab"}, End{}}));
  CHECK_FALSE(passes({document, page_of(2, 2), Rows{"abcd"}, Rows{"ef"}, End{}}));
  CHECK_FALSE(passes({document, Rows{"ab"}, End{}}));
  CHECK_FALSE(passes({Document{2, "", {}}, page_of(2, 2), Rows{"ab"}, page_of(2, 2), Rows{"abcd"}, End{}}));
}

TEST_CASE("document reader: a word lies within its page, behind its last row, once") {
  const Document document{1, "", {}};
  const auto with = [&](const Word& word) {
    return passes({document, page_of(1, 1), Rows{"a"}, Words{{word}}, End{}});
  };
  CHECK(with(word_at(594000, 841000, 1000, 1000)));
  CHECK_FALSE(with(word_at(594001, 0, 1000, 1)));
  CHECK_FALSE(with(word_at(0, 841001, 1, 1000)));
  CHECK_FALSE(with(word_at(0xffffffff, 0, 2, 1)));
  CHECK_FALSE(passes({document, page_of(1, 2), Rows{"a"}, Words{}, Rows{"b"}, End{}}));
  CHECK_FALSE(passes({document, page_of(1, 1), Rows{"a"}, Words{}, Words{}, End{}}));
}

TEST_CASE("document reader: no more pages than were said, and at least one") {
  const auto pages = [](std::uint32_t said, int told) {
    std::vector<Message> messages{Document{said, "", {}}};
    for (int i = 0; i < told; ++i) {
      messages.emplace_back(page_of(1, 1));
      messages.emplace_back(Rows{"a"});
    }
    messages.emplace_back(End{});
    return passes(messages);
  };
  CHECK(pages(3, 3));
  CHECK(pages(3, 2));  // the rest was cut
  CHECK(pages(0, 5));
  CHECK_FALSE(pages(3, 4));
  CHECK_FALSE(pages(3, 0));
}

TEST_CASE("document reader: another form is octets and nothing else") {
  Heard heard;
  const Document document{0, "", {}};
  CHECK(passes({document, Converted{"%PDF"}, Converted{"-1.7"}, End{}}, &heard));
  CHECK(heard.octets == 8);
  CHECK_FALSE(passes({Converted{"%PDF"}, End{}}));
  CHECK_FALSE(passes({document, Converted{"%PDF"}, page_of(1, 1), Rows{"a"}, End{}}));
  CHECK_FALSE(passes({document, page_of(1, 1), Rows{"a"}, Converted{"%PDF"}, End{}}));
  CHECK_FALSE(passes({document, document, Converted{"%PDF"}, End{}}));
}

TEST_CASE("document reader: a refusal may stand anywhere before the end, and only the end follows") {
  Heard heard;
  DocumentReader reader(heard);
  std::string octets;
  for (const Message& message : std::initializer_list<Message>{Document{1, "", {}}, page_of(1, 2), Rows{"a"},
                                                               Refusal{Finding::kEncrypted}, End{}})
    encode(message, octets);
  CHECK(reader.feed(octets));
  CHECK(reader.complete());
  REQUIRE(reader.refusal());
  CHECK(reader.refusal()->finding == Finding::kEncrypted);
  CHECK_FALSE(passes({Document{1, "", {}}, Refusal{Finding::kEncrypted}, page_of(1, 1), End{}}));
  CHECK_FALSE(passes(
      {Document{1, "", {}}, page_of(1, 1), Rows{"a"}, End{}, Afterword{Finding::kAmbiguousStructure}}));
  CHECK_FALSE(passes({MailHeader{}, End{}}));
}

TEST_CASE("codec: a page's size, pixels and words are bounded") {
  const auto accepted = [](const Message& message) {
    std::string octets;
    encode(message, octets);
    return decode(std::string_view(octets).substr(4)).has_value();
  };
  CHECK(accepted(page_of(limits::kPageSide, 1)));
  CHECK_FALSE(accepted(page_of(limits::kPageSide + 1, 1)));
  CHECK_FALSE(accepted(page_of(0, 1)));
  CHECK_FALSE(accepted(page_of(limits::kPageSide, limits::kPageSide)));
  CHECK(accepted(Page{limits::kPageMillipoints, 1, 1, 1, PixelFormat::gray8, {}}));
  CHECK_FALSE(accepted(Page{limits::kPageMillipoints + 1, 1, 1, 1, PixelFormat::gray8, {}}));
  CHECK_FALSE(accepted(Page{1, 1, 1, 1, static_cast<PixelFormat>(3), {}}));
  CHECK(accepted(Rows{std::string(limits::kCleanChunk, 'x')}));
  CHECK_FALSE(accepted(Rows{std::string(limits::kCleanChunk + 1, 'x')}));
  CHECK_FALSE(accepted(Rows{""}));
  CHECK_FALSE(accepted(Words{{Word{0, 0, 1, 1, false, After::nothing, ""}}}));
  CHECK_FALSE(accepted(Words{{Word{0, 0, 1, 1, false, After::nothing, "a\nb"}}}));
  CHECK_FALSE(accepted(Words{{Word{0, 0, 1, 1, false, static_cast<After>(5), "a"}}}));
  CHECK(accepted(Document{limits::kDocumentPages, "題", {Finding::kPagesCut}}));
  CHECK_FALSE(accepted(Document{limits::kDocumentPages + 1, "", {}}));
}
