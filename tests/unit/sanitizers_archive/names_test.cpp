// Names of entries by themselves.
#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "sanitizers/archive/names.h"
#include "tests/unit/sanitizers_archive/archives.h"

namespace archive = kiyome::sanitizer::archive;

TEST_CASE("names: the charset is that of all names together") {
  using archive::charset_of_names;
  archive_test::said("");  // warms up
  CHECK(charset_of_names({}) == "utf-8");
  CHECK(charset_of_names({"a.txt"}) == "utf-8");
  CHECK(charset_of_names({"\xe8\xa1\xa8.txt", "a"}) == "utf-8");
  CHECK(charset_of_names({"\x95\x5c.txt"}) == "cp932");
  CHECK(charset_of_names({"\xb1\xb2\xb3.txt"}) == "cp932");  // ｱｲｳ
  CHECK(charset_of_names({"\x8e\x91\x97\xbf\x87\x40\x87\x8a\xfb\xfc\x95\x5c.txt"}) ==
        "cp932");  // 資料①㈱髙表
  // 日本語.txt and ひらがな in EUC-JP
  CHECK(charset_of_names({"\xc6\xfc\xcb\xdc\xb8\xec.txt", "\xa4\xd2\xa4\xe9\xa4\xac\xa4\xca"}) == "euc-jp");
  CHECK(charset_of_names({"caf\x82.txt", "na\x8bve.txt"}) == "cp437");
}

TEST_CASE("names: kana and marks of voicing, as macOS stores them, become one") {
  const auto path = [](std::string_view stored) { return archive::read_name(stored, "utf-8").path; };
  const std::string mark = "\u3099", half = "\u309a";
  CHECK(path("カ" + mark + "イト" + mark + "フ" + mark + "ック.txt") == "ガイドブック.txt");
  CHECK(path("は" + mark + "ほ" + half + "う" + mark + "ウ" + mark + "つ" + mark) == "ばぽゔヴづ");
  CHECK(path("ち" + mark + "そ" + mark + "さ" + mark + "ハ" + half) == "ぢぞざパ");
  CHECK(path("ガ.txt") == "ガ.txt");
  CHECK(path(mark + "a" + mark + "な" + mark + "か" + half) == mark + "a" + mark + "な" + mark + "か" + half);
}

TEST_CASE("names: the n-th of one name stays within bounds") {
  CHECK(archive::numbered("a.txt", 2) == "a (2).txt");
  CHECK(archive::numbered("d.x/a", 3) == "d.x/a (3)");
  CHECK(archive::numbered(".profile", 2) == ".profile (2)");
  const std::size_t most = kiyome::limits::kCleanName;
  CHECK(archive::numbered(std::string(most, 'a'), 2).size() == most);
  CHECK(archive::numbered(std::string(most - 4, 'a') + ".txt", 2).ends_with("a (2).txt"));
  CHECK(archive::numbered("a." + std::string(most - 2, 'x'), 2).size() == most);
}
