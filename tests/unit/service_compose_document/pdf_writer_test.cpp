// The file around the pages, and the words on them.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <unistd.h>

#include "proto/base/limits.h"
#include "tests/unit/service_compose_document/pages.h"

using namespace kiyome;
using namespace kiyome::compose;
using clean::After;
using clean::Finding;
using clean::PixelFormat;

namespace {

// Every pixel differs from its neighbour: there is ink everywhere.
TestPage inked_page(std::uint32_t width = 600, std::uint32_t height = 400) {
  TestPage page = white_page(width, height);
  for (std::uint32_t y = 0; y < height; ++y)
    for (std::uint32_t x = y % 2; x < width; x += 2) page.set(x, y, 0);
  return page;
}

Written with_words(std::vector<clean::Word> words, TestPage page = inked_page()) {
  return write_pdf({{std::move(page), clean::Words{std::move(words)}}});
}

std::string text_of(const Written& pdf) {
  const std::string content = content_of_first_page(pdf.octets);
  return content.substr(std::min(content.find("BT\n"), content.size()));
}

std::string to_unicode_of(const Written& pdf) { return inflated(objects_of(pdf.octets)[8].stream); }

bool found(const Written& pdf, Finding finding) {
  return std::find(pdf.findings.begin(), pdf.findings.end(), finding) != pdf.findings.end();
}

bool has_program(const std::string& name) {
  const bool there = std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
  if (!there) MESSAGE("skipped: no " << name << " here");
  return there;
}

// What `command FILE` prints, FILE being the PDF.
struct Ran {
  int status = -1;
  std::string output;
};
Ran run_on(const Written& pdf, const std::string& before, const std::string& behind = "") {
  std::array<char, 32> path{"/tmp/kiyome-pdf-XXXXXX"};
  const int descriptor = mkstemp(path.data());
  REQUIRE(descriptor >= 0);
  close(descriptor);
  std::ofstream(path.data(), std::ios::binary) << pdf.octets;
  Ran ran;
  std::FILE* pipe = popen((before + " " + path.data() + " " + behind).c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> piece{};
  for (std::size_t size = 1; size > 0;) {
    size = std::fread(piece.data(), 1, piece.size(), pipe);
    ran.output.append(piece.data(), size);
  }
  ran.status = pclose(pipe);
  unlink(path.data());
  return ran;
}

// Two lines of Japanese in pieces, one of Latin words, and a vertical one.
clean::Words sample_words() {
  clean::Words words;
  words.words = {word(50000, 40000, 60000, 12000, "吾輩は"),
                 word(110000, 40000, 40000, 12000, "猫で", After::nothing),
                 word(150000, 40000, 60000, 12000, "ある。", After::line_end),
                 word(50000, 60000, 80000, 12000, "𠮷野家で😀", After::line_end),
                 word(50000, 90000, 40000, 12000, "Hello,", After::space),
                 word(94000, 90000, 50000, 12000, "sanitized", After::space),
                 word(150000, 90000, 30000, 12000, "world.", After::paragraph_end)};
  clean::Word vertical = word(500000, 40000, 12000, 60000, "縦書き文");
  vertical.vertical = true;
  words.words.push_back(vertical);
  return words;
}

}  // namespace

TEST_CASE("pdf writer: objects stand in their order, and the cross-reference finds each") {
  TestPage page = white_page(100, 80);
  page.set(5, 5, 0);
  const Written pdf = write_pdf(page);
  CHECK(pdf.bytes == pdf.octets.size());
  CHECK(pdf.pages == 1);
  CHECK(pdf.octets.starts_with("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n4 0 obj\n"));
  CHECK(pdf.octets.ends_with("\n%%EOF\n"));
  std::size_t at = 0;
  for (const std::uint32_t number : {4, 5, 6, 7, 9, 10, 11, 8, 2, 1, 3}) {
    const std::size_t next = pdf.octets.find("\n" + std::to_string(number) + " 0 obj\n", at);
    CHECK(next != std::string::npos);
    at = next;
  }
  CHECK(objects_of(pdf.octets).size() == 11);
  CHECK(objects_of(pdf.octets)[2].content == "<< /Type /Pages /Count 1 /Kids [11 0 R] >>");
  CHECK(objects_of(pdf.octets)[3].content == "<< >>");
  CHECK(objects_of(pdf.octets)[11].content ==
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 80] /Resources << /XObject << /Im0 9 0 R >> >> "
        "/Contents 10 0 R >>");
}

