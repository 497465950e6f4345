// ZIPs as people send them: all that is in them comes out.
#include <doctest/doctest.h>

#include "tests/unit/sanitizers_archive/archives.h"

using namespace archive_test;

namespace {

kiyome::clean::JobOptions with(std::vector<std::string> passwords) {
  kiyome::clean::JobOptions options;
  options.passwords = std::move(passwords);
  return options;
}

// Made by 7-Zip: mitsu.txt with 25 octets, password "secret".
const std::string kAes256 = from_hex(
    "504b03043300010063003c8a755d00000000350000001900000009000b006d697473752e74787401990700020041450300009107"
    "1bdcf11f"
    "69584c4255deaf55b0751b8876130d7da1d76787f4c4fb267709895f05625fb3f26c4e6a962ef1f7ca7fe33444c0dc504b01023f"
    "03330001"
    "0063003c8a755d00000000350000001900000009002f000000000000002080a481000000006d697473752e7478740a0020000000"
    "00000100"
    "18008d65cf3edc79dd01000000000000000000000000000000000199070002004145030000504b05060000000001000100660000"
    "00670000"
    "000000");
const std::string kAes128 = from_hex(
    "504b03043300010063003c8a755d000000002d0000001900000009000b006d697473752e7478740199070002004145010000a89f"
    "6be34fba"
    "dffc60ac4313f37478fb78f6e564039bd4762aabb30df69522eeb1aa4d246eb38f38c40c4cdb68504b01023f033300010063003c"
    "8a755d00"
    "0000002d0000001900000009002f000000000000002080a481000000006d697473752e7478740a00200000000000010018008d65"
    "cf3edc79"
    "dd01000000000000000000000000000000000199070002004145010000504b05060000000001000100660000005f0000000000");

}  // namespace

TEST_CASE("zip: stored and deflated files, folders are no parts") {
  const std::string text(5000, 'a');
  const Said s =
      said(zip_of({{"docs/", ""}, {"docs/a.txt", "hello"}, {"docs/b.txt", text, 8}, {"empty.txt", ""}}));
  REQUIRE(s.accepted);
  CHECK(s.names() == "docs/a.txt|docs/b.txt|empty.txt");
  CHECK(s.parts[0].role == kiyome::clean::Role::container);
  CHECK(s.parts[0].detected_type == "application/zip");
  CHECK(s.parts[0].findings.empty());
  CHECK(s.parts[1].detected_type == "text/plain");
  CHECK(s.parts[1].parent == 0);
  CHECK(s.contents.at(1) == "hello");
  CHECK(s.contents.at(2) == text);
  CHECK(s.parts[3].size == 0);
  CHECK_FALSE(s.contents.contains(3));
}

TEST_CASE("zip: an empty archive is an archive") {
  const Said s = said(zip_of({}));
  CHECK(s.accepted);
  CHECK(s.parts.size() == 1);
}

TEST_CASE("zip: a data descriptor, a comment, a Zip64 directory, a mark of splitting") {
  CHECK(said(zip_of({{.name = "a", .content = "hello", .method = 8, .descriptor = true},
                     {.name = "b", .content = "hello", .descriptor = true}}))
            .contents.at(2) == "hello");
  CHECK(said(ZipMaker{.files = {{"a", "hello"}}, .comment = "注記"}.make()).contents.at(1) == "hello");
  CHECK(said(ZipMaker{.files = {{"a", "hello"}, {"b", "hello"}}, .zip64 = true}.make()).contents.at(2) ==
        "hello");
  const Said split = said(ZipMaker{.files = {{"a", "hello"}}, .before = "PK00", .count_before = true}.make());
  CHECK(split.contents.at(1) == "hello");
  CHECK(split.parts[0].findings.empty());
}

TEST_CASE("zip: names in CP932, also where the second octet is a backslash") {
  // 表/ソフト一覧.txt and 予定.txt
  const std::string table = "\x95\x5c/\x83\x5c\x83\x74\x83\x67\x88\xea\x97\x97.txt",
                    plan = "\x97\x5c\x92\xe8.txt";
  CHECK(said(zip_of({{table, "x"}, {plan, "y"}})).names() == "表/ソフト一覧.txt|予定.txt");
  CHECK(said(zip_of({{"\x95\x5c\\a.txt", "x"}})).names() == "表/a.txt");  // and a real one
}

