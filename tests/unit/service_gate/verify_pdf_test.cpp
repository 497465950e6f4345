// Clean PDF (compose/PDF.md): each refusal stands beside its accepting twin.
#include "service/gate/verify.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/base/limits.h"
#include "tests/unit/service_gate/pdf_sample.h"

using namespace kiyome;
using namespace kiyome::pdf_sample;
using namespace std::string_literals;

namespace {

std::string verdict(const std::string& pdf) {
  const auto violation = gate::verify_pdf(pdf);
  if (violation) CHECK(violation->offset <= pdf.size());
  return violation ? "offset " + std::to_string(violation->offset) + ": " + violation->reason : "ok";
}
std::string verdict(const Pdf& pdf) { return verdict(pdf.pdf()); }
std::string verdict(const Page& page) { return verdict(with_page(page)); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

std::string content(const std::string& lines) {
  Page page = Page::words();
  page.content = lines;
  return verdict(page);
}
std::string matrix(const std::string& numbers) {
  Page page = Page::picture(flate_image(1, 1, "/DeviceGray", 8, "x"));
  page.content = drawn(0, numbers);
  return verdict(page);
}
std::string word(const std::string& lines) { return verdict(Page::words(lines)); }
std::string codes(const std::string& hex) { return word("1 0 0 1 0 0 Tm\n<" + hex + "> Tj\n"); }
std::string picture(const std::string& object) { return verdict(Page::picture(object)); }

}  // namespace

TEST_CASE("verify PDF: a page of each kind is clean") {
  CHECK(verdict(Page::blank()) == "ok");
  CHECK(verdict(Page::words()) == "ok");
  CHECK(picture(flate_image(1, 1, "/DeviceGray", 8, "x")) == "ok");
  CHECK(verdict(everything()) == "ok");
  CHECK(!gate::verify_file(everything().pdf()));
  CHECK(verdict(Pdf()) != "ok");  // no page at all
  CHECK(verdict("") == "offset 0: not the begin of a clean PDF");
}

// Where an octet may be another one, and the PDF is another clean one.
namespace {

bool is_free(const std::string& pdf, std::size_t at) {
  const auto between = [&](const std::string& front, const std::string& back) {
    for (std::size_t from = pdf.find(front); from != std::string::npos; from = pdf.find(front, from + 1)) {
      const std::size_t begin = from + front.size(), end = pdf.find(back, begin);
      if (at >= begin && at < end) return true;
    }
    return false;
  };
  return between("/DCTDecode", "endstream") ||
         between(" /Rows 2 >> /Length 5 >>\nstream\n", "\nendstream") ||  // other pixels
         between("/DeviceRGB 2 <", ">") || between("/DeviceRGB 255 <", ">") || between("<FEFF", ">") ||
         between("8 0 obj", "endstream") ||  // deflate knows many ways
         between("/MediaBox [", "]") || between("/XObject <<", ">>") ||
         pdf.substr(at + 5, 10) == "\nendstream";  // the bits behind the last code
}

}  // namespace

TEST_CASE("verify PDF: no octet can be another one") {
  const std::string pdf = everything().pdf();
  REQUIRE(verdict(pdf) == "ok");
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < pdf.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string altered = pdf;
      altered[at] = static_cast<char>(altered[at] ^ (1 << bit));
      if (gate::verify_pdf(altered)) continue;
      ++accepted;
      CHECK_MESSAGE(is_free(pdf, at), "bit " << bit << " at " << at << " after " << pdf.substr(at - 30, 30));
    }
    std::string shorter = pdf, longer = pdf;
    shorter.erase(at, 1);
    CHECK_MESSAGE(gate::verify_pdf(shorter), at);
    for (const char c : {'\n', ' ', '0', '\0', '%', '\r'}) {
      longer = pdf;
      longer.insert(at, 1, c);
      CHECK_MESSAGE(gate::verify_pdf(longer), at);
    }
  }
  MESSAGE(accepted << " of " << pdf.size() * 8 << " bits are free");
}

