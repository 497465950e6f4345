// Content-Type and Content-Disposition: RFC 2045, RFC 2231 and their bad copies.
#include <doctest/doctest.h>

#include <algorithm>

#include "sanitizers/mail/parameter.h"
#include "sanitizers/text/text.h"

using namespace kiyome::sanitizer::mail;

namespace {

std::string file_name(std::string_view field, bool* differs = nullptr) {
  kiyome::sanitizer::text::warm_up();
  WordContext context;
  const DecodedParameter decoded = decode_parameter(read_parameterized(field), "filename", context);
  if (differs != nullptr) *differs = decoded.differs;
  return decoded.text;
}

struct Case {
  std::string field;
  const char* name;
};

std::vector<std::string> readings_of(std::string_view field, bool* too_many = nullptr) {
  bool more = false;
  std::vector<std::string> out = boundary_readings(read_parameterized(field), more);
  if (too_many != nullptr) *too_many = more;
  return out;
}

}  // namespace

TEST_CASE("parameters: the value before them") {
  CHECK(read_parameterized("text/plain; charset=utf-8").value == "text/plain");
  CHECK(read_parameterized(" TEXT / (x) Plain ;charset=utf-8").value == "text/plain");
  CHECK(read_parameterized("\"text/html\"; charset=x").value == "text/html");
  CHECK(read_parameterized("attachment filename=a").value == "attachment");
  CHECK(read_parameterized("filename=a").value == "");
  CHECK(read_parameterized("").value == "");
}

TEST_CASE("parameters: file names as senders write them") {
  const Case cases[] = {
      {"attachment; filename=a.pdf", "a.pdf"},
      {"attachment; filename=\"a b.pdf\"", "a b.pdf"},
      {"attachment; filename = \"a.pdf\" ; size=3", "a.pdf"},
      {"attachment;\r\n\tfilename=\"a.pdf\"", "a.pdf"},
      {"attachment; filename=my report (1).pdf", "my report (1).pdf"},
      {"attachment; filename=my report.pdf size=3", "my report.pdf"},
      {"attachment; filename=\"say \"hi\".pdf\"", "say \"hi\".pdf"},
      {"attachment; filename=\"a\\\"b.pdf\"", "a\"b.pdf"},
      {"attachment; filename=\"C:\\TEMP\\a.pdf\"", "C:\\TEMP\\a.pdf"},
      {"attachment; filename=\"a.pdf", "a.pdf"},
      {"attachment filename=\"a.pdf\"", "a.pdf"},
      {"filename=\"a.pdf\"", "a.pdf"},
      {"attachment; filename=\"=?ISO-2022-JP?B?GyRCO3FOQRsoQi5wZGY=?=\"", "資料.pdf"},
      {"attachment; filename==?ISO-2022-JP?B?GyRCO3FOQRsoQi5wZGY=?=", "資料.pdf"},
      {"attachment; filename=\"=?UTF-8?B?6LOH?=\r\n =?UTF-8?B?5paZLnBkZg==?=\"", "資料.pdf"},
      {"attachment; filename=\"\x1B$B;qNA\x1B(B.pdf\"", "資料.pdf"},
      // 表 and ソ in Shift_JIS end in a backslash; in ISO-2022-JP "\x1B$B!\"" holds a quote.
      {"attachment; filename=\"\x95\x5C\x83\x5C.pdf\"", "表ソ.pdf"},
      {"attachment; filename=\"\x1B$B!\"!#\x1B(B.pdf\"", "、。.pdf"},
      {"attachment; filename=\"\xE8\xB3\x87\xE6\x96\x99.pdf\"", "資料.pdf"},
      {"attachment; filename*=UTF-8''%E8%B3%87%E6%96%99.pdf", "資料.pdf"},
      {"attachment; filename*=utf-8'ja'%E8%B3%87%E6%96%99.pdf", "資料.pdf"},
      {"attachment; filename*=\"UTF-8''%E8%B3%87%E6%96%99.pdf\"", "資料.pdf"},
      {"attachment; filename*=Shift_JIS''%8E%91%97%BF.pdf", "資料.pdf"},
      {"attachment; filename*0*=UTF-8''%E8%B3%87; filename*1*=%E6%96%99; filename*2=.pdf", "資料.pdf"},
      {"attachment; filename*2=.pdf; filename*0*=UTF-8''%E8%B3%87; filename*1*=%E6%96%99", "資料.pdf"},
      // A character split between two pieces; a missing piece.
      {"attachment; filename*0*=UTF-8''%E8%B3; filename*1*=%87.pdf", "資.pdf"},
      {"attachment; filename*0*=UTF-8''%E8%B3%87; filename*2=.pdf", "資.pdf"},
      // Cut within a %XX; but a piece that is not encoded stays as it is.
      {"attachment; filename*0*=UTF-8''%E8%B3%8; filename*1*=7%; filename*2*=E6%96%99.pdf", "資料.pdf"},
      {"attachment; filename*1*=7.pdf; filename*0*=UTF-8''%E8%B3%8", "資.pdf"},
      {"attachment; filename*0*=UTF-8''100%; filename*1=25.pdf", "100%25.pdf"},
      {"attachment; filename*0=\"a\"; filename*1=\"b.pdf\"", "ab.pdf"},
      {"attachment; filename*0=\"=?UTF-8?B?6LOH?=\"; filename*1=\"=?UTF-8?B?5paZLnBkZg==?=\"", "資料.pdf"},
      {"attachment; filename*=a%20b.pdf", "a b.pdf"},
      {"attachment; filename=\"UTF-8''%E8%B3%87%E6%96%99.pdf\"", "資料.pdf"},
      {"attachment; filename=\"%E8%B3%87%E6%96%99.pdf\"", "資料.pdf"},
      {"attachment; filename=\"100%25.pdf\"", "100%25.pdf"},
      {"attachment; filename=\"____.pdf\"; filename*=UTF-8''%E8%B3%87%E6%96%99.pdf", "資料.pdf"},
      {"attachment; filename*=UTF-8''%E8%B3%87%E6%96%99.pdf; filename=\"=?UTF-8?B?6LOH5paZ?=.pdf\"",
       "資料.pdf"},
      {"attachment; filename=\"\xE8\xB3\x87.pdf\"; filename*=x-nothing''%FF%FE%FF.pdf", "資.pdf"},
      {"attachment; filename=\"\"; filename=\"b.pdf\"", "b.pdf"},
      {"attachment; FileName=A.PDF", "A.PDF"},
      {"attachment", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.field);
    CHECK(file_name(c.field) == c.name);
  }
}

