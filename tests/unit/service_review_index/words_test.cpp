#include "service/review/index/words.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "service/review/index/facts.h"

using namespace kiyome;
using review::search_pieces;
using review::searchable;

namespace {

std::string words_of(const std::string& text) {
  std::string out;
  for (const review::SearchPiece& piece : search_pieces(text)) out += "[" + piece.words + "]";
  return out;
}

}  // namespace

TEST_CASE("words: Japanese runs become pairs, letters and digits words") {
  CHECK(searchable("会議資料2026.pdf", 100) == "会議 議資 資料 料 2026 pdf");
  CHECK(searchable("Taro.Yamada@City.example.JP", 100) == "taro yamada city example jp");
  CHECK(searchable("見", 100) == "見");
}

TEST_CASE("words: full and half width, upper and lower case are the same") {
  CHECK(searchable("ＡＢＣ１２３", 100) == searchable("abc123", 100));
  CHECK(searchable("ｶﾞｲﾄﾞ", 100) == searchable("ガイド", 100));
  CHECK(searchable("Straße", 100) == searchable("STRASSE", 100));
  CHECK(searchable("㈱山田", 100) == searchable("(株)山田", 100));
}

TEST_CASE("words: what is searched for ends open, so its last character is no word of its own") {
  CHECK(words_of("会議資料") == "[会議 議資 資料]");
  CHECK(words_of("会") == "[会]");
  CHECK(words_of("料2026") == "[料 2026]");
  CHECK(words_of("会議　資料") == "[会議][資料]");  // an ideographic space parts, too
}

TEST_CASE("words: nothing that a query language knows is left of a hostile query") {
  CHECK(words_of("\"NEAR(a b)\" AND *:^ -c") == "[near a][b][and][c]");
  CHECK(words_of("'; DROP TABLE entries; --") == "[drop][table][entries]");
  CHECK(words_of("() \" * - + ^ : { }") == "");
  CHECK(words_of("\xff\xfe\x80 a\xC3") == "[a]");
}

TEST_CASE("words: characters of private use, which facts are made of, part words") {
  const std::string fact = review::state_fact(store::State::held);
  CHECK(searchable("a" + fact + "b", 100) == "a b");
  CHECK(words_of(review::hash_fact("0123456789abcdef")) == "[0123456789 abcdef]");
  CHECK(review::is_fact(fact));
  CHECK(review::is_fact(review::hash_fact("00")));
  CHECK(review::is_fact(review::reason_fact(clean::Finding::kMalware)));
  CHECK(review::is_fact(review::named_fact(70'000)));
  CHECK_FALSE(review::is_fact("会"));
  CHECK_FALSE(review::is_fact("𠮷"));
  CHECK_FALSE(review::is_fact("z"));
}

TEST_CASE("words: texts, queries and their pieces are bounded") {
  CHECK(searchable("abcdef", 3) == "abc");
  CHECK(searchable(std::string(300, 'a'), 1000).size() == 300 + 4);  // parted after 64
  std::string many;
  for (int i = 0; i < 40; ++i) many += "w ";
  CHECK(search_pieces(many).size() == limits::kReviewTerms);
  CHECK(search_pieces(std::string(100'000, 'a')).front().words.size() < 2 * limits::kReviewQuery);
}

TEST_CASE("words: eight hexadecimal digits and more may be of a SHA-256") {
  CHECK(search_pieces("AB12cd34…").front().hex == "ab12cd34");
  CHECK(search_pieces("(ab12cd34ef56)").front().hex == "ab12cd34ef56");
  CHECK(search_pieces("ab12cd3").front().hex.empty());
  CHECK(search_pieces("ab12cd3g").front().hex.empty());
}
