// The words of tus, without sockets.
#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "service/edge/drop/tus.h"
#include "tests/unit/service_edge_drop/drop_fixture.h"

using namespace kiyome;
using namespace kiyome::edge::drop;
using drop_test::base64;

TEST_CASE("tus: a number is decimal digits that fit 63 bits, and nothing else") {
  CHECK(tus_number("0") == 0);
  CHECK(tus_number("1073741824") == 1073741824);
  CHECK(tus_number("9223372036854775807") == 9223372036854775807u);
  CHECK(!tus_number("9223372036854775808"));
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "1.0", "18446744073709551616", "１"})
    CHECK_MESSAGE(!tus_number(bad), bad);
}

TEST_CASE("tus: the file name is found among the metadata") {
  CHECK(*tus_file_name("filename " + base64("申請書.docx")) == "申請書.docx");
  CHECK(*tus_file_name("is_confidential,filename " + base64("a") + ",type dGV4dA==") == "a");
  CHECK(*tus_file_name("filename") == "");
  CHECK(*tus_file_name("") == "");
}

TEST_CASE("tus: metadata that is no list of keys and base64 is refused") {
  for (const std::string bad :
       {"filename !", "filename YQ", "filename YQ=", "filename YQ===", "filename YR==", "filename Y Q=", ",",
        "filename YQ==,,", " ",
        "filename YQ==,filename YQ==", "ファイル YQ==", "filename /w==", "filename AA=="})  // no UTF-8; a NUL
    CHECK_MESSAGE(!tus_file_name(bad), bad);
  CHECK(tus_file_name("filename YQ=="));
}

TEST_CASE("tus: metadata has as many keys as the bound says, and not one more") {
  std::string keys = "k0";
  for (std::size_t i = 1; i < limits::kDropMetadataKeys; ++i) keys += ",k" + std::to_string(i);
  CHECK(tus_file_name(keys));
  CHECK(!tus_file_name(keys + ",more"));
}

TEST_CASE("file names: folders stay, tricks with the form go") {
  CHECK(kept_file_name("資料/2026/予算.xlsx") == "資料/2026/予算.xlsx");
  CHECK(kept_file_name("../../etc/passwd") == "etc/passwd");
  CHECK(kept_file_name("/a//./b") == "a/b");
  CHECK(kept_file_name("..") == "");
  CHECK(kept_file_name("") == "");
  CHECK(kept_file_name("\u304b\u3099.txt") == "\u304c.txt");  // か + ゛, as macOS writes it
  CHECK(kept_file_name("a\u202excod.exe") == "axcod.exe");    // right-to-left override
}

TEST_CASE("file names: one of the longest length stays, a longer one does not") {
  const std::string longest(limits::kDropFileName, 'a');
  CHECK(kept_file_name(longest) == longest);
  CHECK(kept_file_name(longest + "a") == "");
}
