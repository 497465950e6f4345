// PDFs as a whole: what is opened, what is refused, how large the pages are, what is noted.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "proto/base/limits.h"
#include "tests/unit/sanitizers_pdf/encrypted.h"
#include "tests/unit/sanitizers_pdf/pdfs.h"
#include "tests/unit/sanitizers_pdf/shown.h"

using namespace kiyome;
using namespace kiyome::sample;
using clean::Finding;

namespace {

const std::string kHello = "BT /F0 20 Tf 20 40 Td (Hello) Tj ET";

std::string encrypted() {
  std::string out;
  for (const char* at = kEncryptedPdf; *at != 0; at += 2)
    out += static_cast<char>(std::stoi(std::string(at, 2), nullptr, 16));
  return out;
}

}  // namespace

TEST_CASE("pdf: a page has its size on paper, its pixels and its words") {
  const Shown shown = show(one_page(kHello, {"0 0 595.276 841.89"}));
  CHECK(!shown.refusal);
  CHECK(shown.head.pages == 1);
  CHECK(shown.head.findings.empty());
  REQUIRE(shown.pages.size() == 1);
  const ShownPage& page = shown.pages[0];
  CHECK(page.page.width_millipoints == 595276);
  CHECK(page.page.height_millipoints == 841890);
  // Pixels of exactly 1/150 inch: the last ones reach beyond the paper.
  CHECK(page.page.pixel_width == 1241);
  CHECK(page.page.pixel_height == 1754);
  CHECK(page.page.spread_width_millipoints == 595680);
  CHECK(page.page.spread_height_millipoints == 841920);
  CHECK(page.page.format == clean::PixelFormat::gray8);
  CHECK(page.text() == "Hello");
  CHECK(page.darkest(0, 0.9, 0.2, 1) < 60);  // the word stands at the lower left
  CHECK(page.darkest(0, 0, 1, 0.9) == 255);
}

TEST_CASE("pdf: a page with colour is rgb24, one with grays only is gray8") {
  const Shown red = show(one_page("1 0 0 rg 0 0 50 50 re f"));
  CHECK(red.pages.at(0).page.format == clean::PixelFormat::rgb24);
  const std::string& pixels = red.pages.at(0).pixels;
  const std::size_t lower_left = pixels.size() - red.pages.at(0).page.pixel_width * 3;
  CHECK(pixels.substr(lower_left, 3) == std::string("\xff\0\0", 3));
  const Shown gray = show(one_page("0.5 g 0 0 50 50 re f"));
  CHECK(gray.pages.at(0).page.format == clean::PixelFormat::gray8);
}

TEST_CASE("pdf: a turned page is as wide as it was high, and its words turn with it") {
  const Shown shown = show(one_page(kHello, {"0 0 200 100", "/Rotate 90"}));
  const ShownPage& page = shown.pages.at(0);
  CHECK(page.page.width_millipoints == 100000);
  CHECK(page.page.height_millipoints == 200000);
  REQUIRE(page.words.size() == 1);
  CHECK(page.words[0].text == "Hello");
  CHECK(page.words[0].vertical);  // it runs from top to bottom now
  CHECK(page.words[0].height > page.words[0].width);
  CHECK(page.darkest(0.3, 0, 0.7, 0.5) < 60);
}

TEST_CASE("pdf: a crop box that begins elsewhere moves words and pixels alike") {
  const Shown shown = show(
      one_page("BT /F0 20 Tf 520 540 Td (Hello) Tj ET", {"0 0 1000 1000", "/CropBox [500 500 700 600]"}));
  const ShownPage& page = shown.pages.at(0);
  CHECK(page.page.width_millipoints == 200000);
  REQUIRE(page.words.size() == 1);
  CHECK(page.words[0].x == doctest::Approx(20000).epsilon(0.01));
  CHECK(page.words[0].y + page.words[0].height == doctest::Approx(62400).epsilon(0.02));
  CHECK(page.darkest(0.1, 0.4, 0.5, 0.7) < 60);
}

TEST_CASE("pdf: a page with too many pixels keeps its size and gets fewer of them") {
  const Shown large = show(one_page(kHello, {"0 0 3000 3000"}));
  const clean::Page& page = large.pages.at(0).page;
  CHECK(page.width_millipoints == 3000000);
  CHECK(std::uint64_t{page.pixel_width} * page.pixel_height <= limits::kPdfPagePixels + 10000);
  CHECK(large.pages[0].has(Finding::kReducedResolution));
  CHECK(large.pages[0].text() == "Hello");
  const Shown ordinary = show(one_page(kHello, {"0 0 1800 1800"}));
  CHECK(!ordinary.pages.at(0).has(Finding::kReducedResolution));
}

