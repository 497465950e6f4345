// ZIPs that readers disagree about, or that want out of their folder. Each refusal has an accepting twin in
// zip_test.cpp or beside it.
#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "tests/unit/sanitizers_archive/archives.h"

using namespace archive_test;
namespace limits = kiyome::limits;

namespace {

// Two entries of one directory that share their octets, after D. Fifield's "A better zip bomb".
std::string overlapping() {
  std::string zip = zip_of({{"a", std::string(200, 'a')}, {"b", "b"}});
  // The second central record is made a copy of the first but for its name.
  const std::size_t first = zip.find("PK\x01\x02"), second = zip.find("PK\x01\x02", first + 4);
  zip.replace(second + 14, 32, zip.substr(first + 14, 32));
  return zip;
}

}  // namespace

TEST_CASE("hostile zip: directories that disagree refuse the archive") {
  struct Row {
    const char* what;
    std::string zip;
  };
  const std::string hidden = zip_of({{"hidden.exe", "MZ"}});
  const Row kRows[] = {
      {"name", zip_of({{.name = "a.txt", .content = "x", .local_name = "a.exe"}})},
      {"CRC", zip_of({{.name = "a.txt", .content = "x", .local_crc = 5}})},
      {"size", zip_of({{.name = "a.txt", .content = "xxxx", .method = 8, .local_size = 3}})},
      {"method", zip_of({{.name = "a.txt", .content = "x", .local_method = 8}})},
      {"stored, but of another size", zip_of({{.name = "a.txt", .content = "xxxx", .central_size = 3}})},
      {"an entry that only the local headers know",
       zip_of({{.name = "a.txt", .content = "x", .behind = hidden.substr(0, hidden.find("PK\x01\x02"))}})},
      {"more octets than nobody's",
       zip_of({{.name = "a", .content = "x", .behind = std::string(limits::kArchiveSlack + 1, 'x')}})},
      {"entries that share octets", overlapping()},
      {"one more in the directory than counted",
       ZipMaker{.files = {{"a", "x"}, {"b", "x"}}, .count_lie = -1}.make()},
      {"one fewer", ZipMaker{.files = {{"a", "x"}}, .count_lie = 1}.make()},
      {"two archives in one file", zip_of({{"a", "x"}}) + zip_of({{"b", "x"}})},
      {"an archive within the comment",
       ZipMaker{.files = {{"a", "x"}}, .comment = zip_of({{"b", "x"}})}.make()},
      {"much behind the end",
       ZipMaker{.files = {{"a", "x"}}, .behind = std::string(limits::kArchiveSlack + 1, 'x')}.make()},
  };
  for (const Row& row : kRows) {
    INFO(row.what);
    const Said s = said(row.zip, as("application/zip"));
    CHECK(s.accepted);
    CHECK(s.refusal == Finding::kArchiveInconsistent);
  }
}

TEST_CASE("hostile zip: a little that belongs to nobody is told") {
  CHECK(said(zip_of({{.name = "a", .content = "x", .behind = std::string(limits::kArchiveSlack, 'x')}}))
            .has(0, Finding::kAmbiguousStructure));
  CHECK(said(zip_of({{.name = "a", .content = "x", .behind = std::string(limits::kArchiveSlack + 1, '\0')}}))
            .parts[0]
            .findings.empty());
  CHECK(said(ZipMaker{.files = {{"a", "x"}}, .behind = "\r\n"}.make()).contents.at(1) == "x");
}

TEST_CASE("hostile zip: what stands before the archive is told, a program holds it") {
  for (const bool counted : {false, true}) {
    const Said text =
        said(ZipMaker{.files = {{"a", "x"}}, .before = "%PDF-1.4 ", .count_before = counted}.make(),
             as("application/zip"));
    CHECK(text.has(0, Finding::kPolyglot));
    CHECK(text.contents.at(1) == "x");
    const std::string program = "MZ" + std::string(58, '\0') + le(64, 4) + "PE" + std::string(100, '\0');
    CHECK(said(ZipMaker{.files = {{"a", "x"}}, .before = program, .count_before = counted}.make(),
               as("application/zip"))
              .has(0, Finding::kExecutable));
  }
}

