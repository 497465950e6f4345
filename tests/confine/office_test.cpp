// The office sanitizer as the service drives it: LibreOffice itself, on its stage.
#include <doctest/doctest.h>

#include <algorithm>

#include "proto/clean/codec.h"
#include "service/workers/pool.h"
#include "tests/confine/programs.h"

using namespace kiyome;
using clean::Finding;

namespace {

constexpr workers::Bounds kBounds{.wall_ms = 60000, .cpu_seconds = 30, .memory_bytes = 2u << 30};
constexpr char kText[] = "application/vnd.oasis.opendocument.text";

struct Conversion : clean::DocumentHandler {
  clean::Document said;
  std::string pdf;
  workers::JobEnd end;
  bool has(Finding finding) const {
    return std::find(said.findings.begin(), said.findings.end(), finding) != said.findings.end();
  }
  void document(const clean::Document& document) override { said = document; }
  void page(const clean::Page&) override {}
  void rows(std::string_view) override {}
  void words(const clean::Words&) override {}
  void converted(std::string_view octets) override { pdf += octets; }
};

Conversion convert(const std::string& octets, const std::string& type, clean::JobOptions options = {}) {
  static workers::Pool pool("office", confine_test::program("office"));
  REQUIRE(pool.wait_ready(60000));
  Conversion out;
  clean::DocumentReader reader(out);
  options.type = type;
  const Descriptor input = workers::sealed_input(octets);
  out.end = pool.run(input.get(), options, kBounds, reader);
  return out;
}

// LibreOffice writes its page objects in the clear.
std::size_t pages_of(const Conversion& result) {
  std::size_t out = 0;
  for (std::size_t at = 0; (at = result.pdf.find("/Type/Page/", at)) != std::string::npos; ++at) ++out;
  return out;
}

std::string flat(const std::string& body, const std::string& styles = "") {
  return R"(<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" )"
         R"(xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" )"
         R"(xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" )"
         R"(xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" )"
         R"(xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" )"
         R"(xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.3" )"
         R"(office:mimetype="application/vnd.oasis.opendocument.text"><office:automatic-styles>)" +
         styles + "</office:automatic-styles><office:body><office:text>" + body +
         "</office:text></office:body></office:document>";
}

}  // namespace

TEST_CASE("office: a small document becomes a PDF") {
  const Conversion result = convert(flat("<text:p>拝啓　時下ますますご清栄のこと</text:p>"), kText);
  REQUIRE(result.end.good());
  CHECK(result.said.findings.empty());
  CHECK(result.pdf.starts_with("%PDF-1."));
  CHECK(result.pdf.find("%%EOF") != std::string::npos);
}