TEST_CASE("verify PDF: cut off anywhere, and with something behind its end") {
  const std::string pdf = everything().pdf();
  for (std::size_t size = 0; size < pdf.size(); ++size) CHECK(gate::verify_pdf(pdf.substr(0, size)));
  for (const std::string& more : {"\n"s, " "s, "\0"s, "%%EOF\n"s, pdf}) CHECK(verdict(pdf + more) != "ok");
  CHECK(verdict("\n" + pdf) != "ok");
  CHECK(verdict("\xEF\xBB\xBF" + pdf) != "ok");
}

TEST_CASE("verify PDF: objects stand where the order wants them, and no others") {
  const Pdf good = with_page(Page::words());
  const std::string pdf = good.pdf();
  for (const char* from : {"%PDF-1.7\n", "1 0 obj\n<< /Type /Catalog", "/Pages 2 0 R", "/Kids [10 0 R]",
                           "/Count 1", "/Parent 2 0 R", "/Contents 9 0 R", "/F0 4 0 R", "/FontFile2 7 0 R"}) {
    CAPTURE(from);
    for (const char* to : {"", " ", "%x\n", "\r\n", "/AA 9 0 R ", "/OpenAction 9 0 R "})
      CHECK(verdict(replaced(pdf, from, from + ""s + to)) != (*to == '\0' ? "" : "ok"));
  }
  Pdf extra = good;
  extra.before_8 = "11 0 obj\n<< /S /JavaScript /JS (x) >>\nendobj\n";
  CHECK(verdict(extra) != "ok");
  extra = good;
  extra.before_xref = "%\n";
  CHECK(verdict(extra) != "ok");
  extra.before_xref = "4 0 obj\n<< >>\nendobj\n";
  CHECK(verdict(extra) != "ok");
  for (const auto& [number, object] : good.fonts) {
    Pdf other = good;
    other.fonts.erase(number);
    CHECK(verdict(other) != "ok");
    other.fonts[number] = replaced(object, " >>", "  >>");
    CHECK(verdict(other) != "ok");
  }
  Pdf catalog = good;
  catalog.catalog = "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /URI /URI (x) >> >>";
  CHECK(verdict(catalog) != "ok");
}

TEST_CASE("verify PDF: the font file is the one") {
  const std::string pdf = with_page(Page::words()).pdf();
  const std::size_t at = pdf.find("\x00\x01\x00\x00"s);
  REQUIRE(at != std::string::npos);
  std::string other = pdf;
  other[at + 200] ^= 1;
  CHECK(verdict(other) == "offset " + std::to_string(at) + ": not our font file");
  CHECK(verdict(replaced(pdf, "/Length 304 /Length1 304", "/Length 303 /Length1 304")) != "ok");
  CHECK(verdict(replaced(pdf, "/Length 304 /Length1 304", "/Length 304 /Length1 305")) != "ok");
}

TEST_CASE("verify PDF: the tree names the pages in their order") {
  Pdf pdf;
  pdf.pages = {Page::blank(), Page::blank()};
  CHECK(verdict(pdf) == "ok");
  for (const char* kids :
       {"12 0 R 10 0 R", "10 0 R 10 0 R", "10 0 R", "10 0 R 12 0 R 12 0 R", "9 0 R 12 0 R", "10 0 R 2 0 R",
        "10 0 R  12 0 R", "10 0 R 12 0 R ", "010 0 R 12 0 R", "10 0 R 13 0 R", "10 0 R 4294967308 0 R"}) {
    pdf.kids = kids;
    CHECK(verdict(pdf) != "ok");
  }
  pdf.kids = "10 0 R 12 0 R";
  CHECK(verdict(pdf) == "ok");
  CHECK(verdict(replaced(pdf.pdf(), "/Count 2", "/Count 3")) != "ok");
  CHECK(verdict(replaced(pdf.pdf(), "/Count 2", "/Count 02")) != "ok");
}