TEST_CASE("pdf writer: the page is as large as it was, to a thousandth of a point") {
  TestPage page = white_page(10, 10);
  page.page.width_millipoints = 595276;
  page.page.height_millipoints = 841890;
  CHECK(find_object(write_pdf(page).octets, "/Type /Page ").content.find("[0 0 595.276 841.89]") !=
        std::string::npos);
}

TEST_CASE("pdf writer: missing rows are white, rows too many are passed over") {
  TestPage page = white_page(100, 80);
  page.fill(0, 0, 100, 40, 0);
  const std::string whole = write_pdf(page).octets;
  TestPage more = page, fewer = page;
  more.pixels += std::string(100000, '\0');
  fewer.pixels.resize(100 * 40);
  CHECK(write_pdf(more).octets == whole);
  CHECK(write_pdf(fewer).octets == whole);
}

TEST_CASE("pdf writer: a page that comes again is written once") {
  TestPage page = white_page(100, 80);
  draw_strokes(page, {0x000000, 0x777777});
  TestPage other = page;
  other.set(50, 41, 0);
  const Written pdf = write_pdf({{page, {}}, {other, {}}, {page, {}}});
  CHECK(images_of(pdf.octets).size() == 2);
  CHECK(pdf.pages == 3);
  std::size_t showing = 0;
  for (const auto& [number, object] : objects_of(pdf.octets))
    showing += object.content.find("/Im0 9 0 R") != std::string::npos;
  CHECK(showing == 2);
}

TEST_CASE("pdf writer: buffers of a larger page leave nothing on a smaller one") {
  TestPage large = white_page(300, 200, PixelFormat::rgb24), small = white_page(31, 17);
  large.photograph(0, 0, 300, 200);
  small.set(3, 4, 0);
  const Written pdf = write_pdf({{large, {}}, {small, {}}});
  REQUIRE(images_of(pdf.octets).size() == 2);
  CHECK(images_of(pdf.octets)[1].content == images_of(write_pdf(small).octets)[0].content);
  CHECK(images_of(pdf.octets)[1].stream == images_of(write_pdf(small).octets)[0].stream);
}

TEST_CASE("pdf writer: the title is a clean line in UTF-16") {
  PdfOptions options;
  options.title = "議事録 𠮷\n2\u202E";
  const Written pdf = write_pdf({{white_page(10, 10), {}}}, options);
  CHECK(objects_of(pdf.octets)[3].content == "<< /Title <FEFF8B704E8B93320020D842DFB700200032> >>");
  CHECK(found(pdf, Finding::kForbiddenCharacter));
}

TEST_CASE("pdf writer: a long title is cut between characters") {
  PdfOptions options;
  for (std::size_t i = 0; i < limits::kCleanTitle; ++i) options.title += "漢";
  const Written pdf = write_pdf({{white_page(10, 10), {}}}, options);
  const std::string information = objects_of(pdf.octets)[3].content;
  CHECK(information.size() == std::string_view("<< /Title <FEFF> >>").size() + limits::kCleanTitle / 3 * 4);
  options.title = std::string(limits::kCleanTitle, 'a');
  const Written exact = write_pdf({{white_page(10, 10), {}}}, options);
  CHECK(objects_of(exact.octets)[3].content.size() ==
        std::string_view("<< /Title <FEFF> >>").size() + limits::kCleanTitle * 4);
}