TEST_CASE("zip: names in UTF-8 with and without the flag, in CP437, in a Unicode path field") {
  CHECK(said(zip_of({{.name = "報告.txt", .content = "x", .flags = 0x800}})).names() == "報告.txt");
  CHECK(said(zip_of({{"報告.txt", "x"}})).names() == "報告.txt");
  CHECK(said(zip_of({{"caf\x82.txt", "x"}})).names() == "café.txt");
  // The CRC of "a?.txt" binds the field to the name.
  const std::string unicode = "あ.txt", name = "a_.txt";
  const std::string field = [&] {
    const std::string zip = zip_of({{name, name}});  // its CRC is in the local header
    return le(0x7075, 2) + le(5 + unicode.size(), 2) + "\x01" + zip.substr(14, 4) + unicode;
  }();
  CHECK(said(zip_of({{.name = name, .content = "x", .extra = field}})).names() == unicode);
  CHECK(said(zip_of({{.name = "b_.txt", .content = "x", .extra = field}})).names() == "b_.txt");
}

TEST_CASE("zip: ZipCrypto with the right password, in CP932 too; without it the entry is held") {
  const std::string zip = zip_of({{.name = "a.txt", .content = "hello", .method = 8, .password = "secret"}});
  const Said open = said(zip, with({"wrong", "secret"}));
  REQUIRE(open.accepted);
  CHECK(open.contents.at(1) == "hello");
  CHECK(open.has(1, Finding::kPasswordUsed));
  CHECK_FALSE(open.has(1, Finding::kEncrypted));
  CHECK_FALSE(open.has(0, Finding::kEncrypted));
  for (const auto& options : {with({"wrong"}), with({})}) {
    const Said held = said(zip, options);
    REQUIRE(held.accepted);
    CHECK(held.has(1, Finding::kEncrypted));
    CHECK(held.contents.empty());
  }
  // 合言葉ソｱ㈱髙 as a Japanese Windows types it
  const std::string japanese = "\x8d\x87\x8c\xbe\x97\x74\x83\x5c\xb1\x87\x8a\xfb\xfc";
  const Said windows =
      said(zip_of({{.name = "a.txt", .content = "hello", .password = japanese}}), with({"合言葉ソｱ㈱髙"}));
  CHECK(windows.contents.at(1) == "hello");
}

TEST_CASE("zip: of two hundred wrong passwords none opens ZipCrypto by chance") {
  std::vector<std::string> passwords;
  for (int i = 0; i < 200; ++i) passwords.push_back("p" + std::to_string(i));
  const Said s =
      said(zip_of({{.name = "a", .content = "hello hello", .password = "secret"}}), with(passwords));
  CHECK(s.has(1, Finding::kEncrypted));
}

TEST_CASE("zip: WinZip's AES with the right and the wrong password, and after a change") {
  for (const std::string& zip : {kAes256, kAes128}) {
    const Said open = said(zip, with({"secret"}));
    REQUIRE(open.accepted);
    CHECK(open.contents.at(1) == "見積書の中身です\n");
    CHECK(open.has(1, Finding::kPasswordUsed));
    CHECK(said(zip, with({"Secret"})).has(1, Finding::kEncrypted));
    std::string changed = zip;
    changed[zip.find("PK\x01\x02") - 20] ^= 1;  // in the sealed octets: the MAC tells
    CHECK(said(changed, with({"secret"})).has(1, Finding::kEncrypted));
  }
}

TEST_CASE("zip: what programs leave beside files is decoration when it is that by content") {
  const std::string double_file = std::string("\0\5\x16\7\0\2\0\0", 8);
  const Said s = said(zip_of({{"__MACOSX/._a.txt", double_file},
                              {"__MACOSX/._b.txt", "no such thing"},
                              {".DS_Store", std::string("\0\0\0\1Bud1", 8)}}));
  CHECK(s.parts[1].role == kiyome::clean::Role::decoration);
  CHECK(s.parts[2].role == kiyome::clean::Role::attachment);
  CHECK(s.parts[3].role == kiyome::clean::Role::decoration);
}

TEST_CASE("zip: a larger file than is kept is unpacked a second time, in chunks") {
  std::string large(70u << 20, 'x');
  large += "end";
  const Said s = said(zip_of({{.name = "a", .content = large, .method = 8}, {"b", "small"}}));
  REQUIRE_MESSAGE(s.accepted, s.error);
  CHECK(s.contents.at(1) == large);
  CHECK(s.contents.at(2) == "small");
}