TEST_CASE("verify PDF: the cross-reference tells where each object stands") {
  const std::string pdf = with_page(Page::words()).pdf();
  const std::size_t xref = pdf.find("xref\n");
  const auto altered = [&](const std::string& from, const std::string& to) {
    return verdict(pdf.substr(0, xref) + replaced(pdf.substr(xref), from, to));
  };
  CHECK(altered("xref\n", "xref\n") == "ok");
  CHECK(altered("xref\n0 11", "xref\n0 12") != "ok");
  CHECK(altered("0 11", "1 11") != "ok");
  CHECK(altered("00000 n \n", "00001 n \n") != "ok");
  CHECK(altered("00000 n \n", "00000 f \n") != "ok");
  CHECK(altered("00000 n \n", "00000 n\r\n") != "ok");
  CHECK(altered("/Size 11", "/Size 12") != "ok");
  CHECK(altered("/Root 1 0 R", "/Root 9 0 R") != "ok");
  CHECK(altered("/Info 3 0 R >>", "/Info 3 0 R /Prev 15 >>") != "ok");
  CHECK(altered("/Info 3 0 R >>", "/Info 3 0 R /Encrypt 9 0 R >>") != "ok");
  CHECK(altered("startxref\n", "startxref\n0") != "ok");
  CHECK(altered("%%EOF\n", "%%EOF") != "ok");
  CHECK(altered("%%EOF\n", "%%EOF\r\n") != "ok");
  for (const int entry : {1, 4, 8, 9, 10}) {  // each offset by one
    std::string moved = pdf;
    moved[xref + 10 + 20 * static_cast<std::size_t>(entry) + 9] ^= 1;
    CHECK(verdict(moved) != "ok");
  }
}

TEST_CASE("verify PDF: a page's size") {
  const auto media = [](const std::string& size) {
    Page page;
    page.media = size;
    return verdict(page);
  };
  for (const char* good : {"1 1", "0.001 0.5", "14400 14400", "595.276 841.89", "10.05 100"})
    CHECK(media(good) == "ok");
  for (const char* bad : {"0 1",
                          "1 0",
                          "14400.001 1",
                          "14401 1",
                          "-1 1",
                          "+1 1",
                          "01 1",
                          "1. 1",
                          ".5 1",
                          "0.50 1",
                          "1.0 1",
                          "0.0005 1",
                          "1e3 1",
                          "1 1 ",
                          " 1 1",
                          "1  1",
                          "1",
                          "1 1 1",
                          "NaN 1",
                          "-0 1",
                          "0.0 1",
                          "00.5 1",
                          "99999999999999999999 1",
                          "18446744073709551617 1",
                          "4294967297 1",
                          "1,5 1",
                          "1 1] /Rotate 90 /X ["})
    CHECK_MESSAGE(media(bad) != "ok", bad);
}

TEST_CASE("verify PDF: resources are what the content shows") {
  Page page = Page::words();
  page.resources = "";
  CHECK(verdict(page) != "ok");
  page = Page::blank();
  page.resources = "/Font << /F0 4 0 R >> ";
  CHECK(verdict(page) != "ok");
  const std::string image_object = flate_image(1, 1, "/DeviceGray", 8, "x");
  page = Page::picture(image_object);
  for (const char* resources :
       {"", "/XObject << >> ", "/XObject << /Im1 9 0 R >> ", "/XObject << /Im0 10 0 R >> ",
        "/XObject << /Im0 8 0 R >> ", "/XObject << /Im0 11 0 R >> ", "/XObject << /Im0 12 0 R >> ",
        "/XObject << /Im0 9 0 R /Im1 9 0 R >> ", "/XObject << /Im0 09 0 R >> ", "/XObject << /Im0 0 0 R >> ",
        "/XObject << /Im0 18446744073709551625 0 R >> ", "/XObject << /Im0 9 1 R >> ",
        "/XObject << /Im0 9 0 R >> /Font << /F0 4 0 R >> "}) {
    page.resources = resources;
    CHECK_MESSAGE(verdict(page) != "ok", resources);
  }
  // An image that its page does not show, behind a blank one and beside another.
  page = Page::blank();
  page.images = {image_object};
  CHECK(verdict(page) != "ok");
  page = Page::picture(image_object);
  page.images.push_back(image_object);
  CHECK(verdict(page) != "ok");
  page.content = drawn(0) + drawn(1);
  page.resources = "/XObject << /Im0 10 0 R /Im1 9 0 R >> ";
  CHECK(verdict(page) == "ok");
  page.resources = "/XObject << /Im0 9 0 R /Im1 9 0 R >> ";
  CHECK(verdict(page) != "ok");
}