TEST_CASE("pdf writer: a word is invisible text over its box") {
  const Written pdf = with_words({word(100000, 50000, 40000, 10000, "清めA1")});
  CHECK(text_of(pdf) == "BT\n3 Tr\n/F0 1 Tf\n10 0 0 7.5 100 342 Tm\n<6E05308100410031> Tj\nET\n");
  CHECK(find_object(pdf.octets, "/Type /Page ").content.find("/Font << /F0 4 0 R >> >> /Contents") !=
        std::string::npos);
}

TEST_CASE("pdf writer: a vertical word runs downwards") {
  clean::Word vertical = word(100000, 50000, 10000, 40000, "縦書きで");
  vertical.vertical = true;
  CHECK(text_of(with_words({vertical})) ==
        "BT\n3 Tr\n/F0 1 Tf\n0 -10 7.5 0 102 350 Tm\n<7E2666F8304D3067> Tj\nET\n");
}

TEST_CASE("pdf writer: a blank between words fills the gap; no other is made") {
  const Written pdf =
      with_words({word(0, 0, 20000, 10000, "ab", After::space), word(27000, 0, 10000, 10000, "c")});
  CHECK(text_of(pdf) ==
        "BT\n3 Tr\n/F0 1 Tf\n9 0 0 7.5 0 392 Tm\n<006100620020> Tj\n10 0 0 7.5 27 392 Tm\n<0063> Tj\nET\n");
  const Written next_line =
      with_words({word(0, 0, 20000, 10000, "ab", After::space), word(0, 12000, 9000, 10000, "c")});
  CHECK(text_of(next_line).find("<006100620020> Tj") != std::string::npos);
  const Written joined = with_words({word(0, 0, 20000, 10000, "漢字"), word(20000, 0, 20000, 10000, "かな")});
  CHECK(text_of(joined).find("0020") == std::string::npos);
}

TEST_CASE("pdf writer: characters beyond the basic plane get codes of their own, each once") {
  const Written pdf = with_words({word(0, 0, 30000, 10000, "𠮷😀𠮷"), word(0, 20000, 30000, 10000, "😀")});
  CHECK(text_of(pdf).find("<E000E001E000> Tj") != std::string::npos);
  CHECK(text_of(pdf).find("<E001> Tj") != std::string::npos);
  const std::string cmap = to_unicode_of(pdf);
  CHECK(cmap.find("2 beginbfchar\n<E000> <D842DFB7>\n<E001> <D83DDE00>\nendbfchar\nendcmap\n") !=
        std::string::npos);
  CHECK(cmap.find("100 beginbfrange\n<0000> <00FF> <0000>\n") != std::string::npos);
  CHECK(cmap.find("23 beginbfrange\n") != std::string::npos);
  CHECK(cmap.find("<D700> <D7FF> <D700>\n<F900> <F9FF> <F900>\n") != std::string::npos);
}

TEST_CASE("pdf writer: after 6400 such characters words with new ones are left out") {
  std::vector<clean::Word> words;
  for (std::uint32_t i = 0; i < 6402; ++i) {
    std::string text = "\xF0\xA0\x80\x80";  // U+20000
    text[3] = static_cast<char>(0x80 + i % 64);
    text[2] = static_cast<char>(0x80 + i / 64 % 64);
    text[1] = static_cast<char>(0xA0 + i / 4096);
    words.push_back(word(i % 500 * 1000, i / 500 * 10000, 1000, 10000, text));
  }
  const Written pdf = with_words(words);
  const std::string text = text_of(pdf);
  CHECK(std::count(text.begin(), text.end(), '<') == 6400);
  CHECK(text.find("<F8FF> Tj") != std::string::npos);
}

TEST_CASE("pdf writer: a word over nothing but background is left out, also over a coloured one") {
  TestPage page = white_page(600, 400, PixelFormat::rgb24);
  page.fill(100, 100, 200, 100, 0xFFE0C0);
  page.fill(120, 120, 2, 8, 0x202020);
  const Written pdf =
      with_words({word(10000, 10000, 50000, 10000, "hidden"), word(150000, 120000, 50000, 10000, "hidden"),
                  word(115000, 118000, 50000, 10000, "seen")},
                 page);
  CHECK(text_of(pdf).find("<007300650065006E> Tj") != std::string::npos);
  CHECK(text_of(pdf).find("0068") == std::string::npos);
}

