// The kept header of a whole mail.
#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "tests/unit/sanitizers_mail/mails.h"

using namespace kiyome;
using clean::Finding;

TEST_CASE("header: the first of a repeated field counts, and it is told") {
  const mails::Said said = mails::read(
      "From: a@b.jp\r\nFrom: c@d.jp\r\nSubject: one\r\nSubject: two\r\nDate: 1 May 2024 09:00 +0900\r\n"
      "Date: 2 May 2024 09:00 +0900\r\nMessage-ID: <1@x>\r\nMessage-ID: <2@x>\r\n\r\nx");
  REQUIRE(said.header.from.size() == 1);
  CHECK(said.header.from[0].address == "a@b.jp");
  CHECK(said.header.subject == "one");
  CHECK(said.header.date->unix_seconds == 1714521600);
  CHECK(said.header.message_id == "<1@x>");
  CHECK(mails::has(said.header.findings, Finding::kDuplicateHeader));
  CHECK(!mails::has(mails::read("From: a@b.jp\r\nSubject: one\r\n\r\nx").header.findings,
                    Finding::kDuplicateHeader));
}

TEST_CASE("header: To and Cc of several fields are all kept") {
  const mails::Said said = mails::read("To: a@b.jp\r\nTo: c@d.jp\r\nCc: e@f.jp\r\n\r\nx");
  CHECK(said.header.to.size() == 2);
  CHECK(said.header.cc.size() == 1);
}

TEST_CASE("header: message ids") {
  const mails::Said said = mails::read(
      "Message-ID: junk <a.b@c>\r\nIn-Reply-To: Your message of Monday <d@e>\r\nReferences: "
      "<f@g>\r\n\t<h@\r\n i> <bad> <j@k>\r\n\r\nx");
  CHECK(said.header.message_id == "<a.b@c>");
  CHECK(said.header.in_reply_to == std::vector<std::string>{"<d@e>"});
  CHECK(said.header.references == std::vector<std::string>{"<f@g>", "<h@i>", "<j@k>"});
  const mails::Said bad = mails::read("Message-ID: <no at sign>\r\n\r\nx");
  CHECK(bad.header.message_id == "");
  CHECK(mails::has(bad.header.findings, Finding::kInvalidHeader));
  CHECK(mails::read("Message-ID: a@b\r\n\r\nx").header.message_id == "<a@b>");
}

TEST_CASE("header: references are bounded") {
  for (const std::size_t count :
       {limits::kMailReferences - 1, limits::kMailReferences, limits::kMailReferences + 1}) {
    std::string mail = "References:";
    for (std::size_t i = 0; i < count; ++i) mail += " <" + std::to_string(i) + "@x>";
    CHECK(mails::read(mail + "\r\n\r\nx").header.references.size() ==
          std::min(count, limits::kMailReferences));
  }
}

TEST_CASE("header: what tells a loop is counted") {
  std::string mail;
  for (int i = 0; i < 20; ++i) mail += "Received: from x\r\nX-Kiyome-Id: id" + std::to_string(i) + "\r\n";
  const mails::Said said = mails::read(mail + "\r\nx");
  CHECK(said.header.received_count == 20);
  CHECK(said.header.kiyome_ids.size() == limits::kCleanKiyomeIds);
  CHECK(said.header.kiyome_ids[0] == "id0");
}

TEST_CASE("header: Authentication-Results") {
  using clean::AuthMethod;
  using clean::AuthResult;
  struct Case {
    const char* value;
    std::vector<clean::Authentication> expected;
  };
  const auto spf = [](AuthResult result, const char* domain) {
    return clean::Authentication{"mx.example.jp", AuthMethod::spf, result, domain};
  };
  const Case cases[] = {
      {"mx.example.jp; spf=pass smtp.mailfrom=a@Outside.Example", {spf(AuthResult::pass, "outside.example")}},
      {"MX.example.jp 1;\r\n\tspf=softfail (why ;spf=pass \\) (deep)) smtp.helo=x.example "
       "smtp.mailfrom=@y.example",
       {spf(AuthResult::softfail, "y.example")}},
      {"\"mx.example.jp\"; spf = fail reason=\"a; spf=pass\" smtp.mailfrom = z.example",
       {spf(AuthResult::fail, "z.example")}},
      {"mx.example.jp; spf=hardfail smtp.mailfrom=例.example", {spf(AuthResult::fail, "")}},
      {"mx.example.jp; dkim/1=pass header.i=@i.example header.d=d.example header.b=x; dmarc=none "
       "header.from=f.example",
       {{"mx.example.jp", AuthMethod::dkim, AuthResult::pass, "d.example"},
        {"mx.example.jp", AuthMethod::dmarc, AuthResult::none, "f.example"}}},
      {"mx.example.jp; none", {}},
      {"mx.example.jp; arc=pass; compauth=pass reason=100; spf=neutral", {spf(AuthResult::neutral, "")}},
      {"mx.example.jp; spf=bestguess", {}},
      {"mx example.jp; spf=temperror", {{"mx", AuthMethod::spf, AuthResult::temperror, ""}}},
      {"spf=pass smtp.mailfrom=a.example", {}},  // no server
      {"i=1; mx.example.jp; spf=pass", {}},      // ARC's, under the wrong name
      {"例.jp; spf=pass", {}},
      {"(", {}},
      {"mx.example.jp; spf=\"pa\\ss", {spf(AuthResult::pass, "")}},
      {"", {}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.value);
    const mails::Said said = mails::read(std::string("Authentication-Results: ") + each.value + "\r\n\r\nx");
    CHECK(said.header.authentication == each.expected);
  }
  std::string many;
  for (int i = 0; i < 9; ++i) many += "Authentication-Results: a; spf=pass; dkim=pass; dmarc=pass\r\n";
  CHECK(mails::read(many + "\r\nx").header.authentication.size() == limits::kCleanAuthentication);
}

TEST_CASE("header: raw octets are read with the body's charset") {
  const mails::Said said = mails::read(
      "Subject: \x87\x40\r\nContent-Type: text/plain; charset=Shift_JIS\r\n\r\n\x83\x65\x83\x58\x83\x67");
  CHECK(said.header.subject == "①");
  CHECK(said.body.text == "テスト");
}

TEST_CASE("header: the fields of lists and robots") {
  const mails::Said said = mails::read(
      "Auto-Submitted: auto-replied\r\nList-Id: =?UTF-8?B?44GC?= <a.example>\r\nPrecedence: bulk\r\n\r\nx");
  CHECK(said.header.auto_submitted == "auto-replied");
  CHECK(said.header.list_id == "あ <a.example>");
  CHECK(said.header.precedence == "bulk");
}