TEST_CASE("hostile zip: no end record, half a file") {
  const std::string zip = zip_of({{"a.txt", "hello"}});
  for (std::size_t size = 0; size < zip.size(); ++size) {
    const Said s = said(std::string_view(zip).substr(0, size), as("application/zip"));
    CHECK(s.accepted);
    CHECK(s.refusal == Finding::kDamagedPart);
  }
  std::string many = zip;
  many[zip.rfind("PK\x05\x06") + 4] = 1;
  CHECK(said(many).refusal == Finding::kUnsupportedType);  // a disk of several
}

TEST_CASE("hostile zip: unsafe paths are held, harmless ones are put straight") {
  for (const char* name :
       {"../a.txt", "a/../../b.txt", "..\\a.txt", "/etc/passwd", "\\\\server\\a", "C:\\a.txt", "C:a.txt",
        "a.txt:stream", "a/.. /b", "a/.../b", "new\nline", "tab\t.exe"}) {
    INFO(name);
    const Said s = said(zip_of({{name, "x"}, {"good.txt", "y"}}));
    REQUIRE(s.accepted);
    CHECK(s.has(1, Finding::kUnsafePath));
    CHECK_FALSE(s.contents.contains(1));
    CHECK(s.contents.at(2) == "y");
  }
  const Said nul = said(zip_of({{std::string("a.txt\0.exe", 10), "x"}}));
  CHECK(nul.has(1, Finding::kUnsafePath));
  const Said fine = said(zip_of({{"./a//b.txt", "x"}, {"c\\d.txt", "x"}, {"..e", "x"}, {"f..g/...h", "x"}}));
  CHECK(fine.names() == "a/b.txt|c/d.txt|..e|f..g/...h");
  for (int i = 1; i <= 4; ++i) CHECK_FALSE(fine.has(static_cast<std::size_t>(i), Finding::kUnsafePath));
}

TEST_CASE("hostile zip: depth and length of paths") {
  const auto deep = [](std::size_t folders) {
    std::string path;
    for (std::size_t i = 0; i < folders; ++i) path += "d/";
    return said(zip_of({{path + "a", "x"}})).has(1, Finding::kUnsafePath);
  };
  CHECK_FALSE(deep(limits::kArchivePathDepth - 1));
  CHECK(deep(limits::kArchivePathDepth));
  const auto long_name = [](std::size_t octets) { return said(zip_of({{std::string(octets, 'n'), "x"}})); };
  CHECK_FALSE(long_name(limits::kCleanName).has(1, Finding::kUnsafePath));
  CHECK(long_name(limits::kCleanName + 1).has(1, Finding::kUnsafePath));
  CHECK(long_name(60000).has(1, Finding::kUnsafePath));
}

TEST_CASE("hostile zip: links and devices are held, modes of files are not") {
  const auto mode = [](std::uint32_t bits) {
    return said(zip_of({{.name = "a", .content = "/etc/passwd", .attributes = bits << 16, .host = 3}}))
        .has(1, Finding::kLinkEntry);
  };
  for (const std::uint32_t bits : {0120777u, 0020666u, 0060666u, 0140777u}) CHECK(mode(bits));
  for (const std::uint32_t bits : {0100644u, 0100755u, 0u}) CHECK_FALSE(mode(bits));
}

TEST_CASE("hostile zip: two entries of one name are two files") {
  const Said s = said(zip_of({{"a.txt", "1"}, {"A.TXT", "2"}, {"a (2).txt", "3"}, {"a.txt", "4"}}));
  REQUIRE(s.accepted);
  CHECK(s.names() == "a.txt|A (2).TXT|a (2) (2).txt|a (3).txt");
  CHECK_FALSE(s.has(1, Finding::kNameChanged));
  CHECK(s.has(4, Finding::kNameChanged));
  CHECK(s.contents.at(4) == "4");
}

