#include "service/http/json_body.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"

using namespace kiyome;
using namespace kiyome::http;

namespace {

class TextBody : public Body {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  std::size_t read(char* into, std::size_t size) override {
    const std::size_t count = text_.copy(into, size);
    text_.erase(0, count);
    return count;
  }
  std::optional<std::uint64_t> length() const override { return text_.size(); }

 private:
  std::string text_;
};

struct Order {
  std::string title, message;
  std::vector<std::string> recipients;
  std::vector<std::string> uploads;
  std::int64_t limit = 0;
  bool urgent = false;
};

Order read(JsonObject& json) {
  Order out;
  out.title = json.text("title", 5);
  out.message = json.optional_lines("message", 10);
  out.recipients = json.texts("recipients", 2, 8);
  json.objects("uploads", 3, 0, [&](JsonObject& upload) {
    out.uploads.push_back(upload.ascii("id", 3) + upload.optional_text("password", 3));
  });
  out.limit = json.integer("limit", 1, 100);
  out.urgent = json.optional_boolean("urgent", false);
  return out;
}

struct Outcome {
  int status = 200;
  std::vector<std::string> fields;
  Order order;
};

Outcome ask(std::string text, const std::string& type = "application/json", std::size_t max = 1u << 20) {
  TextBody body(std::move(text));
  Request request;
  request.headers["content-type"] = type;
  request.body = &body;
  try {
    return {200, {}, read_json(request, read, max)};
  } catch (const Problem& problem) {
    return {problem.status, problem.fields, {}};
  }
}

using Fields = std::vector<std::string>;
const std::string kRest = R"("recipients":["a@b"],"limit":7)";

}  // namespace

TEST_CASE("JSON body: an object is read into what its members say") {
  const Outcome out = ask(
      R"({"title":"あいうえお","message":"a\nb\tc","recipients":["a@b","c@d"],"uploads":[{"id":"x"},{"id":"y","password":"\ud83d\ude00é "}],)"
      R"("limit":100,"urgent":true})",
      "application/json; charset=UTF-8");
  REQUIRE(out.status == 200);
  CHECK(out.order.title == "あいうえお");
  CHECK(out.order.message == "a\nb\tc");
  CHECK(out.order.recipients == Fields{"a@b", "c@d"});
  CHECK(out.order.uploads == Fields{"x", "y😀é "});
  CHECK(out.order.limit == 100);
  CHECK(out.order.urgent);
}

TEST_CASE("JSON body: all that is wrong is told at once, by name") {
  const Outcome out = ask(
      R"({"title":"123456","recipients":["a@b",5],"uploads":[{"id":"x","more":1},{"id":""},7],"limit":0,"urgent":"yes","other":1})");
  CHECK(out.status == 422);
  CHECK(out.fields == Fields{"title", "recipients[1]", "uploads[2]", "uploads[0].more", "uploads[1].id",
                             "limit", "urgent", "other"});
  CHECK(ask("{}").fields == Fields{"title", "recipients", "limit"});
}

TEST_CASE("JSON body: wrong types, lengths and characters of a text") {
  CHECK(ask(R"({"title":"a",)" + kRest + "}").status == 200);
  for (const char* title :
       {"5", "null", "true", "[]", "{}", "\"\"", "\"123456\"", R"("a\u0000")", R"("a\nb")", R"("a\tb")",
        R"("\u007f")", R"("\u0085")", R"("\ufffe")", R"("\ufdd0")"})
    CHECK_MESSAGE(ask(R"({"title":)" + std::string(title) + "," + kRest + "}").fields == Fields{"title"},
                  title);
  CHECK(ask(R"({"title":"a","message":"a\rb",)" + kRest + "}").fields == Fields{"message"});
  CHECK(ask(R"({"title":"a","uploads":[{"id":"é"}],)" + kRest + "}").fields == Fields{"uploads[0].id"});
  CHECK(ask(R"({"title":"a","recipients":["a@b"],"limit":7.5})").fields == Fields{"limit"});
  CHECK(ask(R"({"title":"a","recipients":["a@b"],"limit":1e300})").fields == Fields{"limit"});
  CHECK(ask(R"({"title":"a","recipients":["a@b"],"limit":9223372036854775808})").fields == Fields{"limit"});
  CHECK(ask(R"({"title":"a","recipients":["a","b","c"],"limit":7})").fields == Fields{"recipients"});
  CHECK(ask(R"({"title":"a","recipients":[],"limit":7})").fields == Fields{"recipients"});
  CHECK(ask(R"({"title":"a","recipients":{"0":"a"},"limit":7})").fields == Fields{"recipients"});
}

