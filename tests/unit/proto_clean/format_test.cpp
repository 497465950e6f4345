#include <doctest/doctest.h>

#include "tests/unit/hex_example.h"
#include "tests/unit/proto_clean/sample.h"

using namespace kiyome;
using namespace kiyome::clean;

TEST_CASE("FORMAT.md of the clean language: its example is what the codec writes and reads") {
  MailHeader header;
  header.from = {{"", "a@b.jp"}};
  header.subject = "件";
  Part part;
  part.role = Role::body;
  part.span = {0, 71};
  part.declared_type = "text/plain";
  part.size = 8;
  part.sha256.fill(0x5a);
  part.findings = {Finding::kHiddenText};
  const std::string octets = test::hex_example("proto/clean/FORMAT.md");
  CHECK(octets == sample::octets({header, part, BodyText{"やあ\n", {}}, End{}}));

  AnswerReader reader(71);
  REQUIRE(reader.feed(octets));
  REQUIRE(reader.complete());
  const MailAnswer answer = reader.take_answer();
  CHECK(answer.header == header);
  CHECK(answer.body.text == "やあ\n");
}
