#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "tests/unit/proto_clean/sample.h"

using namespace kiyome;
using namespace kiyome::clean;
using sample::payload;

namespace {

bool accepted(const Message& message) {
  const auto decoded = decode(payload(message));
  return decoded && *decoded == message;
}

// `text` of `size` octets, valid UTF-8.
std::string of(std::size_t size) { return std::string(size, 'a'); }

template <class Set>
Message header_with(Set&& set) {
  MailHeader header = sample::header();
  set(header);
  return header;
}

template <class Set>
Message part_with(Set&& set) {
  Part part = sample::part(1, 0, 10, 20);
  set(part);
  return part;
}

}  // namespace

TEST_CASE("codec: every message comes back as it was said") {
  for (const Message& message : sample::answer()) CHECK(accepted(message));
  CHECK(accepted(MailHeader{}));
  CHECK(accepted(Part{}));
  CHECK(accepted(BodyText{}));
  CHECK(accepted(Refusal{Finding::kLimitDepth}));
}

TEST_CASE("codec: a payload cut anywhere, or with one octet more, is refused") {
  for (const Message& message : sample::answer()) {
    const std::string whole = payload(message);
    for (std::size_t size = 0; size < whole.size(); ++size)
      CHECK_FALSE(decode(std::string_view(whole).substr(0, size)));
    CHECK_FALSE(decode(whole + '\0'));
  }
}

TEST_CASE("codec: whatever octet is changed, what decodes is encoded to the same octets again") {
  for (const Message& message : sample::answer()) {
    const std::string whole = payload(message);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (int change = 1; change < 256; change = change * 2 + 1) {
        std::string altered = whole;
        altered[i] = static_cast<char>(altered[i] ^ change);
        if (const auto decoded = decode(altered)) CHECK(payload(*decoded) == altered);
      }
    }
  }
}

TEST_CASE("codec: unknown kinds are refused") {
  CHECK_FALSE(decode(""));
  for (int kind = 0; kind < 256; ++kind) {
    const std::string frame(1, static_cast<char>(kind));
    CHECK(decode(frame).has_value() == (kind == 6));  // only End has no fields
  }
}

TEST_CASE("codec: roles are 1 to 7") {
  for (int role = 0; role < 256; ++role)
    CHECK(accepted(part_with([&](Part& p) { p.role = static_cast<Role>(role); })) ==
          (role >= 1 && role <= 7));
}

TEST_CASE("codec: a part's numbers stay within their bounds") {
  CHECK(accepted(part_with([](Part& p) { p.index = limits::kMailParts - 1; })));
  CHECK_FALSE(accepted(part_with([](Part& p) { p.index = limits::kMailParts; })));
  CHECK(accepted(part_with([](Part& p) { p.size = limits::kMessageBytes; })));
  CHECK_FALSE(accepted(part_with([](Part& p) { p.size = limits::kMessageBytes + 1; })));
  CHECK(accepted(part_with([](Part& p) { p.span = {20, 20}; })));
  CHECK_FALSE(accepted(part_with([](Part& p) { p.span = {21, 20}; })));
  CHECK(accepted(part_with([](Part& p) { p.parent = -1; })));
  CHECK_FALSE(accepted(part_with([](Part& p) { p.parent = -2; })));
}

TEST_CASE("codec: file names, types and texts keep their lengths") {
  for (const std::size_t extra : {0u, 1u}) {
    const bool holds = extra == 0;
    CHECK(accepted(part_with([&](Part& p) { p.name = of(limits::kCleanName + extra); })) == holds);
    CHECK(accepted(part_with(
              [&](Part& p) { p.declared_type = "a/" + of(limits::kCleanType - 2 + extra); })) == holds);
    CHECK(accepted(BodyText{of(limits::kCleanText + extra), {}}) == holds);
    CHECK(accepted(PartText{1, of(limits::kCleanText + extra)}) == holds);
    CHECK(accepted(header_with([&](MailHeader& h) { h.subject = of(limits::kCleanHeaderText + extra); })) ==
          holds);
    CHECK(accepted(header_with(
              [&](MailHeader& h) { h.from[0].display = of(limits::kCleanHeaderText + extra); })) == holds);
    CHECK(accepted(header_with([&](MailHeader& h) {
            h.message_id = "<@" + of(limits::kCleanMessageId - 4 + extra) + "a>";
          })) == false);
    CHECK(accepted(header_with([&](MailHeader& h) {
            h.message_id = "<a@" + of(limits::kCleanMessageId - 4 + extra) + ">";
          })) == holds);
  }
}

TEST_CASE("codec: counts keep their bounds") {
  for (const std::size_t extra : {0u, 1u}) {
    const bool holds = extra == 0;
    CHECK(accepted(header_with([&](MailHeader& h) {
            h.to.resize(limits::kMailAddresses + extra, {"a", "b@c"});
          })) == holds);
    CHECK(accepted(header_with([&](MailHeader& h) {
            h.references.resize(limits::kMailReferences + extra, "<a@b>");
          })) == holds);
    CHECK(accepted(header_with(
              [&](MailHeader& h) { h.kiyome_ids.resize(limits::kCleanKiyomeIds + extra, "x"); })) == holds);
    CHECK(accepted(header_with([&](MailHeader& h) {
            h.authentication.resize(limits::kCleanAuthentication + extra,
                                    {"mx", AuthMethod::spf, AuthResult::pass, ""});
          })) == holds);
    CHECK(accepted(header_with([&](MailHeader& h) {
            h.authentication = {{of(limits::kCleanHostName + extra), AuthMethod::spf, AuthResult::pass, ""}};
          })) == holds);
    CHECK(accepted(header_with([&](MailHeader& h) {
            h.received_count = static_cast<std::uint32_t>(limits::kMailHeaderFields + extra);
          })) == holds);
    CHECK(accepted(BodyText{"", std::vector(limits::kCleanFindings + extra, Finding::kHiddenText)}) == holds);
  }
}