TEST_CASE("verify PDF: what one page shows is bounded, however often an image is shown") {
  constexpr unsigned kSide = 6400;  // 40,960,000 pixels
  const unsigned most = static_cast<unsigned>(limits::kPageShown / (kSide * kSide));
  REQUIRE(most == 4);
  Page page;
  page.images = {flate_image(kSide, kSide, "/DeviceGray", 1, std::string(kSide / 8 * kSide, '\0'))};
  std::string names;
  for (unsigned i = 0; i < most; ++i) {
    page.content += drawn(i);
    names += "/Im" + std::to_string(i) + " 9 0 R ";
  }
  page.resources = "/XObject << " + names + ">> ";
  CHECK(verdict(page) == "ok");
  Pdf pdf = with_page(page);
  pdf.pages.push_back(page);  // each page by itself
  pdf.pages[1].images.clear();
  CHECK(verdict(pdf) == "ok");
  page.content += drawn(most);
  page.resources = "/XObject << " + names + "/Im" + std::to_string(most) + " 9 0 R >> ";
  CHECK(verdict(page) != "ok");
}

TEST_CASE("verify PDF: a page shows images of earlier pages, never of later ones") {
  Pdf pdf;
  const std::string image_object = flate_image(1, 1, "/DeviceGray", 8, "x");
  Page again = Page::picture(image_object);
  again.images.clear();
  pdf.pages = {Page::picture(image_object), again};
  CHECK(verdict(pdf) == "ok");
  for (const char* number : {"10", "11", "12", "13", "4"}) {
    pdf.pages[1].resources = "/XObject << /Im0 "s + number + " 0 R >> ";
    CHECK(verdict(pdf) != "ok");
  }
  pdf.pages = {Page::picture(image_object), Page::picture(image_object)};
  pdf.pages[0].resources = "/XObject << /Im0 12 0 R >> ";
  pdf.pages[0].images.clear();
  CHECK(verdict(pdf) != "ok");
}

TEST_CASE("verify PDF: images stand within the page") {
  for (const char* good : {"595 0 0 842 0 0", "1 0 0 1 594 841", "0.001 0 0 0.001 594.999 841.999",
                           "595.999 0 0 842.999 0 -0.999", "595 0 0 842 0.999 0"})
    CHECK(matrix(good) == "ok");
  for (const char* bad :
       {"595 0 0 842 1 0",  "595 0 0 842 0 0.001", "596 0 0 842 0 0",        "595 0 0 843 0 0",
        "595 0 0 843 0 -1", "595 0 0 0.5 0 -0.6",  "595 0 0 843.1 0 -0.999", "0 0 0 1 0 0",
        "1 0 0 0 0 0",      "-1 0 0 1 1 0",        "1 0 0 1 -1 0",           "1 0.1 0 1 0 0",
        "1 0 0.1 1 0 0",    "1 0 0 1 0",           "1 0 0 1 0 0 0",          "1  0 0 1 0 0",
        " 1 0 0 1 0 0",     "1.0 0 0 1 0 0",       "1 0 0 1 00 0",           "1 0 0 1 0. 0",
        "1 0 0 1 0 -0",     "1 0 0 1 595.001 0",   "4294968 0 0 1 0 0",      "1\t0 0 1 0 0"})
    CHECK_MESSAGE(matrix(bad) != "ok", bad);
}

