// Archives of the pick-up, also those that only 64-bit records can tell of. Programs of others must read
// them; what is large in them is holes, in files that are written with holes.
#include "service/gate/pick_up/zip_stream.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>

#include "proto/base/bytes.h"
#include "service/base/descriptor.h"
#include "service/base/errors.h"
#include "service/gate/verify.h"
#include "tests/unit/service_gate/gate_fixture.h"

using namespace kiyome;
using namespace kiyome::testing;
using gate::Content;
using gate::ZipEntry;
using gate::ZipStream;

namespace {

constexpr std::uint64_t kLarge = (std::uint64_t{1} << 32) + 5;  // octets, more than 32 bits tell

std::uint32_t crc_of(std::string_view octets) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(octets.data()), octets.size()));
}
ZipEntry entry_of(const std::string& name, const std::string& octets) {
  return {name, octets.size(), crc_of(octets), [octets] { return std::make_shared<Content>(octets); }};
}
ZipEntry large_entry(const Folder& folder, const std::string& name) {
  const std::string path = folder.path.string() + "/large";
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::ftruncate(file.get(), static_cast<off_t>(kLarge)) == 0);
  return {name, kLarge, 0, [folder = folder.path.string()] {
            const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            return Content::map(directory.get(), "large");
          }};
}

// Reads it to its end into a file with holes; gives how much there was.
std::uint64_t write_to(const std::string& path, ZipStream& stream) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  std::string room(4096, '\0');  // small, so that the records between two holes fill little
  std::uint64_t at = 0;
  while (const std::size_t count = stream.read(room.data(), room.size())) {
    const bool hole = room[0] == '\0' &&
                      std::equal(room.begin() + 1, room.begin() + static_cast<long>(count), room.begin());
    if (!hole) REQUIRE(::pwrite(file.get(), room.data(), count, static_cast<off_t>(at)) == ssize_t(count));
    at += count;
  }
  REQUIRE(::ftruncate(file.get(), static_cast<off_t>(at)) == 0);
  return at;
}
std::string text_of(ZipStream& stream) {
  std::string out, room(1000, '\0');
  while (const std::size_t count = stream.read(room.data(), room.size())) out.append(room, 0, count);
  return out;
}

// What Python's reader says of the archive: names and sizes, and the content of the last entry.
std::string told_by_python(const std::string& path) {
  REQUIRE(::access("/usr/bin/python3", X_OK) == 0);
  const std::string program =
      "import zipfile,sys\nz=zipfile.ZipFile(sys.argv[1])\ni=z.infolist()\n"
      "print(len(i),i[0].filename,i[0].file_size,i[-1].filename,i[-1].header_offset,z.read(i[-1]).decode())";
  FILE* const python =
      ::popen(("PYTHONUTF8=1 /usr/bin/python3 -c '" + program + "' '" + path + "'").c_str(), "r");
  REQUIRE(python != nullptr);
  std::string out;
  char room[4096];
  while (const std::size_t count = std::fread(room, 1, sizeof room, python)) out.append(room, count);
  CHECK(::pclose(python) == 0);
  return out;
}

}  // namespace

TEST_CASE("zip: what 32 bits can tell of stands in the old records alone") {
  ZipStream stream({entry_of("一.txt", "one\r\n"), entry_of("二.txt", "two\r\n")});
  const std::string octets = text_of(stream);
  CHECK(octets.size() == stream.size());
  const auto violation = gate::verify_zip(octets);
  CHECK_MESSAGE(!violation, (violation ? violation->reason : ""));
  CHECK(octets.find("PK\x06\x06") == std::string::npos);
}

TEST_CASE("zip: none at all is an archive, too") {
  ZipStream stream({});
  CHECK(text_of(stream).size() == 22);
  CHECK(stream.size() == 22);
}

TEST_CASE("zip: entries that begin behind 4 GiB are read by others") {
  const Folder folder;
  // One content for all of them: it stays in the processor's cache.
  const auto content = std::make_shared<Content>(std::string(1u << 20, '\0'));
  std::vector<ZipEntry> entries(
      4097, {"", content->view().size(), crc_of(content->view()), [content] { return content; }});
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].name = "頁" + std::to_string(i) + ".bin";
  entries.push_back(entry_of("後.txt", "behind\r\n"));
  ZipStream stream(std::move(entries));
  const std::string path = folder.path.string() + "/all.zip";
  CHECK(write_to(path, stream) == stream.size());
  const std::string told = told_by_python(path);
  CHECK(told.starts_with("4098 頁0.bin 1048576 後.txt 42961"));
  CHECK(told.find(" behind\r\n") != std::string::npos);
}

// No file of the gate is so large by itself, so nobody reads one to its end here.
TEST_CASE("zip: an entry above 4 GiB tells its size in 64 bits") {
  const Folder folder;
  ZipStream stream({large_entry(folder, "a")});
  std::string head(51, '\0');
  REQUIRE(stream.read(head.data(), head.size()) == head.size());
  ByteReader r(head);
  CHECK(r.raw(4) == "PK\x03\x04");
  CHECK(r.u16() == 45);
  r.raw(12);
  CHECK(r.u32() == 0xFFFFFFFF);
  CHECK(r.u32() == 0xFFFFFFFF);
  CHECK(r.u16() == 1);
  CHECK(r.u16() == 20);
  CHECK(r.raw(1) == "a");
  CHECK(r.u16() == 1);
  CHECK(r.u16() == 16);
  CHECK(r.u64() == kLarge);
  CHECK(r.u64() == kLarge);
  CHECK(r.done());
}

TEST_CASE("zip: at the last octet that 32 bits tell of, and one beyond") {
  const auto size_with = [](std::uint64_t bytes) {
    return ZipStream({ZipEntry{"a", bytes, 0, [] { return nullptr; }}}).size();
  };
  constexpr std::uint64_t kRecords = 30 + 1 + 46 + 1 + 22, kEnd64 = 56 + 20, kField = 4 + 16;
  CHECK(size_with(1) == 1 + kRecords);
  CHECK(size_with(0xFFFFFFFE - 31) == 0xFFFFFFFEull - 31 + kRecords);
  // The directory lies beyond; fields of the entry only where they are needed.
  CHECK(size_with(0xFFFFFFFF - 31) == 0xFFFFFFFFull - 31 + kRecords + kEnd64);
  CHECK(size_with(0xFFFFFFFE) == 0xFFFFFFFEull + kRecords + kEnd64);
  CHECK(size_with(0xFFFFFFFF) == 0xFFFFFFFFull + kRecords + kEnd64 + 2 * kField);
}

TEST_CASE("zip: of 65,534 entries, 65,535 and more") {
  const Folder folder;
  for (const std::size_t count : {65534u, 65535u, 70000u}) {
    std::vector<ZipEntry> entries;
    for (std::size_t i = 0; i < count; ++i) entries.push_back(entry_of(std::to_string(i) + ".txt", "x"));
    ZipStream stream(std::move(entries));
    const std::string path = folder.path.string() + "/all.zip";
    CHECK(write_to(path, stream) == stream.size());
    CHECK(told_by_python(path).starts_with(std::to_string(count) + " 0.txt 1 " + std::to_string(count - 1)));
  }
}

TEST_CASE("zip: an entry that is gone, or of another size, ends it") {
  ZipEntry gone = entry_of("a.txt", "x");
  gone.content = [] { return nullptr; };
  ZipEntry other = entry_of("b.txt", "x");
  other.bytes = 2;
  for (const ZipEntry& one : {gone, other}) {
    ZipStream stream({one});
    CHECK_THROWS_AS(text_of(stream), TemporaryFailure);
  }
}
