// What libarchive reads for us: each format once, then what it must not make of it.
#include <doctest/doctest.h>
#include <zlib.h>

#include "proto/base/limits.h"
#include "sanitizers/archive/library_walk.h"
#include "tests/unit/sanitizers_archive/archives.h"

using namespace archive_test;
namespace limits = kiyome::limits;
namespace archive = kiyome::sanitizer::archive;

namespace {

const std::string kTable = "\x95\x5c.txt";  // 表.txt in CP932

std::string tar_file(std::string name, const std::string& content, char type = '0',
                     const std::string& target = {}) {
  char octal[13];
  std::snprintf(octal, sizeof octal, "%011zo", content.size());
  name.resize(100);
  std::string linked = target;
  linked.resize(100);
  std::string head = name +
                     std::string(
                         "0000644\0"
                         "0000000\0"
                         "0000000\0",
                         24) +
                     std::string(octal, 12) + std::string("00000000000\0", 12) + "        " + type + linked +
                     std::string(
                         "ustar\0"
                         "00",
                         8);
  head.resize(512);
  unsigned sum = 0;
  for (const char c : head) sum += static_cast<unsigned char>(c);
  std::snprintf(octal, sizeof octal, "%06o", sum);
  head.replace(148, 7, std::string(octal, 7));
  std::string out = head + content;
  out.resize((out.size() + 511) / 512 * 512);
  return out;
}
const std::string kTarEnd(1024, '\0');

std::string gzipped(std::string_view octets, const std::string& name = {}) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  gz_header header{};
  std::string kept = name;
  header.name = reinterpret_cast<Bytef*>(kept.data());
  if (!name.empty()) deflateSetHeader(&stream, &header);
  std::string out(deflateBound(&stream, octets.size()) + 256, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
  stream.avail_in = static_cast<uInt>(octets.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::uint32_t crc_of(std::string_view s) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(s.data()), static_cast<uInt>(s.size())));
}

// RAR 5 with one stored file. All numbers are below 128: one octet each.
std::string rar5(unsigned archive_flags) {
  const auto block = [](const std::string& header) {
    const std::string counted = le(header.size(), 1) + header;
    return le(crc_of(counted), 4) + counted;
  };
  const std::string name = "資料.txt";
  return std::string("Rar!\x1a\x07\x01\0", 8) + block(le(1, 1) + le(0, 1) + le(archive_flags, 1)) +
         block(le(2, 1) + le(2, 1) + le(5, 1) + le(4, 1) + le(5, 1) + le(0, 1) + le(crc_of("hello"), 4) +
               le(0, 1) + le(1, 1) + le(name.size(), 1) + name) +
         "hello" + block(le(5, 1) + le(0, 1) + le(0, 1));
}

std::string cab() {
  const std::string file = le(5, 4) + le(0, 4) + le(0, 2) + le(0x21, 4) + le(0x20, 2) + kTable + le(0, 1);
  const std::string data = le(0, 4) + le(5, 2) + le(5, 2) + "hello";
  const std::size_t files_at = 36 + 8, data_at = files_at + file.size();
  return "MSCF" + le(0, 4) + le(data_at + data.size(), 4) + le(0, 4) + le(files_at, 4) + le(0, 4) +
         le(0x0103, 2) + le(1, 2) + le(1, 2) + le(0, 6) + le(data_at, 4) + le(1, 2) + le(0, 2) + file + data;
}

std::string cpio() {
  const auto entry = [](const std::string& name, const std::string& content) {
    char head[111];
    std::snprintf(head, sizeof head, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1,
                  0100644, 0, 0, 1, 0, content.size(), 0, 0, 0, 0, name.size() + 1, 0);
    std::string out = std::string(head, 110) + name + '\0';
    out.resize((out.size() + 3) / 4 * 4);
    out += content;
    out.resize((out.size() + 3) / 4 * 4);
    return out;
  };
  return entry(kTable, "hello") + entry("TRAILER!!!", "");
}

const std::string kSevenZip = from_hex(  // mitsu.txt
    "377abcaf271c000448bdc5af1d000000000000005a000000000000001bf94499010018e8a68be7a98de69bb8e381aee4b8ade8ba"
    "abe381a7"
    "e381990a000104060001091d00070b010001212101000c1900080a01968e6e9400000501190c0000000000000000000000001115"
    "00"
    "6d0069007400730075002e007400780074000000140a01008d65cf3edc79dd01150601002080a4810000");
const std::string kSealedSevenZip = from_hex(
    "377abcaf271c000460e1861e20000000000000006a00000000000000a88cd038c3f2c1c347a262ded3ff330ae63ba912e1aee936"
    "b2617af7"
    "9375d4fe7b130d680104060001092000070b0100022406f1070112530f86ce21da57312535a42b472f6df8e1712121010001000c"
    "1d190008"
    "0a01968e6e94000005011901001115006d0069007400730075002e007400780074000000140a01008d65cf3edc79dd0115060100"
    "2080a481"
    "0000");