TEST_CASE("verify PDF: content is images, then words, and no other operator") {
  CHECK(content(text(kWord)) == "ok");
  CHECK(content(text(kWord + kWord)) == "ok");
  CHECK(content("") != "ok");  // the page has a font
  for (const std::string& bad : {text(""),
                                 text(kWord) + text(kWord),
                                 text(kWord) + "\n",
                                 text(kWord) + " ",
                                 "\n" + text(kWord),
                                 "q\nQ\n"s,
                                 text(kWord) + drawn(0),
                                 text("10 0 0 1 0 0 Tm\n"),
                                 text("<0041> Tj\n"),
                                 text(kWord + "<0041> Tj\n"),
                                 replaced(text(kWord), "3 Tr", "0 Tr"),
                                 replaced(text(kWord), "1 Tf", "2 Tf"),
                                 replaced(text(kWord), "/F0", "/F1"),
                                 replaced(text(kWord), "BT\n", "BT\r\n"),
                                 replaced(text(kWord), "3 Tr\n", "3 Tr\n%\n"),
                                 text(kWord).substr(0, text(kWord).size() - 1),
                                 text(kWord + "(x) '\n"),
                                 "1 0 0 RG\n" + text(kWord),
                                 "BI\nID\nEI\n" + text(kWord),
                                 "/Im0 Do\n" + text(kWord),
                                 text(kWord) + "/S sh\n",
                                 text(kWord) + std::string(200000, ' ')})
    CHECK_MESSAGE(content(bad) != "ok", bad.substr(0, 200));
  Page page = Page::picture(flate_image(1, 1, "/DeviceGray", 8, "x"));
  for (const std::string& bad : {drawn(1), drawn(0) + drawn(0), "q\n"s + drawn(0) + "Q\n", drawn(0) + "q\n",
                                 replaced(drawn(0), "Q\n", ""), replaced(drawn(0), "Im0", "Im00"), ""s}) {
    page.content = bad;
    CHECK_MESSAGE(verdict(page) != "ok", bad);
  }
}

TEST_CASE("verify PDF: words stand on the page, both ways of writing") {
  const auto place = [](const std::string& numbers) { return word(numbers + " Tm\n<0041> Tj\n"); };
  for (const char* good :
       {"1 0 0 1 0 0", "0.001 0 0 14400 595 842", "0 -1 1 0 0 842", "0 -0.5 12.25 0 595 0"})
    CHECK_MESSAGE(place(good) == "ok", good);
  for (const char* bad :
       {"0 0 0 1 0 0", "1 0 0 0 0 0", "1 0 0 1 595.001 0", "1 0 0 1 0 842.001", "-1 0 0 1 0 0",
        "1 0 0 -1 0 0", "0 -0 1 0 0 0", "0 -1 0 0 0 0", "0 1 1 0 0 0", "0 -1 -1 0 0 0", "0 1 -1 0 0 0",
        "1 0 0 1 -1 0", "1 0 0 1 0 -0", "1 0 0 1 0", "1 0 0 1 0 0 0", "1 0 0 1 0 0 ", "0 --1 1 0 0 0",
        "0 -01 1 0 0 0", "14400.001 0 0 1 0 0"})
    CHECK_MESSAGE(place(bad) != "ok", bad);
}

