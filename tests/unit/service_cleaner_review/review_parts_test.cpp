#include <doctest/doctest.h>

#include "service/cleaner/report.h"
#include "service/cleaner/review/review_item.h"

using namespace kiyome;

namespace {

const auto kEverybody = [](const std::string&) { return true; };

std::string tree(const std::string& report,
                 const std::function<bool(const std::string&)>& shown = kEverybody) {
  http::JsonText out;
  cleaner::write_report_parts(out, report, shown);
  return out.take();
}

std::string part(const std::string& place, const std::string& name, const std::string& action = "flatten",
                 const std::string& reasons = "") {
  return R"({"place":")" + place + R"(","name":")" + name +
         R"(","type":"application/pdf","type_name":"PDF","bytes":7,"sha256":"","action":")" + action +
         R"(","reasons":[)" + reasons + "]}";
}

std::string report(const std::string& groups) { return R"({"groups":[)" + groups + R"(],"ms":{"parse":1}})"; }

std::string group(const std::string& recipients, const std::string& parts) {
  return R"({"verdict":"clean","recipients":[)" + recipients + R"(],"reasons":[],"parts":[)" + parts + "]}";
}

}  // namespace

TEST_CASE("review parts: what lies within a part is told within it") {
  const std::string json = tree(
      report(group(R"("a@city.example")", part("0", "") + "," + part("3", "z.zip") + "," +
                                              part("3/0", "inner.zip") + "," + part("3/0/0", "deep.pdf") +
                                              "," + part("3/1", "b.pdf") + "," + part("31", "c.pdf"))));
  const auto at = [&](const char* what) { return json.find(what); };
  CHECK(at("deep.pdf") > at("inner.zip"));
  CHECK(json.find(R"("place":"3/0/0","name":"deep.pdf","type":"application/pdf","type_name":"PDF","bytes":7,)"
                  R"("action":"flatten","reasons":[],"parts":[]}]},{"place":"3/1")") != std::string::npos);
  CHECK(json.find(R"("parts":[]}]},{"place":"31","name":"c.pdf")") != std::string::npos);  // not within "3"
}

TEST_CASE("review parts: reports of earlier versions have no places and stand side by side") {
  const std::string old =
      R"({"name":"a.zip","type":"application/zip","type_name":"ZIP","bytes":1,"sha256":"","action":"flatten","reasons":[]})";
  CHECK(
      tree(report(group(R"("a@city.example")", old + "," + old))) ==
      R"([{"place":"","name":"a.zip","type":"application/zip","type_name":"ZIP","bytes":1,"action":"flatten","reasons":[],"parts":[]},)"
      R"({"place":"","name":"a.zip","type":"application/zip","type_name":"ZIP","bytes":1,"action":"flatten","reasons":[],"parts":[]}])");
}

TEST_CASE(
    "review parts: whom it was decided for otherwise is told, but never somebody whom one may not see") {
  const std::string text =
      report(group(R"("a@north.example")", part("1", "x.pdf")) + "," +
             group(R"("b@south.example")", part("1", "x.pdf", "strip", R"("policy-strip")")));
  const std::string both = tree(text);
  CHECK(
      both.find(
          R"("otherwise":[{"recipients":["b@south.example"],"action":"strip","reasons":[{"code":"policy-strip")") !=
      std::string::npos);
  const std::string north =
      tree(text, [](const std::string& each) { return each.ends_with("@north.example"); });
  CHECK(north.find("south") == std::string::npos);
  CHECK(north.find(R"("action":"flatten")") != std::string::npos);
  const std::string south =
      tree(text, [](const std::string& each) { return each.ends_with("@south.example"); });
  CHECK(south.find("north") == std::string::npos);
  CHECK(south.find(R"("action":"strip")") != std::string::npos);
  CHECK(tree(text, [](const std::string&) { return false; }) == "[]");
}

TEST_CASE("report: each part says where it lies, also within others") {
  document::Made inner, outer;
  inner.action = Action::flatten;
  clean::Part entry;
  entry.name = "b.pdf";
  outer.action = Action::flatten;
  outer.entries.push_back({entry, inner});
  clean::Part zip;
  zip.name = "a.zip";
  const std::string json = cleaner::file_json(zip, outer);
  CHECK(json.starts_with(R"({"place":"0","name":"a.zip")"));
  CHECK(json.find(R"({"place":"0/0","name":"b.pdf")") != std::string::npos);
}