TEST_CASE("pdf: sizes of a page that cannot be become ones that can") {
  for (const char* const box :
       {"0 0 1e30 1e30", "0 0 99999999 1", "0 0 0.0001 0.0001", "5 5 5 5", "0 0 -100 -50", "0 0", "a b c d",
        "-1e38 -1e38 1e38 1e38", "1e9 1e9 1.00000001e9 1.00000001e9"}) {
    CAPTURE(box);
    const Shown shown = show(one_page(kHello, {box}));
    CHECK(!shown.refusal);
    CHECK(shown.pages.size() == 1);
  }
  using sanitizer::pdf::frame_of;
  CHECK(frame_of(std::nan(""), 10, 150).width_millipoints == 595276);
  CHECK(frame_of(10, -1, 150).width_millipoints == 595276);
  CHECK(frame_of(1e300, 1e-300, 300).height_millipoints == 1);
  CHECK(frame_of(14400, 14400, 300).width_millipoints == limits::kPageMillipoints);
  CHECK(!frame_of(14400, 0.1, 72).reduced);
  CHECK(frame_of(14401, 0.1, 72).reduced);
}

TEST_CASE("pdf: words without pixels, and pixels without words") {
  clean::JobOptions options;
  options.words = true;
  const Shown words = show(one_page(kHello), options);
  CHECK(words.pages.at(0).page.pixel_width == 1);
  CHECK(words.pages.at(0).page.width_millipoints == 200000);
  CHECK(words.pages.at(0).pixels == "\xff");
  CHECK(words.pages.at(0).text() == "Hello");
  options = {};
  options.pixels = true;
  options.dpi = 72;
  const Shown pixels = show(one_page(kHello), options);
  CHECK(pixels.pages.at(0).page.pixel_width == 200);
  CHECK(pixels.pages.at(0).words.empty());
}

TEST_CASE("pdf: pages beyond the asked number are left out, and that is told") {
  clean::JobOptions options = pixels_and_words();
  options.pages_max = 2;
  const Shown cut = show(many_pages(3), options);
  CHECK(cut.head.pages == 3);
  CHECK(cut.pages.size() == 2);
  CHECK(cut.has(Finding::kPagesCut));
  CHECK(cut.pages[1].text() == "Page2");
  options.pages_max = 3;
  const Shown whole = show(many_pages(3), options);
  CHECK(whole.pages.size() == 3);
  CHECK(!whole.has(Finding::kPagesCut));
}

TEST_CASE("pdf: pages before the first wanted one are left out, and that is told") {
  clean::JobOptions options = pixels_and_words();
  options.first_page = 2;
  options.pages_max = 1;
  const Shown cut = show(many_pages(3), options);
  CHECK(cut.head.pages == 3);
  REQUIRE(cut.pages.size() == 1);
  CHECK(cut.pages[0].text() == "Page2");
  CHECK(cut.has(Finding::kPagesCut));
  options.first_page = 4;
  CHECK(show(many_pages(3), options).refusal == Finding::kConversionFailed);
}

TEST_CASE("pdf: an encrypted document opens with the right password, and with none else") {
  clean::JobOptions options = pixels_and_words();
  CHECK(show(encrypted(), options).refusal == Finding::kEncrypted);
  options.passwords = {"wrong", "ひらけごま"};
  CHECK(show(encrypted(), options).refusal == Finding::kEncrypted);
  options.passwords.push_back("sesame");
  const Shown open = show(encrypted(), options);
  CHECK(!open.refusal);
  CHECK(open.has(Finding::kPasswordUsed));
  CHECK(open.pages.at(0).text() == "Opened");
  CHECK(!show(one_page(kHello), options).has(Finding::kPasswordUsed));
}

TEST_CASE("pdf: what is no document is damaged") {
  CHECK(show("").refusal == Finding::kDamagedPart);
  CHECK(show("%PDF-1.7\n").refusal == Finding::kDamagedPart);
  CHECK(show(std::string(5000, 'x')).refusal == Finding::kDamagedPart);
  CHECK(show(pdf({kCatalog, "<< /Type /Pages /Kids [] /Count 0 >>"})).refusal == Finding::kDamagedPart);
}

TEST_CASE("pdf: a broken table of objects is mended") {
  std::string broken = one_page(kHello);
  const std::size_t table = broken.find("xref\n");
  broken.replace(table + 30, 40, 40, 'x');
  CHECK(show(broken).pages.at(0).text() == "Hello");
  CHECK(show(broken.substr(0, table)).refusal == Finding::kDamagedPart);  // no trailer, no catalog
  CHECK(show(broken.substr(0, table) + "trailer << /Root 1 0 R >>").pages.at(0).text() == "Hello");
}

