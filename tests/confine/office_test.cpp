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

Conversion convert(const std::string& octets, const std::string& type, std::uint32_t pages_max = 0) {
  static workers::Pool pool("office", confine_test::program("office"));
  REQUIRE(pool.wait_ready(60000));
  Conversion out;
  clean::DocumentReader reader(out);
  clean::JobOptions options;
  options.type = type;
  options.pages_max = pages_max;
  const Descriptor input = workers::sealed_input(octets);
  out.end = pool.run(input.get(), options, kBounds, reader);
  return out;
}

std::string flat(const std::string& body) {
  return R"(<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" )"
         R"(xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" )"
         R"(xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" )"
         R"(xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" )"
         R"(xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.3" )"
         R"(office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>)" +
         body + "</office:text></office:body></office:document>";
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
  const Conversion cut = convert(flat(body), kText, 2);
  REQUIRE(cut.end.good());
  CHECK(cut.has(Finding::kPagesCut));
  CHECK(cut.pdf.size() < whole.pdf.size());
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
