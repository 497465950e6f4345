// What stands on the last page of a document of which pages were left out.
#include "service/document/cut_note.h"

#include <doctest/doctest.h>

using namespace kiyome;
using namespace kiyome::document;

TEST_CASE("cut note: it says how many pages follow, in Japanese and English") {
  CHECK(CutNote{1, 3, 9}.text() ==
        "※ この先 6 ページは省かれました。\n(Kiyome) 6 further pages were left out.");
  CHECK(CutNote{1, 3, 4}.text() ==
        "※ この先 1 ページは省かれました。\n(Kiyome) 1 further page was left out.");
}

TEST_CASE("cut note: of a range it says which pages are there") {
  CHECK(CutNote{3, 2, 9}.text() ==
        "※ 3〜4 ページ目のほか 7 ページは省かれました。\n(Kiyome) All but pages 3 to 4 were left out (7 "
        "pages).");
  CHECK(CutNote{2, 1, 2}.text() ==
        "※ 2 ページ目のほか 1 ページは省かれました。\n(Kiyome) All but page 2 were left out (1 page).");
}

TEST_CASE("cut note: without a number it says that there is more") {
  const std::string text = "※ この先は省かれました。\n(Kiyome) The rest was left out.";
  CHECK(CutNote{1, 3, 0}.text() == text);
  CHECK(CutNote{1, 3, 3}.text() == text);  // cells were cut, not pages
}

TEST_CASE("cut note: its page comes back into the document's, a second one does not") {
  struct Pages final : PageSink {
    std::string octets;
    void rows(std::string_view more) override { octets += more; }
    std::vector<compose::CleanFile> finish(const std::string&) override { return {}; }
  } sink;
  OnePage one;
  clean::Page page;
  page.findings = {clean::Finding::kMacroRemoved};
  one.page(page);
  one.rows("ab");
  one.page(page);
  one.rows("cd");
  one.into(sink);
  CHECK(sink.pages() == 1);
  CHECK(sink.octets == "ab");
  CHECK(sink.findings().empty());
  CHECK(CutNote{1, 3, 9}.pdf().starts_with("%PDF-1.4\n"));
}
