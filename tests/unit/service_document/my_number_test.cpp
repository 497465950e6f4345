#include "service/document/my_number.h"

#include <doctest/doctest.h>

#include "service/document/pages.h"

using namespace kiyome;
using document::has_my_number;
using document::is_my_number;

// 123456789018 is the number that the ministries print in their examples.
TEST_CASE("my number: the check digit is that of order no. 85 of 2014") {
  CHECK(is_my_number("123456789018"));
  for (char digit = '0'; digit <= '9'; ++digit)
    CHECK(is_my_number(std::string("12345678901") + digit) == (digit == '8'));
  CHECK(is_my_number("100000000080"));  // rest 0 and rest 1 both give 0
  CHECK(is_my_number("100000000030"));
  CHECK_FALSE(is_my_number("100000000031"));
  CHECK_FALSE(is_my_number("000000000000"));  // nobody's
  CHECK_FALSE(is_my_number("12345678901"));
  CHECK_FALSE(is_my_number("1234567890180"));
  CHECK_FALSE(is_my_number("12345678901x"));
}

TEST_CASE("my number: it is found where it stands alone, in either width and as the card prints it") {
  for (const char* text :
       {"123456789018", "番号 123456789018 です", "山田,123456789018,30", "１２３４５６７８９０１８",
        "1234 5678 9018", "1234-5678-9018", "１２３４－５６７８－９０１８", "1234　5678　9018",
        "(123456789018)", "番号:123456789018。", "30 123456789018", "a\n123456789018\nb", "番号123456789018"})
    CHECK_MESSAGE(has_my_number(text), text);
}

TEST_CASE("my number: a piece of something longer is none, nor is a wrong check digit") {
  for (const char* text :
       {"", "123456789017", "1234567890180", "0123456789018", "A123456789018", "123456789018b",
        "1.123456789018", "123456789018.5", "123456789018-1", "1234 5678 9018 3456", "9999 1234 5678 9018",
        "1234 56789018", "1234-5678 9018", "1234  5678  9018", "12 3456 7890 18", "1234-5678-9018-1",
        "http://x.example/1/123456789018/2", "20240101123456789018"})
    CHECK_FALSE_MESSAGE(has_my_number(text), text);
}

TEST_CASE("my number: behind a word for it its digits may stand in boxes") {
  for (const char* text : {"個人番号 1 2 3 4 5 6 7 8 9 0 1 8", "マイナンバー：1234 56789018",
                           "個人番号（12桁）１ ２ ３ ４ ５ ６ ７ ８ ９ ０ １ ８", "MY NUMBER: No123456789018",
                           "個人番号|1|2|3|4|5|6|7|8|9|0|1|8|"})
    CHECK_MESSAGE(has_my_number(text), text);
  for (const char* text : {"番号 1 2 3 4 5 6 7 8 9 0 1 8", "個人番号 1 2 3 4 5 6 7 8 9 0 1 7",
                           "個人番号は書かないこと", "個人番号"})
    CHECK_FALSE_MESSAGE(has_my_number(text), text);
  // Far behind the word it is another number.
  CHECK_FALSE(has_my_number("個人番号" + std::string(200, '.') + "1 2 3 4 5 6 7 8 9 0 1 8"));
}

TEST_CASE("my number: broken and long texts are looked through in time") {
  CHECK_FALSE(has_my_number("\xef\xbc"));
  CHECK_FALSE(has_my_number("1\xef"));
  std::string many;
  for (int i = 0; i < 200000; ++i) many += "個人番号 1234-";
  CHECK_FALSE(has_my_number(many));
  CHECK(has_my_number(many + " 個人番号 123456789018"));
}

TEST_CASE("watched pages: words are looked at as they come, and each page is told") {
  const auto sink = document::text_pages(1 << 20);
  unsigned pages = 0;
  document::PictureMaker pictures({}, {});
  document::WatchedPages watched(
      *sink, pictures, [&] { ++pages; }, true);
  clean::Words words;
  words.words.push_back({0, 0, 1, 1, false, clean::After::nothing, "個人番"});
  words.words.push_back({0, 0, 1, 1, false, clean::After::space, "号"});
  watched.page({});
  watched.words(words);
  CHECK_FALSE(watched.found_number());
  words.words.push_back({0, 0, 1, 1, false, clean::After::nothing, "12345678"});
  words.words.push_back({0, 0, 1, 1, false, clean::After::line_end, "9018"});
  watched.page({});
  watched.words(words);
  CHECK(watched.found_number());
  CHECK(pages == 2);
  CHECK(sink->pages() == 2);
  CHECK(sink->finish("x").front().octets.find("9018") != std::string::npos);
}