TEST_CASE("JSON body: what is no JSON is 400, and no object 422") {
  for (const std::string& text : {std::string(),
                                  std::string(" "),
                                  std::string("{"),
                                  std::string("{}{}"),
                                  std::string("{} x"),
                                  std::string("{,}"),
                                  std::string("{\"a\":1,}"),
                                  std::string("{a:1}"),
                                  std::string("{'a':1}"),
                                  std::string("// c\n{}"),
                                  std::string("\xef\xbb\xbf{}"),
                                  std::string("{\"a\":1,\"a\":1}"),
                                  std::string("{\"a\":\"\xff\"}"),
                                  std::string("{\"a\":\"\xed\xa0\x80\"}"),
                                  std::string("{\"a\":\"\\ud800\"}"),
                                  std::string("{\"a\":\"\n\"}"),
                                  std::string("{\"a\":01}"),
                                  std::string("{\"a\":1e999}"),
                                  std::string("{}\0", 3),
                                  std::string("{\"a\":\"\0\"}", 9),
                                  std::string(100000, '['),
                                  std::string("{\"a\":NaN}")})
    CHECK_MESSAGE(ask(text).status == 400, text);
  for (const char* text : {"[]", "5", "\"x\"", "null", "true"}) CHECK_MESSAGE(ask(text).status == 422, text);
}

TEST_CASE("JSON body: other types of content are 415") {
  const std::string good = R"({"title":"a",)" + kRest + "}";
  CHECK(ask(good, "Application/JSON;charset=utf-8").status == 200);
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                           "application/jsonx", "application/json; charset=utf-7"})
    CHECK_MESSAGE(ask(good, type).status == 415, type);
}

TEST_CASE("JSON body: bounds, one below, at and above") {
  const std::string good = R"({"title":"a",)" + kRest + "}";
  CHECK(ask(good, "application/json", good.size() + 1).status == 200);
  CHECK(ask(good, "application/json", good.size()).status == 200);
  CHECK(ask(good, "application/json", good.size() - 1).status == 413);

  const auto depth = [](std::size_t levels) {
    return "{\"a\":" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
  };
  CHECK(ask(depth(limits::kJsonDepth - 1)).status == 422);
  CHECK(ask(depth(limits::kJsonDepth)).status == 422);
  CHECK(ask(depth(limits::kJsonDepth + 1)).status == 400);

  const auto values = [](std::size_t count) {  // the object and the array are two of them
    std::string out = "{\"a\":[0";
    for (std::size_t i = 3; i < count; ++i) out += ",0";
    return out + "]}";
  };
  CHECK(ask(values(limits::kJsonValues - 1)).status == 422);
  CHECK(ask(values(limits::kJsonValues)).status == 422);
  CHECK(ask(values(limits::kJsonValues + 1)).status == 400);

  std::string many = "{";
  for (std::size_t i = 0; i < limits::kJsonFaults + 10; ++i) many += "\"x" + std::to_string(i) + "\":1,";
  many.back() = '}';
  CHECK(ask(many).fields.size() == limits::kJsonFaults);
}

TEST_CASE("JSON body: a long strange name is told back short, and cut between characters") {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "あ";
  const Outcome out = ask("{\"title\":\"a\"," + kRest + ",\"" + name + "\":1}");
  REQUIRE(out.fields.size() == 1);
  CHECK(out.fields[0].size() == 63);
}