TEST_CASE("codec: an authentication result names hosts, a known method and a known result") {
  const auto holds = [](Authentication one) {
    return accepted(header_with([&](MailHeader& h) { h.authentication = {std::move(one)}; }));
  };
  CHECK(holds({"mx-1.example.jp", AuthMethod::dkim, AuthResult::none, "a_b.example"}));
  CHECK_FALSE(holds({"", AuthMethod::dkim, AuthResult::none, ""}));
  CHECK_FALSE(holds({"MX", AuthMethod::dkim, AuthResult::none, ""}));
  CHECK_FALSE(holds({"mx", AuthMethod::dkim, AuthResult::none, "例"}));
  CHECK_FALSE(holds({"mx", AuthMethod{0}, AuthResult::none, ""}));
  CHECK_FALSE(holds({"mx", AuthMethod{4}, AuthResult::none, ""}));
  CHECK_FALSE(holds({"mx", AuthMethod::dkim, AuthResult{0}, ""}));
  CHECK_FALSE(holds({"mx", AuthMethod::dkim, AuthResult{9}, ""}));
}

TEST_CASE("codec: a count that the frame cannot hold reserves no memory") {
  std::string frame = payload(MailHeader{});
  frame[1] = static_cast<char>(0xff);  // 255 senders, and not an octet of them
  CHECK_FALSE(decode(frame));
}

TEST_CASE("codec: names and header values are single lines, body texts may have several") {
  CHECK(accepted(BodyText{"a\nb\tc", {}}));
  CHECK_FALSE(accepted(BodyText{"a\r\nb", {}}));
  CHECK(accepted(part_with([](Part& p) { p.name = "a\tb"; })));
  CHECK_FALSE(accepted(part_with([](Part& p) { p.name = "a\nb"; })));
  CHECK_FALSE(accepted(header_with([](MailHeader& h) { h.subject = "a\nBcc: b"; })));
  CHECK_FALSE(accepted(header_with([](MailHeader& h) { h.cc[0].address = "a\nb"; })));
  CHECK_FALSE(accepted(header_with([](MailHeader& h) { h.list_id = "\xff"; })));
}

TEST_CASE("codec: media types are lower case tokens with one slash, or nothing") {
  for (const char* good : {"text/plain", "application/vnd.ms-excel.sheet+xml", "a/b", "image/x-{}'~"})
    CHECK(is_media_type(good));
  for (const char* bad :
       {"", "text", "/plain", "text/", "Text/plain", "a/b/c", "a/b;c", "a /b", "a/\x7f", "a/あ"})
    CHECK_FALSE(is_media_type(bad));
  CHECK(accepted(part_with([](Part& p) { p.detected_type = ""; })));
  CHECK_FALSE(accepted(part_with([](Part& p) { p.detected_type = "Text/plain"; })));
}

TEST_CASE("codec: message ids have two sides in printable ASCII") {
  for (const char* good : {"<a@b>", "<a@b@c>", "<20260101.abc$d@[192.0.2.1]>"}) CHECK(is_message_id(good));
  for (const char* bad :
       {"", "<>", "<a>", "<@b>", "<a@>", "a@b", "<a@b", "<a b@c>", "<a@b><c@d>", "<あ@b>", "<a@b\n>"})
    CHECK_FALSE(is_message_id(bad));
  CHECK_FALSE(accepted(header_with([](MailHeader& h) { h.references = {""}; })));
  CHECK(accepted(header_with([](MailHeader& h) { h.message_id = ""; })));
}

TEST_CASE("codec: dates lie between the years 0 and 9999, zones within 99:59") {
  CHECK(is_mail_date({-62167219200, -5999}));
  CHECK_FALSE(is_mail_date({-62167219201, 0}));
  CHECK(is_mail_date({253402300799, 5999}));
  CHECK_FALSE(is_mail_date({253402300800, 0}));
  CHECK_FALSE(is_mail_date({0, 6000}));
  CHECK_FALSE(is_mail_date({0, -6000}));
  CHECK_FALSE(accepted(header_with([](MailHeader& h) { h.date = Date{0, 6000}; })));
}

TEST_CASE("codec: a sanitizer cannot speak for the policy, an operator or the verifier") {
  for (const Finding mine :
       {Finding::kPolicyStrip, Finding::kPolicyVerdictHeld, Finding::kMailLoop, Finding::kHeldByOperator,
        Finding::kVerifyRefused, Finding::kPoisonItem, Finding::kOwnDomainOutside})
    CHECK_FALSE(accepted(BodyText{"", {mine}}));
  CHECK(accepted(BodyText{"", {Finding::kEncrypted}}));
  CHECK_FALSE(accepted(BodyText{"", {static_cast<Finding>(999)}}));
}

TEST_CASE("codec: a refusal holds the item or a document, an afterword never does") {
  CHECK(accepted(Refusal{Finding::kSanitizerMemory}));
  CHECK(accepted(Refusal{Finding::kEncrypted}));
  CHECK_FALSE(accepted(Refusal{Finding::kHiddenText}));
  CHECK_FALSE(accepted(Refusal{Finding::kMalware}));  // not a sanitizer's to say
  CHECK(accepted(Afterword{Finding::kAmbiguousStructure}));
  CHECK_FALSE(accepted(Afterword{Finding::kLimitDepth}));
}