TEST_CASE("office: a linked picture is told, and not fetched") {
  const Conversion result = convert(
      flat(
          R"(<text:p><draw:frame svg:width="3cm" svg:height="3cm"><draw:image xlink:href="file:///etc/passwd"/></draw:frame>x</text:p>)"),
      kText);
  REQUIRE(result.end.good());
  CHECK(result.has(Finding::kRemoteContent));
}

TEST_CASE("office: a section of another file is not read, not even where what is hidden is shown") {
  const std::string hides = flat(
      R"(<text:section text:name="s" text:display="none"><text:section-source xlink:href="file:///etc/fonts/fonts.conf"/><text:p>x</text:p></text:section>)"
      "<text:p>y</text:p>");
  clean::JobOptions options;
  options.show_hidden = true;
  const Conversion result = convert(hides, kText, options);
  REQUIRE(result.end.good());
  CHECK(result.has(Finding::kRemoteContent));
  CHECK(pages_of(result) == 1);  // that file, which its stage has, would take more
}

TEST_CASE("office: a comment is left out and told") {
  const Conversion result = convert(
      flat("<text:p>a<office:annotation><text:p>本当は</text:p></office:annotation></text:p>"), kText);
  REQUIRE(result.end.good());
  CHECK(result.has(Finding::kHiddenContent));
}

TEST_CASE("office: a table of values becomes a PDF") {
  const Conversion result = convert("番号,名\r\n0012,山田\r\n", "text/csv");
  REQUIRE(result.end.good());
  CHECK(result.pdf.starts_with("%PDF-1."));
}

TEST_CASE("office: pages beyond the bound are cut and told") {
  std::string body;
  for (int i = 0; i < 400; ++i) body += "<text:p>行</text:p>";
  const Conversion whole = convert(flat(body), kText);
  REQUIRE(whole.end.good());
  CHECK_FALSE(whole.has(Finding::kPagesCut));
  clean::JobOptions options;
  options.pages_max = 2;
  const Conversion cut = convert(flat(body), kText, options);
  REQUIRE(cut.end.good());
  CHECK(cut.has(Finding::kPagesCut));
  CHECK(cut.said.pages > 2);  // how many there would be
  CHECK(pages_of(cut) == 2);
}

TEST_CASE("office: pages before the first that is wanted are left out, and told") {
  std::string body;
  for (int i = 0; i < 400; ++i) body += "<text:p>行</text:p>";
  clean::JobOptions options;
  const std::size_t all = pages_of(convert(flat(body), kText, options));
  REQUIRE(all > 3);
  options.first_page = 3;
  const Conversion rest = convert(flat(body), kText, options);
  REQUIRE(rest.end.good());
  CHECK(rest.has(Finding::kPagesCut));
  CHECK(pages_of(rest) == all - 2);
  options.first_page = 1000;
  CHECK(convert(flat(body), kText, options).end.failure == Finding::kConversionFailed);
}

TEST_CASE("office: hidden words are left out and told, or shown and told") {
  const std::string hides = flat(
      R"(<text:p>a<text:span text:style-name="H">b</text:span></text:p>)",
      R"(<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>)");
  const Conversion dropped = convert(hides, kText);
  REQUIRE(dropped.end.good());
  CHECK(dropped.has(Finding::kHiddenContent));
  CHECK_FALSE(dropped.has(Finding::kHiddenShown));
  clean::JobOptions options;
  options.show_hidden = true;
  const Conversion shown = convert(hides, kText, options);
  REQUIRE(shown.end.good());
  CHECK(shown.has(Finding::kHiddenShown));
  CHECK_FALSE(shown.has(Finding::kHiddenContent));
  const Conversion plain = convert(flat("<text:p>ab</text:p>"), kText, options);
  REQUIRE(plain.end.good());
  CHECK(plain.said.findings.empty());
}

TEST_CASE("office: a comment that is shown is none that is left out") {
  clean::JobOptions options;
  options.show_comments = true;
  const Conversion result =
      convert(flat("<text:p>a<office:annotation><text:p>本当は</text:p></office:annotation></text:p>"), kText,
              options);
  REQUIRE(result.end.good());
  CHECK(result.said.findings.empty());
}

TEST_CASE("office: a wide table fits the width where policy says so") {
  std::string table;
  for (int i = 0; i < 30; ++i) table += "項目" + std::to_string(i) + ",";
  CHECK(pages_of(convert(table + "\n", "text/csv")) > 1);
  clean::JobOptions options;
  options.fit_width = true;
  CHECK(pages_of(convert(table + "\n", "text/csv", options)) == 1);
  CHECK(pages_of(convert("一,二\n", "text/csv", options)) == 1);
}

TEST_CASE("office: what it cannot read it refuses") {
  CHECK(convert("MZ", "application/x-dosexec").end.failure == Finding::kUnsupportedType);
  CHECK(convert("PK\x03\x04 not a document", kText).end.failure == Finding::kDamagedPart);
  CHECK(convert("", "application/msword").end.failure == Finding::kDamagedPart);
}

TEST_CASE("office: the type is believed, not what the octets would like to be") {
  const std::string text = flat("<text:p>x</text:p>");
  CHECK(convert(text, "application/vnd.oasis.opendocument.spreadsheet").end.failure == Finding::kDamagedPart);
  CHECK(
      convert(text, "application/vnd.openxmlformats-officedocument.wordprocessingml.document").end.failure ==
      Finding::kDamagedPart);
}