TEST_CASE("parameters: two names that contradict each other are noticed, two forms of one name are not") {
  bool differs = false;
  CHECK(file_name("attachment; filename=\"a.pdf\"; filename*=UTF-8''a.exe", &differs) == "a.exe");
  CHECK(differs);
  file_name("attachment; filename=\"____.pdf\"; filename*=UTF-8''%E8%B3%87%E6%96%99.pdf", &differs);
  CHECK(!differs);
  file_name("attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf", &differs);
  CHECK(!differs);
}

TEST_CASE("parameters: every reading of a boundary is among the candidates") {
  const auto has = [](std::string_view field, std::string_view boundary) {
    const std::vector<std::string> readings = readings_of(field);
    return std::find(readings.begin(), readings.end(), boundary) != readings.end();
  };
  CHECK(has("multipart/mixed; boundary=abc", "abc"));
  CHECK(has("multipart/mixed; boundary=\"a;b\"", "a;b"));
  CHECK(has("multipart/mixed; boundary=\"a\\\"b\"", "a\"b"));
  CHECK(has("multipart/mixed; boundary=\"a\\bc\"", "a\\bc"));
  CHECK(has("multipart/mixed; boundary=abc (comment)", "abc"));
  CHECK(has("multipart/mixed; boundary=ab cd", "ab cd"));
  CHECK(has("multipart/mixed; boundary=ab cd", "ab"));
  CHECK(has("multipart/mixed; boundary*0=ab; boundary*1=cd", "abcd"));
  CHECK(has("multipart/mixed; boundary*=us-ascii''a%20b", "a b"));
  CHECK(has("multipart/mixed; boundary=\"=?us-ascii?Q?abc?=\"", "abc"));
  CHECK(has("multipart/mixed; boundary==?us-ascii?B?YWJj?=", "abc"));
  CHECK(readings_of("multipart/mixed").empty());
  CHECK(readings_of("multipart/mixed; boundary=\"\"").empty());
}

TEST_CASE("parameters: more readings of a boundary than are kept are told") {
  const auto field = [](int boundaries) {
    std::string out = "multipart/mixed";
    for (int i = 0; i < boundaries; ++i) out += "; boundary=b" + std::to_string(i);
    return out;
  };
  bool too_many = false;
  CHECK(readings_of(field(16), &too_many).size() == 16);
  CHECK(!too_many);
  CHECK(readings_of(field(17), &too_many).size() == 16);
  CHECK(too_many);
}

TEST_CASE("parameters: more parameters than are kept are told") {
  const auto field = [](int parameters) {
    std::string out = "multipart/mixed";
    for (int i = 0; i < parameters; ++i) out += "; x=y";
    return out;
  };
  CHECK(!read_parameterized(field(256)).too_many);
  CHECK(read_parameterized(field(257)).too_many);
}