TEST_CASE("verify PDF: words show clean characters only") {
  for (const char* good : {"0020", "0041", "3042", "FA10", "FF0D", "FFFD", "F900", "FFE5", "0301", "200D"})
    CHECK_MESSAGE(codes(good) == "ok", good);
  for (const char* bad :
       {"",     "004",  "00410", "0000", "0009", "000A",  "001F",  "007F",  "0085", "009F", "00AD", "061C",
        "200B", "200E", "202E",  "2028", "2066", "D800",  "DFFF",  "E000",  "E001", "F8FF", "FDD0", "FEFF",
        "FFF9", "FFFE", "FFFF",  "00e9", "0x41", "00 41", "0041>", "<0041", "00G0", "004:"})
    CHECK_MESSAGE(codes(bad) != "ok", bad);
  std::string long_word;
  for (std::size_t i = 0; i < limits::kCleanWord; ++i) long_word += "0041";
  CHECK(codes(long_word) == "ok");
  CHECK(codes(long_word + "0041") != "ok");
  CHECK(codes(long_word + long_word + long_word + long_word + long_word) != "ok");
}

TEST_CASE("verify PDF: words of a page are counted") {
  const std::string one = "1 0 0 1 0 0 Tm\n<0041> Tj\n";
  std::string many;
  for (std::size_t i = 0; i < limits::kPageWords; ++i) many += one;
  CHECK(word(many) == "ok");
  CHECK(word(many + one) != "ok");
}

TEST_CASE("verify PDF: codes beyond the basic plane are mapped, in order and no more than are shown") {
  Pdf pdf = with_page(Page::words("1 0 0 1 0 0 Tm\n<E000E001E000> Tj\n"));
  const std::string a = "<E000> <D842DFB7>\n", b = "<E001> <D83DDE00>\n", c = "<E002> <D83DDE01>\n";
  const auto mapped = [&](const std::vector<std::string>& lines) {
    pdf.unicode = to_unicode(lines);
    return verdict(pdf);
  };
  CHECK(mapped({a, b}) == "ok");
  CHECK(mapped({a}) != "ok");
  CHECK(mapped({}) != "ok");
  CHECK(mapped({a, b, c}) != "ok");
  CHECK(mapped({b, a}) != "ok");
  CHECK(mapped({a, "<E001> <D842DFB7>\n"}) != "ok");  // the same character
  CHECK(mapped({a, "<E001> <0041>\n"}) != "ok");      // of the basic plane
  CHECK(mapped({a, "<E001> <D83D0041>\n"}) != "ok");
  CHECK(mapped({a, "<E001> <DE00D83D>\n"}) != "ok");
  CHECK(mapped({a, "<E001> <D83DDE00D83D>\n"}) != "ok");
  CHECK(mapped({a, "<E001> <DB40DC01>\n"}) != "ok");  // a tag
  CHECK(mapped({a, "<E001> <DBC0DC00>\n"}) != "ok");  // private use
  CHECK(mapped({a, "<E001> <D83DDFFE>\n"}) == "ok");
  CHECK(mapped({a, "<E001> <D83FDFFE>\n"}) != "ok");  // no character
  CHECK(mapped({a, "<E001> <d83dde00>\n"}) != "ok");
  pdf.pages = {Page::words("1 0 0 1 0 0 Tm\n<E001E000> Tj\n")};
  CHECK(mapped({a, b}) != "ok");
  std::string shown;
  std::vector<std::string> lines;
  for (unsigned i = 0; i < 6400; ++i) {
    char code[8], line[32];
    std::snprintf(code, sizeof code, "%04X", 0xE000 + i);
    std::snprintf(line, sizeof line, "<%s> <%04X%04X>\n", code, 0xD840 + (i >> 10), 0xDC00 + (i & 0x3FF));
    shown += code;
    lines.push_back(line);
  }
  const std::string place = "1 0 0 1 0 0 Tm\n";
  pdf.pages = {Page::words(place + "<" + shown.substr(0, 16000) + "> Tj\n" + place + "<" +
                           shown.substr(16000) + "> Tj\n")};
  CHECK(mapped(lines) == "ok");
  lines.pop_back();
  CHECK(mapped(lines) != "ok");
}

