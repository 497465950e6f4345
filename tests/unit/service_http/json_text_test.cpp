#include "service/http/json_text.h"

#include <doctest/doctest.h>

using kiyome::http::JsonText;

TEST_CASE("JSON text: members, arrays and nested objects have their commas and nothing else") {
  JsonText out;
  out.begin_object().member("a", 1).key("b").begin_array().value("x").value(true).begin_object();
  out.end_object().end_array().member("c", std::int64_t{-5}).key("d").begin_array().end_array();
  CHECK(out.end_object().take() == R"({"a":1,"b":["x",true,{}],"c":-5,"d":[]})");
}

TEST_CASE("JSON text: no text can end a script element, a string or a line") {
  JsonText out;
  out.value("</script><!--\"\\\n\x01\xe2\x80\xa8");
  CHECK(out.take() == R"("\u003c/script>\u003c!--\"\\\n\u0001\u2028")");
}

TEST_CASE("JSON text: nor can what is JSON already, and it means the same") {
  JsonText out;
  out.begin_object().key("a").raw(R"({"b<":"<</script>","c":[1]})").member("d", 2);
  CHECK(out.end_object().take() == R"({"a":{"b\u003c":"\u003c\u003c/script>","c":[1]},"d":2})");
}

TEST_CASE("JSON text: times are RFC 3339 in UTC with milliseconds, also before 1970") {
  JsonText out;
  out.begin_object().time("t", 1795232096789).time("u", -1).time("v", 0);
  CHECK(out.end_object().take() ==
        R"({"t":"2026-11-21T03:34:56.789Z","u":"1969-12-31T23:59:59.999Z","v":"1970-01-01T00:00:00.000Z"})");
}
