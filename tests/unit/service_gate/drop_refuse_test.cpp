// What the gate takes of the drop box, and the same with one thing wrong.
#include <functional>

#include "service/gate/intake.h"
#include "tests/unit/service_gate/drop_fixture.h"
#include "tests/unit/service_gate/pdf_sample.h"

using namespace kiyome;
using namespace kiyome::testing;
using transfer::CleanFileType;
using transfer::DropBundle;
using transfer::RefusalReason;

TEST_CASE("drop: a clean bundle is taken, also a held one without files") {
  DropBundle bundle = make_drop();
  CHECK_FALSE(gate::refuse(bundle));
  bundle.files.push_back(clean_text("two.txt"));
  bundle.approval = {"部外からの図面"};
  CHECK_FALSE(gate::refuse(bundle));
  bundle.title = "file://server/share";  // a page shows it as text
  bundle.message = "\tms-word:ofe|u|x\n\n";
  CHECK_FALSE(gate::refuse(bundle));
  set_held(bundle);
  CHECK_FALSE(gate::refuse(bundle));
}

TEST_CASE("drop: one wrong thing and it is refused, with the reason of its kind") {
  struct Wrong {
    const char* what;
    RefusalReason reason;
    std::function<void(DropBundle&)> make;
  };
  const Wrong wrongs[] = {
      {"altered content", RefusalReason::digest, [](DropBundle& b) { b.files[0].content[0] ^= 1; }},
      {"other digest", RefusalReason::digest, [](DropBundle& b) { b.files[0].sha256[3] ^= 1; }},
      {"unclean text", RefusalReason::grammar,
       [](DropBundle& b) { b.files[0] = clean_text("a.txt", "file://server/x\r\n"); }},
      {"a text that is called a PDF", RefusalReason::grammar,
       [](DropBundle& b) {
         b.files[0].type = CleanFileType::pdf;
         b.files[0].name = "a.pdf";
       }},
      {"a ZIP that is none", RefusalReason::grammar,
       [](DropBundle& b) {
         b.files[0].type = CleanFileType::zip;
         b.files[0].name = "a.zip";
       }},
      {"path in a name", RefusalReason::envelope, [](DropBundle& b) { b.files[0].name = "../a.txt"; }},
      {"name of another type", RefusalReason::envelope, [](DropBundle& b) { b.files[0].name = "a.exe"; }},
      {"device name", RefusalReason::envelope, [](DropBundle& b) { b.files[0].name = "con.txt"; }},
      {"right-to-left in a name", RefusalReason::envelope,
       [](DropBundle& b) { b.files[0].name = "a\u202etxt.txt"; }},
      {"two of one name", RefusalReason::envelope,
       [](DropBundle& b) {
         b.files = {clean_text("a.txt"), clean_text("A.txt")};
       }},
      {"control character in the title", RefusalReason::envelope,
       [](DropBundle& b) { b.title = "a\x1b[2J"; }},
      {"two lines of title", RefusalReason::envelope, [](DropBundle& b) { b.title = "a\nb"; }},
      {"bidi in the message", RefusalReason::envelope, [](DropBundle& b) { b.message = "ok\n\u202eab"; }},
      {"unclean name of a rule", RefusalReason::envelope, [](DropBundle& b) { b.approval = {"a\tb"}; }},
      {"clean without files", RefusalReason::envelope, [](DropBundle& b) { b.files.clear(); }},
      {"held with files", RefusalReason::envelope,
       [](DropBundle& b) { b.verdict = transfer::DropVerdict::held; }},
      {"an id that is no UUIDv7", RefusalReason::envelope, [](DropBundle& b) { b.submission = ItemId{}; }},
  };
  for (const Wrong& wrong : wrongs) {
    CAPTURE(wrong.what);
    DropBundle bundle = make_drop();
    wrong.make(bundle);
    const auto refusal = gate::refuse(bundle);
    REQUIRE(refusal);
    CHECK(refusal->told.reason == wrong.reason);
    CHECK(refusal->told.id == bundle.id);
  }
}