TEST_CASE("verify PDF: ToUnicode is the text to the octet") {
  Pdf pdf = with_page(Page::words());
  const std::string good = to_unicode();
  for (std::size_t at = 0; at < good.size(); at += 7) {
    pdf.unicode = good;
    pdf.unicode[at] ^= 1;
    CHECK(verdict(pdf) != "ok");
  }
  for (const std::string& other :
       {good + "\n", good.substr(1), ""s, good + good, good + std::string(300000, ' ')}) {
    pdf.unicode = other;
    CHECK(verdict(pdf) != "ok");
  }
}

TEST_CASE("verify PDF: images and pages are counted") {
  Page page;
  const std::string one = flate_image(1, 1, "/DeviceGray", 8, "x");
  std::string names;
  for (std::size_t i = 0; i < limits::kPageImages; ++i) {
    page.images.push_back(one);
    page.content += drawn(static_cast<unsigned>(i));
    names += "/Im" + std::to_string(i) + " " + std::to_string(9 + i) + " 0 R ";
  }
  page.resources = "/XObject << " + names + ">> ";
  CHECK(verdict(page) == "ok");
  page.images.push_back(one);
  page.content += drawn(limits::kPageImages);
  page.resources = "/XObject << " + names + "/Im1000 1009 0 R >> ";
  CHECK(verdict(page) != "ok");
  Pdf pdf;
  pdf.pages.assign(limits::kDocumentPages, Page::blank());
  CHECK(verdict(pdf) == "ok");
  pdf.pages.push_back(Page::blank());
  CHECK(verdict(pdf) != "ok");
}

TEST_CASE("verify PDF: the title is a clean line") {
  Pdf pdf = with_page(Page::blank());
  const auto information = [&](const std::string& content) {
    pdf.information = content;
    return verdict(pdf);
  };
  CHECK(information("<< /Title <FEFF0041> >>") == "ok");
  CHECK(information("<< /Title <FEFFD842DFB7FA10> >>") == "ok");
  for (const char* bad :
       {"<< /Title <FEFF> >>", "<< /Title <0041> >>", "<< /Title <FEFF004> >>", "<< /Title <FEFF000A> >>",
        "<< /Title <FEFF202E> >>", "<< /Title <FEFFD842> >>", "<< /Title <FEFFDFB7D842> >>",
        "<< /Title <FEFFE000> >>", "<< /Title <FEFF00650301> >>", "<< /Title <FEFF00e9> >>",
        "<< /Title (A) >>", "<< /Title <FEFF0000> >>", "<< /Title <FEFF0041> /Author <FEFF0041> >>",
        "<< /Title <FEFF0041> /Title <FEFF0041> >>", "<<>>", "<<  >>", "<< /Title <FEFF 0041> >>",
        "<< /Title <FEFFFEFF> >>", "<< /Title <FEFFD842D842DFB7> >>"})
    CHECK_MESSAGE(information(bad) != "ok", bad);
  std::string title;
  for (std::size_t i = 0; i < limits::kCleanTitle; ++i) title += "0041";
  CHECK(information("<< /Title <FEFF" + title + "> >>") == "ok");
  CHECK(information("<< /Title <FEFF" + title + "0041> >>") != "ok");
}

TEST_CASE("verify PDF: the offset tells where the first fault stands") {
  const std::string pdf = everything().pdf();
  const auto offset = [](const std::string& altered) { return gate::verify_pdf(altered)->offset; };
  for (const char* place : {"/Kids", "/Subtype /Image", "/MediaBox", "startxref"}) {
    const std::size_t at = pdf.find(place);
    std::string altered = pdf;
    altered[at + 3] = '!';
    CHECK(offset(altered) == at + 3);
  }
  CHECK(offset(pdf.substr(0, 5000 < pdf.size() ? 5000 : pdf.size() - 1)) <= pdf.size());
}