TEST_CASE("pdf writer: what is looked at under words does not grow with their number") {
  TestPage page = white_page(600, 400);
  page.set(599, 399, 0);  // the last pixel that is looked at
  const std::vector<clean::Word> words(1000, word(0, 0, 600000, 400000, "a"));
  const std::string text = text_of(with_words(words, page));
  std::uint64_t shown = 0;
  for (std::size_t at = text.find("Tj"); at != std::string::npos; at = text.find("Tj", at + 1)) ++shown;
  CHECK(shown == limits::kInkLooks);
}

TEST_CASE("pdf writer: a page of one pixel keeps its words, for there is nothing to see") {
  TestPage page = white_page(1, 1);
  page.page.width_millipoints = page.page.height_millipoints = 500000;
  CHECK(text_of(with_words({word(0, 0, 50000, 10000, "text")}, page)).find("<0074006500780074> Tj") !=
        std::string::npos);
}

TEST_CASE("pdf writer: forbidden characters and gaiji stay out of the words, the rest of them stays") {
  const Written pdf =
      with_words({word(0, 0, 50000, 10000, "a\u202Eb\uE000c"), word(0, 50000, 50000, 10000, "\u200B"),
                  word(0, 90000, 50000, 10000, "\U000F0000")});
  CHECK(text_of(pdf).find("<006100620063> Tj") != std::string::npos);
  CHECK(text_of(pdf).find("Tj", text_of(pdf).find("Tj") + 1) == std::string::npos);
  CHECK(found(pdf, Finding::kForbiddenCharacter));
  const Written clean = with_words({word(0, 0, 50000, 10000, "abc")});
  CHECK(clean.findings.empty());
}

TEST_CASE("pdf writer: boxes at the edges of the page and without size stay within it") {
  TestPage page = white_page(1, 1);
  page.page.width_millipoints = 600000;
  page.page.height_millipoints = 400000;
  const Written pdf = with_words(
      {word(599999, 399999, 1, 1, "x"), word(0, 0, 0, 0, "y"), word(0, 0, 600000, 400000, "z")}, page);
  CHECK(text_of(pdf) ==
        "BT\n3 Tr\n/F0 1 Tf\n0.001 0 0 0.001 599.999 0 Tm\n<0078> Tj\n0.001 0 0 0.001 0 400 Tm\n<0079> Tj\n"
        "600 0 0 300 0 80 Tm\n<007A> Tj\nET\n");
}

TEST_CASE("pdf writer: without words in the options none are written") {
  PdfOptions options;
  options.words = false;
  const Written pdf = write_pdf({{inked_page(), sample_words()}}, options);
  CHECK(text_of(pdf).empty());
}

TEST_CASE("pdf writer: qpdf finds no fault") {
  if (!has_program("qpdf")) return;
  TestPage page = inked_page();
  page.photograph(200, 200, 160, 128);
  const Ran ran =
      run_on(write_pdf({{page, sample_words()}, {white_page(30, 40), {}}}), "qpdf --check", "2>&1");
  CHECK(ran.status == 0);
  CHECK(ran.output.find("WARNING") == std::string::npos);
}

TEST_CASE("pdf writer: readers give the words back as they were") {
  const Written pdf = write_pdf({{inked_page(), sample_words()}});
  if (has_program("pdftotext")) {
    const std::string text = run_on(pdf, "pdftotext -raw -enc UTF-8", "- 2>/dev/null").output;
    CHECK(text == "吾輩は猫である。\n𠮷野家で😀\nHello, sanitized world.\n縦書き文\n\f");
  }
  if (has_program("mutool")) {
    const std::string text = run_on(pdf, "mutool draw -F txt", "2>/dev/null").output;
    for (const std::string line :
         {"吾輩は猫である。\n", "𠮷野家で😀\n", "Hello, sanitized world.\n", "縦書き文\n"})
      CHECK(("\n" + text).find("\n" + line) != std::string::npos);
  }
}
