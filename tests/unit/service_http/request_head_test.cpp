// The header of a request: what has two readings is refused, its honest twin is read.
#include "service/http/request_head.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "service/http/target.h"

using namespace kiyome;
using namespace kiyome::http;

namespace {

// The status it is refused with; 0: it is read; -1: it has no end.
int refused(std::string_view text) {
  HeadScan scan;
  const HeadScan::State state = scan.step(text);
  if (state == HeadScan::State::more) return -1;
  if (state == HeadScan::State::fault) return scan.fault().status;
  const auto head = read_head(text.substr(0, scan.size()));
  return head ? 0 : head.error().status;
}

Head read(std::string_view text) {
  HeadScan scan;
  REQUIRE(scan.step(text) == HeadScan::State::done);
  auto head = read_head(text.substr(0, scan.size()));
  REQUIRE(head.has_value());
  return std::move(*head);
}

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
std::string with(const std::string& fields) { return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"; }

}  // namespace

TEST_CASE("request head: a request is read with its fields, query and cookies") {
  const Head head = read(
      "PATCH /api/v1/uploads/%E3%81%82?q=a+b%26c&q=2&r HTTP/1.1\r\nHost: Files.Example:8443\r\nX-Empty:\r\n"
      "Accept: a\r\naccept:\tb \r\nCookie: kiyome=abc; x=1; kiyome=def; odd\r\nContent-Length: "
      "12\r\n\r\nbody");
  CHECK(head.method == "PATCH");
  CHECK(head.path == "/api/v1/uploads/あ");
  CHECK(head.query.at("q") == "a b&c");
  CHECK(head.query.at("r").empty());
  CHECK(head.host == "files.example");
  CHECK(head.headers.at("x-empty").empty());
  CHECK(head.headers.at("accept") == "a, b");
  CHECK(head.cookies.at("kiyome") == "abc");
  CHECK(head.cookies.size() == 2);
  CHECK(head.length == 12);
  CHECK(head.keep_alive);
  CHECK(!head.chunked);
}

TEST_CASE("request head: the same whether it comes whole or octet by octet") {
  const std::string text = with("Content-Length: 3\r\nAccept: x\r\n") + "abc";
  HeadScan scan;
  std::size_t size = 1;
  while (scan.step(std::string_view(text).substr(0, size)) == HeadScan::State::more) ++size;
  CHECK(size == text.size() - 3);
  CHECK(scan.size() == text.size() - 3);
}

TEST_CASE("request head: one framing, of one meaning") {
  CHECK(refused(with("Content-Length: 5\r\n")) == 0);
  CHECK(refused(with("Transfer-Encoding: chunked\r\n")) == 0);
  CHECK(refused(with("Transfer-Encoding: Chunked\r\n")) == 0);
  CHECK(refused(with("Content-Length: 18446744073709551616\r\n")) == 400);
  CHECK(refused(with("Content-Length: 9999999999999999999\r\n")) == 0);
  for (const char* fields : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                             "Content-Length: 5\r\nContent-Length: 5\r\n",
                             "Content-Length: 5\r\nContent-Length: 6\r\n",
                             "Content-Length: 5, 5\r\n",
                             "Content-Length: -1\r\n",
                             "Content-Length: +5\r\n",
                             "Content-Length: 0x5\r\n",
                             "Content-Length: 5 5\r\n",
                             "Content-Length:\r\n",
                             "Content-Length: 5.0\r\n",
                             "Content-Length: ５\r\n",
                             "Transfer-Encoding: chunked, chunked\r\n",
                             "Transfer-Encoding: gzip, chunked\r\n",
                             "Transfer-Encoding: identity\r\n",
                             "Transfer-Encoding: xchunked\r\n",
                             "Transfer-Encoding:\r\n",
                             "Transfer-Encoding: \"chunked\"\r\n",
                             "Transfer-Encoding: chunked;q=1\r\n",
                             "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                             "Transfer-Encoding : chunked\r\n",
                             "Content-Length : 5\r\n",
                             " Content-Length: 5\r\n",
                             "Content-Length: 5\r\n 6\r\n",
                             "X: y\r\n\tTransfer-Encoding: chunked\r\n",
                             "Content_Length 5\r\n",
                             ": 5\r\n",
                             "Content-Len\xc3\xbcge: 5\r\n"})
    CHECK_MESSAGE(refused(with(fields)) == 400, fields);
  CHECK(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(refused("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n") == 0);
}

TEST_CASE("request head: lines end with CRLF and with nothing else") {
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
  using namespace std::string_literals;
  for (const std::string& text :
       {"GET / HTTP/1.1\nHost: a\n\n"s, "GET / HTTP/1.1\r\nHost: a\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: a\r\nX: \x0b\r\n\r\n"s, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"s,
        "\x16\x03\x01\x02"s, "\n"s})
    CHECK_MESSAGE(refused(text) == 400, text);
}

TEST_CASE("request head: one Host, well formed") {
  for (const char* host :
       {"a", "files.example.lg.jp", "A.b:443", "192.0.2.1:80", "[2001:db8::1]", "[::1]:8443", "a_b"})
    CHECK_MESSAGE(refused("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == 0, host);
  for (const char* host : {"", "a b", "a/b", "a@b", "a,b", "a:b", "a:99999", "a:-1", "[::1", "::1", "[::1]x",
                           "[]", "[a b]", "あ", "a?b", "a#b", "a:80:80", "a:"})
    CHECK_MESSAGE(refused("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == 400, host);
  CHECK(refused("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
  CHECK(refused("GET / HTTP/1.0\r\n\r\n") == 0);
}

TEST_CASE("request head: request lines") {
  for (const char* line : {"GET /a HTTP/1.1", "get /a HTTP/1.1", "M-SEARCH /a HTTP/1.1",
                           "GET http://a/b HTTP/1.1", "GET https://A HTTP/1.1", "GET http://a?q=1 HTTP/1.1"})
    CHECK_MESSAGE(refused(std::string(line) + "\r\nHost: a\r\n\r\n") == 0, line);
  for (const char* line : {"GET",
                           "GET /",
                           "GET  / HTTP/1.1",
                           "GET /  HTTP/1.1",
                           " GET / HTTP/1.1",
                           "GET / HTTP/1.1 ",
                           "GET\t/\tHTTP/1.1",
                           "G(T / HTTP/1.1",
                           "GET / http/1.1",
                           "GET / HTTP/1",
                           "GET / HTTP/1.10",
                           "GET / HTTP/11.1",
                           "GET /a b HTTP/1.1",
                           "GET * HTTP/1.1",
                           "CONNECT a:443 HTTP/1.1",
                           "GET a HTTP/1.1",
                           "GET http://b/ HTTP/1.1",
                           "GET http://a@b/ HTTP/1.1",
                           "GET ftp://a/ HTTP/1.1",
                           "GET http:///a HTTP/1.1",
                           "GET //a HTTP/1.1",
                           "AMETHODWITHALONGNAME / HTTP/1.1"})
    CHECK_MESSAGE(refused(std::string(line) + "\r\nHost: a\r\n\r\n") == 400, line);
  CHECK(refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
  CHECK(refused("PRI * HTTP/2.0\r\n\r\n") == 505);
  CHECK(refused("GET / HTTP/0.9\r\n\r\n") == 505);
}

TEST_CASE("request head: paths are decoded once, and lead nowhere else") {
  CHECK(read(get("/a%20b/c~d")).path == "/a b/c~d");
  CHECK(read(get("/a%252e")).path == "/a%2e");
  CHECK(read(get("/a..b/...")).path == "/a..b/...");
  CHECK(read(get("/a/")).path == "/a/");
  for (const char* path :
       {"/%00",    "/a%0ab", "/a%7f", "/..",  "/a/../b", "/a/..", "/%2e%2e/b", "/.%2E/b", "/./a",    "/%2e",
        "/a%2fb",  "/a%5Cb", "/a\\b", "//",   "/a//b",   "/a%",   "/a%4",      "/a%zz",   "/%c3%28", "/%ff",
        "/%c0%ae", "/\"",    "/<",    "/a|b", "/a^b",    "/{a}",  "/\x80",     "/a#b",    "/%e2%80"})
    CHECK_MESSAGE(refused(get(path)) == 400, path);
}

TEST_CASE("request head: queries") {
  CHECK(read(get("/?a=%3D%26&&b=1&=x")).query.at("a") == "=&");
  CHECK(read(get("/?a|b={1}")).query.at("a|b") == "{1}");
  for (const char* path :
       {"/?a=%00", "/?a=%0d%0a", "/?a=%", "/?a=%ff", "/?a=\"", "/?a=<b>", "/?%01=a", "/?a=1#b"})
    CHECK_MESSAGE(refused(get(path)) == 400, path);
}

TEST_CASE("request head: bounds, one below, at and above") {
  const auto field = [](std::size_t total) {
    const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    return begin + std::string(total - begin.size() - 4, 'x') + "\r\n\r\n";
  };
  CHECK(refused(field(limits::kHttpHeaderBytes - 1)) == 0);
  CHECK(refused(field(limits::kHttpHeaderBytes)) == 0);
  CHECK(refused(field(limits::kHttpHeaderBytes + 1)) == 431);
  CHECK(refused(std::string(limits::kHttpHeaderBytes, 'a')) == -1);
  CHECK(refused(std::string(limits::kHttpHeaderBytes + 1, 'a')) == 431);

  const auto fields = [](std::size_t count) {
    std::string out = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < count; ++i) out += "X" + std::to_string(i) + ": y\r\n";
    return out + "\r\n";
  };
  CHECK(refused(fields(limits::kHttpFields - 1)) == 0);
  CHECK(refused(fields(limits::kHttpFields)) == 0);
  CHECK(refused(fields(limits::kHttpFields + 1)) == 431);

  const auto target = [](std::size_t size) { return get("/" + std::string(size - 1, 'a')); };
  CHECK(refused(target(limits::kHttpTarget - 1)) == 0);
  CHECK(refused(target(limits::kHttpTarget)) == 0);
  CHECK(refused(target(limits::kHttpTarget + 1)) == 414);

  const auto segments = [](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += "/a";
    return get(out);
  };
  CHECK(refused(segments(limits::kHttpSegments - 1)) == 0);
  CHECK(refused(segments(limits::kHttpSegments)) == 0);
  CHECK(refused(segments(limits::kHttpSegments + 1)) == 400);

  const auto query = [](std::size_t count) {
    std::string out = "/?a=b";
    for (std::size_t i = 1; i < count; ++i) out += "&a" + std::to_string(i) + "=b";
    return get(out);
  };
  CHECK(refused(query(limits::kHttpQueryFields - 1)) == 0);
  CHECK(refused(query(limits::kHttpQueryFields)) == 0);
  CHECK(refused(query(limits::kHttpQueryFields + 1)) == 400);

  CHECK(refused(std::string(limits::kHttpMethod - 1, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
  CHECK(refused(std::string(limits::kHttpMethod, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
  CHECK(refused(std::string(limits::kHttpMethod + 1, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);

  std::string cookies = "Cookie: ";
  for (std::size_t i = 0; i <= limits::kHttpCookies; ++i) cookies += "c" + std::to_string(i) + "=1; ";
  const Head head = read(with(cookies + "\r\n"));
  CHECK(head.cookies.size() == limits::kHttpCookies);
  CHECK(head.cookies.contains("c63"));
  CHECK(!head.cookies.contains("c64"));
}

TEST_CASE("request head: what a client asks of the connection") {
  CHECK(!read(with("Connection: close\r\n")).keep_alive);
  CHECK(!read(with("Connection: x, Close\r\n")).keep_alive);
  CHECK(read(with("Connection: Upgrade\r\nUpgrade: h2c\r\n")).keep_alive);
  CHECK(!read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
  CHECK(read(with("Expect: 100-Continue\r\n")).expects_continue);
  CHECK(refused(with("Expect: tea\r\n")) == 417);
}