TEST_CASE("hostile zip: an entry whose octets are not what the directory says is held alone") {
  const Said bad_crc = said(zip_of({{.name = "a", .content = "hello", .method = 8, .crc = 7}, {"b", "x"}}));
  CHECK(bad_crc.has(1, Finding::kDamagedPart));
  CHECK(bad_crc.contents.at(2) == "x");
  // A bomb that claims to be small.
  const Said bomb =
      said(zip_of({{.name = "a", .content = std::string(1 << 20, '\0'), .method = 8, .central_size = 10}}));
  CHECK(bomb.has(1, Finding::kArchiveInconsistent));
  CHECK(bomb.contents.empty());
  const Said unknown = said(zip_of({{.name = "a", .content = "hello", .method = 9}, {"b", "x"}}));
  CHECK(unknown.has(1, Finding::kUnsupportedType));
  CHECK(unknown.contents.at(2) == "x");
}

TEST_CASE("hostile zip: programs are told by content and by name") {
  const Said s =
      said(zip_of({{"a.txt", "MZ" + std::string(58, '\0') + le(64, 4) + "PE" + std::string(99, '\0')},
                   {"b.vbs", "x"},
                   {"c.txt", "x"}}));
  CHECK(s.has(1, Finding::kExecutable));
  CHECK(s.has(2, Finding::kExecutable));
  CHECK_FALSE(s.has(3, Finding::kExecutable));
}

TEST_CASE("hostile zip: how many entries, how many octets") {
  const auto entries = [](std::size_t count) {
    std::vector<ZipFile> files;
    for (std::size_t i = 0; i < count; ++i) files.push_back({"f" + std::to_string(i), ""});
    return said(zip_of(std::move(files)));
  };
  CHECK(entries(limits::kArchiveEntries - 1).parts.size() == limits::kArchiveEntries);
  CHECK(entries(limits::kArchiveEntries).accepted);
  CHECK(entries(limits::kArchiveEntries + 1).refusal == Finding::kLimitEntries);
  const auto folders = [](std::size_t count) {
    std::vector<ZipFile> files;
    for (std::size_t i = 0; i < count; ++i) files.push_back({"f" + std::to_string(i) + "/", ""});
    return said(zip_of(std::move(files)));
  };
  CHECK(folders(limits::kArchiveMembers).accepted);
  CHECK_FALSE(folders(limits::kArchiveMembers).refusal.has_value());
  CHECK(folders(limits::kArchiveMembers + 1).refusal == Finding::kLimitEntries);
  // Claims are enough to refuse.
  const auto claims = [](std::uint32_t each) {
    const ZipFile file{.name = "a", .content = "", .method = 12, .central_size = each};
    return said(zip_of({file, file, file}));
  };
  CHECK(claims(limits::kArchiveExpanded / 3 + 1).refusal == Finding::kLimitExpanded);
  const Said one = said(
      zip_of({{.name = "a", .content = "", .method = 8, .central_size = limits::kArchiveEntryOctets + 1}}));
  CHECK_FALSE(one.refusal.has_value());
  CHECK(one.has(1, Finding::kLimitExpanded));
}

TEST_CASE("hostile zip: an archive that holds itself many times is only listed") {
  std::string inner = zip_of({{.name = "0.bin", .content = std::string(4 << 20, '\0'), .method = 8}});
  std::vector<ZipFile> files;
  for (int i = 0; i < 16; ++i) files.push_back({"lib" + std::to_string(i) + ".zip", inner});
  const Said s = said(zip_of(std::move(files)));
  CHECK(s.parts.size() == 17);
  CHECK(s.parts[1].detected_type == "application/zip");
  CHECK(s.contents.at(16) == inner);
}