TEST_CASE("pdf: a file that breaks off is shown as far as it goes, and told") {
  const std::string whole = one_page(kHello);
  CHECK_FALSE(show(whole).has(Finding::kPageDamaged));
  CHECK_FALSE(show(whole + std::string(3000, '\n')).has(Finding::kPageDamaged));
  const std::string trailer = "trailer << /Root 1 0 R >>";
  const Shown cut = show(trailer + whole.substr(0, whole.find("xref\n")) + trailer);
  CHECK(cut.pages.at(0).text() == "Hello");
  CHECK(cut.has(Finding::kPageDamaged));
  // What was added to a whole file breaks off.
  CHECK(show(whole + "9 0 obj << /Type /Page >> endobj\n8 0 ob").has(Finding::kPageDamaged));
}

TEST_CASE("pdf: a number of pages that is a lie is not believed") {
  const Shown lie = show(
      pdf({kCatalog, "<< /Type /Pages /Kids [3 0 R] /Count 60000 >>", page_object({}, 4), stream(kHello)}));
  CHECK(lie.head.pages == 1);
  CHECK(lie.pages.size() == 1);
  CHECK(lie.has(Finding::kPageDamaged));
}

TEST_CASE("pdf: a page that is not there is white, the others are shown") {
  const Shown shown = show(pdf({kCatalog, "<< /Type /Pages /Kids [3 0 R 9 0 R 5 0 R] /Count 3 >>",
                                page_object({}, 4), stream(kHello), page_object({}, 6), stream(kHello)}));
  REQUIRE(shown.pages.size() >= 2);
  CHECK(shown.pages[0].text() == "Hello");
  CHECK(shown.pages.back().text() == "Hello");
}

TEST_CASE("pdf: trees of pages and forms that contain themselves end") {
  CHECK(show(pdf({kCatalog, "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9 >>"})).refusal ==
        Finding::kDamagedPart);
  const std::string form =
      "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >> "
      "/Length 5 >>\nstream\n/X Do\nendstream";
  const Shown shown =
      show(pdf({kCatalog, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources "
                "<< /XObject << /X 5 0 R >> >> >>",
                stream("/X Do"), form}));
  CHECK(shown.pages.size() == 1);
}

TEST_CASE("pdf: what stands in form fields is drawn and is among the words") {
  const std::string catalog =
      "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] /NeedAppearances true /DA (/Helv 12 Tf 0 "
      "g) "
      "/DR << /Font << /Helv << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >> >>";
  const Shown shown = show(one_page("", {"0 0 200 100", "/Annots [5 0 R]"},
                                    {"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Yamada) /F 4 "
                                     "/Rect [20 20 180 60] /DA (/Helv 12 Tf 0 g) >>"},
                                    catalog));
  CHECK(shown.has(Finding::kFormRemoved));
  CHECK(shown.pages.at(0).darkest(0, 0, 1, 1) < 100);
  CHECK(shown.pages.at(0).text() == "Yamada");
}

TEST_CASE("pdf: actions, links, hidden layers and files are noted and gone") {
  const std::string base = "<< /Type /Catalog /Pages 2 0 R ";
  CHECK(show(one_page(kHello, {}, {}, base + "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"))
            .has(Finding::kActionsRemoved));
  CHECK(!show(one_page(kHello, {}, {}, base + "/OpenAction [3 0 R /Fit] >>")).has(Finding::kActionsRemoved));
  CHECK(show(one_page(kHello, {}, {"<< /Type /OCG /Name (x) >>"},
                      base + "/OCProperties << /OCGs [5 0 R] /D << /OFF [5 0 R] >> >> >>"))
            .has(Finding::kHiddenContent));
  CHECK(show(one_page(kHello, {}, {"<< /Type /Filespec /F (a.exe) /EF << /F 6 0 R >> >>", stream("MZ")},
                      base + "/Names << /EmbeddedFiles << /Names [(a) 5 0 R] >> >> >>"))
            .has(Finding::kEmbeddedRemoved));
  const Shown link =
      show(one_page(kHello, {"0 0 200 100",
                             "/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S "
                             "/URI /URI (http://a.example/) >> >>]"}));
  CHECK(link.pages.at(0).has(Finding::kActionsRemoved));
  CHECK(show(one_page(kHello)).pages.at(0).page.findings.empty());
}

TEST_CASE("pdf: the title is one clean line") {
  const auto title = [](const std::string& octets) {
    return show(one_page(kHello, {}, {"<< /Title " + octets + " >>"}, kCatalog, "/Info 5 0 R ")).head.title;
  };
  CHECK(title("(Report)") == "Report");
  CHECK(title("<FEFF4F1A8B70D842DFB7>") == "会議𠮷");
  CHECK(title("<FEFF0041000A202E0042D8000043E000>") == "A BC");
  CHECK(title("(" + std::string(3000, 'a') + ")").size() <= limits::kCleanName);
  CHECK(title("()").empty());
}
