#include "sanitizers/office/content/package.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "sanitizers/office/content/zip_entries.h"

using namespace kiyome;
using clean::Finding;
using sanitizer::office::inflated;
using sanitizer::office::look_into_package;
using sanitizer::office::Package;
using sanitizer::office::zip_entries;

namespace {

std::string number(std::uint64_t value, int octets) {  // little endian; beyond the eighth, zeros
  std::string out;
  for (int i = 0; i < octets; ++i, value >>= 8) out += static_cast<char>(value);
  return out;
}

struct File {
  std::string name, content;
};

// Stored entries, their directory, its end.
std::string zip(const std::vector<File>& files) {
  std::string out, directory;
  for (const File& file : files) {
    const std::string sizes = number(0, 4) + number(file.content.size(), 4) + number(file.content.size(), 4) +
                              number(file.name.size(), 2) + number(0, 2);
    directory += "PK\x01\x02" + number(20, 2) + number(20, 2) + number(0, 8) + sizes + number(0, 10) +
                 number(out.size(), 4) + file.name;
    out += "PK\x03\x04" + number(20, 2) + number(0, 8) + sizes + file.name + file.content;
  }
  const std::size_t at = out.size();
  return out + directory + "PK\x05\x06" + number(0, 4) + number(files.size(), 2) + number(files.size(), 2) +
         number(directory.size(), 4) + number(at, 4) + number(0, 2);
}

std::vector<Finding> of_zip(const std::vector<File>& files) {
  return look_into_package(zip(files), Package::zip);
}

std::string relation(const std::string& type, const std::string& mode) {
  return "<Relationships><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/x/" + type +
         "\" Target=\"http://example.jp/\"" + mode + "/></Relationships>";
}

constexpr char kOutside[] = " TargetMode=\"External\"";

}  // namespace

TEST_CASE("zip entries: the directory names them, and stored content is read") {
  const std::string octets = zip({{"a", "one"}, {"b/c", "two"}});
  const auto entries = zip_entries(octets);
  REQUIRE(entries.size() == 2);
  CHECK(entries[1].name == "b/c");
  CHECK(inflated(entries[1], 100) == "two");
  CHECK(inflated(entries[1], 2) == "tw");
}

TEST_CASE("zip entries: a directory that leads astray is read as far as it goes") {
  const std::string octets = zip({{"a", "one"}, {"b", "two"}});
  for (std::size_t size = 0; size < octets.size(); ++size)
    CHECK(zip_entries(octets.substr(0, size)).size() <= 2);
  std::string astray = octets;
  const std::size_t directory = astray.find("PK\x01\x02");
  astray.replace(directory + 42, 4, number(0x7fffffff, 4));
  REQUIRE(zip_entries(astray).size() == 2);
  CHECK(inflated(zip_entries(astray)[0], 100).empty());
}

TEST_CASE("package: an ordinary document gives nothing to note") {
  CHECK(of_zip({{"[Content_Types].xml", ""},
                {"word/document.xml", "x"},
                {"word/_rels/document.xml.rels", relation("image", "")}})
            .empty());
  CHECK(of_zip({{"Basic/script-lc.xml", ""}, {"content.xml", "<draw:image xlink:href=\"Pictures/1.png\"/>"}})
            .empty());
}

TEST_CASE("package: macros") {
  CHECK(of_zip({{"word/vbaProject.bin", ""}}) == std::vector{Finding::kMacroRemoved});
  CHECK(of_zip({{"xl/macrosheets/sheet1.xml", ""}}) == std::vector{Finding::kMacroRemoved});
  CHECK(of_zip({{"Basic/Standard/Module1.xml", ""}}) == std::vector{Finding::kMacroRemoved});
  CHECK(look_into_package(std::string("\xd0\xcf\x11\xe0 _\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0", 29),
                          Package::ole) == std::vector{Finding::kMacroRemoved});
}

TEST_CASE("package: embedded files, but no charts") {
  const auto manifest = [](const std::string& type) {
    return of_zip(
        {{"META-INF/manifest.xml",
          "<manifest:file-entry manifest:full-path=\"Object 1/\" manifest:media-type=\"application/" + type +
              "\"/>"}});
  };
  CHECK(of_zip({{"word/embeddings/oleObject1.bin", ""}}) == std::vector{Finding::kEmbeddedRemoved});
  CHECK(manifest("vnd.oasis.opendocument.spreadsheet") == std::vector{Finding::kEmbeddedRemoved});
  CHECK(manifest("vnd.sun.star.oleobject") == std::vector{Finding::kEmbeddedRemoved});
  CHECK(manifest("vnd.oasis.opendocument.chart").empty());
  CHECK(look_into_package("{\\rtf1 {\\object{\\*\\objdata 01}}}", Package::text) ==
        std::vector{Finding::kEmbeddedRemoved});
}

TEST_CASE("package: what is fetched from outside, but no plain links") {
  CHECK(of_zip({{"word/_rels/document.xml.rels", relation("image", kOutside)}}) ==
        std::vector{Finding::kRemoteContent});
  CHECK(of_zip({{"word/_rels/settings.xml.rels", relation("attachedTemplate", kOutside)}}) ==
        std::vector{Finding::kRemoteContent});
  CHECK(of_zip({{"word/_rels/document.xml.rels", relation("hyperlink", kOutside)}}).empty());
  CHECK(of_zip({{"xl/externalLinks/externalLink1.xml", ""}}) == std::vector{Finding::kRemoteContent});
  CHECK(of_zip({{"content.xml", "<draw:image xlink:href=\"https://example.jp/a.png\"/>"}}) ==
        std::vector{Finding::kRemoteContent});
  CHECK(of_zip({{"content.xml", "<text:a xlink:href=\"https://example.jp/\">x</text:a>"}}).empty());
}

TEST_CASE("package: comments") {
  CHECK(of_zip({{"word/comments.xml", ""}}) == std::vector{Finding::kHiddenContent});
  CHECK(of_zip({{"xl/comments1.xml", ""}}) == std::vector{Finding::kHiddenContent});
  CHECK(of_zip({{"content.xml", "<office:annotation office:name=\"1\">"}}) ==
        std::vector{Finding::kHiddenContent});
}

TEST_CASE("package: cut and broken markup is no trouble") {
  for (const char* xml : {"<Relationship ", "<Relationship TargetMode", "<Relationship TargetMode=",
                          "<Relationship TargetMode=\"", "<Relationship  Type='x TargetMode=\"External\"",
                          "<Relationship TargetMode=\"External\""})
    CHECK(of_zip({{"_rels/.rels", xml}}).size() <= 1);
  CHECK(look_into_package("", Package::zip).empty());
  CHECK(look_into_package("PK\x03\x04", Package::zip).empty());
}

TEST_CASE(
    "package: a relation after a broken one is seen, and beginnings repeated without end cost nothing") {
  std::string xml = "<Relationships><Relationship <Relationship Id=\"x\"/>";
  xml += relation("image", kOutside);
  CHECK(of_zip({{"word/_rels/document.xml.rels", xml}}) == std::vector{Finding::kRemoteContent});
  std::string endless;
  while (endless.size() < limits::kOfficeRelations) endless += "<Relationship ";
  CHECK(of_zip({{"word/_rels/document.xml.rels", endless}}).empty());
}
