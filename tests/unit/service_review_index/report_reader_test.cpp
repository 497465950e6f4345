#include "service/review/index/report_reader.h"

#include <doctest/doctest.h>

using namespace kiyome;
using review::read_report;

TEST_CASE("report reader: the parts of all groups, each once") {
  const auto report = read_report(
      R"({"from":"山田 <y@example.jp>","groups":[{"verdict":"clean","recipients":["a@b"],"reasons":["x"],"parts":[)"
      R"({"place":"1","name":"","type":"text/plain","type_name":"テキスト","bytes":3,"sha256":"aa","action":"text","reasons":[]},)"
      R"({"place":"2","name":"a\"b\\\u898b\ud83d\ude00.pdf","type":"application/pdf","type_name":"PDF","bytes":9,"sha256":"bb","action":"strip","reasons":["encrypted","macro-removed"]}]},)"
      R"({"parts":[{"place":"2","name":"a\"b\\見😀.pdf","type":"application/pdf","type_name":"PDF","bytes":9,"sha256":"bb","action":"strip","reasons":["encrypted","macro-removed"]}]}],"ms":{"parse":0.1}})");
  CHECK(report.from == "山田 <y@example.jp>");
  REQUIRE(report.parts.size() == 2);
  CHECK(report.parts[0].type_name == "テキスト");
  CHECK(report.parts[1].name == "a\"b\\見😀.pdf");
  CHECK(report.parts[1].reasons == std::vector<std::string>{"encrypted", "macro-removed"});
}

TEST_CASE("report reader: what is no report gives nothing and does no harm") {
  for (const std::string text :
       {"", "{", "[", "{\"a\"", "{\"a\":", "{\"a\":[", "{\"a\":[1,", "[[[[]", "}{", "{\"a\":}", "[}", "\"\\",
        "{\"sha256\":\"\\u12", "nul", "{]}", "[,,,]", "{,}"})
    CHECK(read_report(text).parts.empty());
  CHECK(read_report(std::string(100'000, '[')).parts.empty());
  std::string deep;
  for (int i = 0; i < 50'000; ++i) deep += "{\"a\":";
  CHECK(read_report(deep).parts.empty());
}

TEST_CASE("report reader: parts of one item are bounded") {
  std::string text = R"({"groups":[{"parts":[)";
  for (int i = 0; i < 1000; ++i)
    text += R"({"name":")" + std::to_string(i) + R"(","sha256":"a","action":"strip"},)";
  CHECK(read_report(text + "]}]}").parts.size() == review::kReportedParts);
}