const std::string kSealedNames = from_hex(
    "377abcaf271c000484ca5d5d90000000000000002e00000000000000eb8ef0a02ebf383e18e90ac94f90f209ae795f5f034c03bc"
    "4a146e47"
    "9499de965457050c4df2f7d258afdd0532b0e2ed2f164730433ad2adc7487c705162044e552a88c715facb0ead089259ff49d9e4"
    "a69d5fe8"
    "901e2a3158628f5f141d74703e602ff35b661daf8243a066970b9043196f0f8c13b71af692e480420df8195abafc2f5cb2615617"
    "2dcbd0c2"
    "43d89f10c7a14e6c17062001097000070b0100012406f1070112530f2ecc02796527e9684c8861d4613e0cf10c6a0a01f29d3032"
    "0000");

}  // namespace

TEST_CASE("library: each format gives its file") {
  struct Row {
    const char* type;
    std::string octets;
    const char* name;
  };
  const Row kRows[] = {
      {"application/x-tar", tar_file("d/" + kTable, "hello") + kTarEnd, "d/表.txt"},
      {"application/x-cpio", cpio(), "表.txt"},
      {"application/x-archive",
       "!<arch>\na.txt/          0           0     0     644     5         `\nhello\n", "a.txt"},
      {"application/vnd.rar", rar5(0), "資料.txt"},
      {"application/vnd.ms-cab-compressed", cab(), "表.txt"},
      {"application/gzip", gzipped(tar_file("表.txt", "hello") + kTarEnd), "表.txt"},
  };
  for (const Row& row : kRows) {
    INFO(row.type);
    const Said s = said(row.octets, as(row.type));
    REQUIRE(s.accepted);
    REQUIRE_FALSE(s.refusal.has_value());
    CHECK(s.names() == row.name);
    REQUIRE(s.contents.contains(1));
    CHECK(s.contents.at(1) == "hello");
    CHECK(s.parts[0].detected_type == row.type);
    CHECK(s.parts[0].findings.empty());
  }
  CHECK(said(kSevenZip).contents.at(1) == "見積書の中身です\n");
}

TEST_CASE("library: a packed file is named after its archive, or by its header") {
  const std::string gzip = gzipped("hello", "original.csv");
  CHECK(said(gzip, as("application/gzip", "報告.txt.gz")).names() == "報告.txt");
  CHECK(said(gzip, as("application/gzip")).names() == "original.csv");
  CHECK(said(gzipped("hello", "C/../x.csv"), as("application/gzip")).names() == "x.csv");
  CHECK(said(gzipped("hello"), as("application/gzip", "backup.tgz")).names() == "backup.tar");
  // A program that unpacks it by the other name gets what that name means.
  CHECK(
      said(gzipped("echo hello", "a.bat"), as("application/gzip", "a.txt.gz")).has(1, Finding::kExecutable));
  CHECK_FALSE(
      said(gzipped("echo hello", "b.txt"), as("application/gzip", "a.txt.gz")).has(1, Finding::kExecutable));
  struct Row {
    const char *type, *hex;
  };
  constexpr Row kRows[] = {
      {"application/x-bzip2",
       "425a6839314159265359c1c080e2000001410000100244a00030cd00c3462997177245385090c1c080e2"},
      {"application/x-xz",
       "fd377a585a000004e6d6b4460200210116000000742fe5a301000568656c6c6f0a000000a56097f194f6fde000011e06c12fa"
       "41d1fb6f37d"
       "010000000004595a"},
      {"application/zstd", "28b52ffd240631000068656c6c6f0a5388bd91"},
      {"application/x-lz4", "04224d186440a70600008068656c6c6f0a00000000f95b6b94"},
      {"application/x-lzma", "5d00008000ffffffffffffffff00341949ee8ddd3d3adfffffdd120000"},
  };
  for (const Row& row : kRows) {
    INFO(row.type);
    const Said s = said(from_hex(row.hex), as(row.type, "a.txt.x"));
    CHECK(s.names() == "a.txt");
    REQUIRE(s.contents.contains(1));
    CHECK(s.contents.at(1) == "hello\n");
  }
}

TEST_CASE("library: packed more than once is nested too deeply; an empty file is nothing") {
  CHECK(said(gzipped(gzipped("hello")), as("application/gzip")).refusal == Finding::kLimitNesting);
  CHECK(said(gzipped(""), as("application/gzip")).parts.size() == 1);
}

TEST_CASE("library: zeros are no empty tar") {
  const Said s = said(gzipped(std::string(4096, '\0') + "hidden"), as("application/gzip", "disk.img.gz"));
  REQUIRE(s.parts.size() == 2);
  CHECK(s.contents.at(1).ends_with("hidden"));
}

