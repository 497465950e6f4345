// An item's record: what the search index reads again out of it.
#include "service/cleaner/report.h"

#include <doctest/doctest.h>

#include "service/review/index/report_reader.h"

using namespace kiyome;

namespace {

std::string from_of(std::vector<clean::Address> from) {
  clean::MailAnswer answer;
  answer.header.from = std::move(from);
  return review::read_report(cleaner::item_json(&answer, {}, {}, 1, 2)).from;
}

}  // namespace

TEST_CASE("report: the sender's own name for himself is in it, whatever it is made of") {
  CHECK(from_of({{"甲野太郎", "taro@supplier.example"}}) == "甲野太郎 <taro@supplier.example>");
  CHECK(from_of({{"", "taro@supplier.example"}, {"two", "b@c"}}) == "taro@supplier.example");
  CHECK(from_of({{"taro", ""}}) == "taro");
  CHECK(from_of({{"\"},{\"sha256\":\"x\"", "a@b"}}) == "\"},{\"sha256\":\"x\" <a@b>");
  CHECK(from_of({}) == "");
  CHECK(review::read_report(cleaner::item_json(nullptr, {}, {}, 1, 2)).from == "");
}