TEST_CASE("library: encrypted 7z is held, by entries or as a whole") {
  const Said s = said(kSealedSevenZip);
  REQUIRE(s.accepted);
  CHECK(s.names() == "mitsu.txt");
  CHECK(s.has(1, Finding::kEncrypted));
  CHECK(said(kSealedNames).refusal == Finding::kEncrypted);
}

TEST_CASE("library: a volume of several is not judged alone") {
  CHECK(said(rar5(1)).refusal == Finding::kUnsupportedType);
  CHECK_FALSE(archive::is_rar_volume(rar5(0)));
  CHECK_FALSE(archive::is_rar_volume("Rar!"));
  CHECK(archive::is_rar_volume(std::string("Rar!\x1a\x07\0\0\0s\x01\0\x0d\0", 14)));
  CHECK_FALSE(archive::is_rar_volume(std::string("Rar!\x1a\x07\0\0\0s\x10\0\x0d\0", 14)));
}

TEST_CASE("library: links, devices and paths of a tar") {
  const Said s = said(tar_file("a", "x") + tar_file("s", "", '2', "/etc/passwd") +
                      tar_file("h", "", '1', "a") + tar_file("c", "", '3') + tar_file("d/", "", '5') +
                      tar_file("../b", "x") + tar_file("/c", "x") + tar_file("./e", "y") + kTarEnd);
  REQUIRE(s.accepted);
  CHECK(s.names() == "a|s|h|c|../b|c (2)|e");
  for (const std::size_t i : {2u, 3u, 4u}) CHECK(s.has(i, Finding::kLinkEntry));
  for (const std::size_t i : {5u, 6u}) CHECK(s.has(i, Finding::kUnsafePath));
  CHECK(s.contents.size() == 2);
  CHECK(s.contents.at(7) == "y");
}

TEST_CASE("library: of a cut or changed archive the whole files stay, and the loss is told") {
  const std::string first = tar_file("a", "hello");
  const Said cut = said(first + tar_file("b", std::string(900, 'x')).substr(0, 700), as("application/x-tar"));
  CHECK(cut.contents.at(1) == "hello");
  CHECK(cut.has(0, Finding::kBrokenStructure));
  CHECK(cut.has(2, Finding::kDamagedPart));
  std::string changed = tar_file("b", "hello");
  changed[0] = 'c';
  const Said broken = said(first + changed + kTarEnd, as("application/x-tar"));
  CHECK(broken.contents.at(1) == "hello");
  CHECK(broken.has(0, Finding::kBrokenStructure));
  CHECK(broken.has(2, Finding::kDamagedPart));
  CHECK(said("no tar", as("application/x-tar")).refusal == Finding::kDamagedPart);
  CHECK(said(gzipped("hello hello").substr(0, 12), as("application/gzip")).refusal == Finding::kDamagedPart);
}

TEST_CASE("library: the sums of a gzip file count, in each of its members, and what follows them is told") {
  const std::string text(300, 'a');
  const std::string sound = gzipped(text);
  CHECK(said(sound + gzipped("b"), as("application/gzip")).contents.at(1) == text + "b");
  CHECK_FALSE(said(sound, as("application/gzip")).has(0, Finding::kAmbiguousStructure));
  std::string changed = sound;
  changed[changed.size() - 5] ^= 1;  // of the CRC
  for (const std::string& octets : {changed, sound + changed, changed + sound}) {
    const Said s = said(octets, as("application/gzip"));
    CHECK(s.has(0, Finding::kBrokenStructure));
    CHECK(s.has(1, Finding::kDamagedPart));
    CHECK(s.contents.empty());
  }
  std::string packed = gzipped(tar_file("a", "hello") + kTarEnd);
  CHECK_FALSE(said(packed, as("application/gzip")).has(0, Finding::kBrokenStructure));
  packed[packed.size() - 5] ^= 1;
  CHECK(said(packed, as("application/gzip")).has(0, Finding::kBrokenStructure));
  CHECK(said(sound + "more", as("application/gzip")).has(0, Finding::kAmbiguousStructure));
  CHECK_FALSE(
      said(sound + std::string(9, '\0'), as("application/gzip")).has(0, Finding::kAmbiguousStructure));
}

TEST_CASE("library: what is no archive of ours is refused") {
  CHECK(said("hello").refusal == Finding::kUnsupportedType);
  CHECK(said("\x60\xea", as("application/x-arj")).refusal == Finding::kUnsupportedType);
  CHECK(said(std::string(40000, '\0'), as("application/x-iso9660-image")).refusal ==
        Finding::kUnsupportedType);
}

TEST_CASE("library: a bomb of one entry ends at the limit") {
  std::string zeros(limits::kArchiveEntryOctets + 1, '\0');
  const std::string bomb = gzipped(zeros);
  zeros.clear();
  zeros.shrink_to_fit();
  CHECK(said(bomb, as("application/gzip")).refusal == Finding::kLimitExpanded);
}
