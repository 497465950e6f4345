// The server on a real socket: framing, early answers, what handlers throw, and what is no request.
#include <doctest/doctest.h>

#include <random>

#include "proto/base/limits.h"
#include "tests/unit/service_http/site.h"

using namespace kiyome;
using namespace kiyome::testing;

namespace {

constexpr const char* kGet = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

http::ServerOptions quick() {
  http::ServerOptions out;
  out.header_seconds = out.body_seconds = 1;
  out.idle_seconds = 2;
  return out;
}

}  // namespace

TEST_CASE("server: a request is answered, and the connection goes on") {
  Site site;
  Peer peer(site.port());
  for (int i = 0; i < 3; ++i) {
    const Answer answer = peer.ask(kGet);
    CHECK(answer.status == 200);
    CHECK(answer.content == "{\"hello\":true}");
    CHECK(answer.headers.at("connection") == "keep-alive");
    CHECK(answer.headers.at("content-type") == "application/json");
  }
  CHECK(peer.ask("GET /things/%E3%81%82/of/b?q=c%20d HTTP/1.1\r\nHost: a\r\n\r\n").content == "あ|b|c d");
}

TEST_CASE("server: security headers stand on every answer, and no version of ours") {
  Site site;
  Peer peer(site.port());
  for (const char* path : {"/hello", "/nothing", "/broken", "/long"}) {
    const Answer answer = peer.ask(std::string("GET ") + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(answer.headers.at("content-security-policy").find("default-src 'none'; script-src 'self'") == 0);
    CHECK(answer.headers.at("x-content-type-options") == "nosniff");
    CHECK(answer.headers.at("referrer-policy") == "no-referrer");
    CHECK(answer.headers.at("cache-control") == "no-store");
    CHECK(answer.headers.at("cross-origin-opener-policy") == "same-origin");
    CHECK(answer.headers.at("cross-origin-resource-policy") == "same-origin");
    CHECK(answer.headers.contains("permissions-policy"));
    CHECK(!answer.headers.contains("strict-transport-security"));
    CHECK(!answer.headers.contains("server"));
  }
}

TEST_CASE("server: what is wrong is a problem with a code, and handlers' secrets stay ours") {
  Site site;
  Peer peer(site.port());
  const auto ask = [&](const std::string& line) { return peer.ask(line + " HTTP/1.1\r\nHost: a\r\n\r\n"); };
  const Answer missing = ask("GET /nothing");
  CHECK(missing.status == 404);
  CHECK(missing.headers.at("content-type") == "application/problem+json");
  CHECK(missing.content ==
        R"({"type":"about:blank","title":"見つかりません / Not found","status":404,"code":"not-found"})");
  const Answer method = ask("DELETE /hello");
  CHECK(method.status == 405);
  CHECK(method.headers.at("allow") == "GET, HEAD");
  const Answer busy = ask("GET /temporary");
  CHECK(busy.status == 503);
  CHECK(busy.headers.contains("retry-after"));
  CHECK(busy.content.find("secret") == std::string::npos);
  const Answer broken = ask("GET /broken");
  CHECK(broken.status == 500);
  CHECK(broken.content.find("secret") == std::string::npos);
  const Answer injected = ask("GET /injected");
  CHECK(injected.status == 500);
  CHECK(!injected.headers.contains("set-cookie"));
  CHECK(ask("GET /hello").status == 200);  // on the same connection
}

TEST_CASE("server: HEAD is GET without its content") {
  Site site;
  Peer peer(site.port());
  peer.say("HEAD /long HTTP/1.1\r\nHost: a\r\n\r\n");
  const Answer answer = peer.answer(true);
  CHECK(answer.status == 200);
  CHECK(answer.headers.at("content-length") == std::to_string(3u << 20));
  peer.say("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(peer.answer(true).status == 404);
  CHECK(peer.ask(kGet).status == 200);
  // Also where the request is refused before anybody looks at what it asks for.
  for (const char* wrong : {"HEAD /../etc HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/1.1\nHost: a\r\n\r\n"}) {
    Peer early(site.port());
    early.say(wrong);
    CHECK(early.answer(true).status == 400);
    CHECK(early.closed());
  }
}

TEST_CASE("server: long answers come whole, and a source that ends early cannot look whole") {
  Site site;
  Peer peer(site.port());
  const Answer whole = peer.ask("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(whole.content == std::string(3u << 20, 'z'));
  CHECK(peer.ask("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n").status == -1);
}

TEST_CASE("server: bodies, counted and chunked, in any pieces") {
  Site site;
  Peer peer(site.port());
  CHECK(peer.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").content == "hello");
  CHECK(peer.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").content.empty());
  CHECK(peer.ask("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n").content.empty());
  const std::string chunked =
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n";
  CHECK(peer.ask(chunked).content == "abc0123456789");
  for (const char c : chunked) peer.say({&c, 1});
  CHECK(peer.answer().content == "abc0123456789");
  const std::string big(5u << 20, 'x');
  CHECK(peer.ask("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 5242880\r\n\r\n" + big).content ==
        "5242880");
  CHECK(peer.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n").status == 413);
}

TEST_CASE("server: a chunked body that is too long is refused when it is") {
  Site site;
  Peer peer(site.port());
  const Answer answer =
      peer.ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186A1\r\n" +
               std::string(100001, 'x') + "\r\n0\r\n\r\n" + kGet);
  CHECK(answer.status == 413);
  CHECK(answer.headers.at("connection") == "close");
  CHECK(peer.closed());
  CHECK(site.calls() == 1);
}

TEST_CASE("server: chunks that are none end the request and the connection") {
  Site site;
  for (const char* body :
       {"g\r\n", "-1\r\n", "\r\n", " 3\r\nabc\r\n", "3 \r\nabc\r\n", "3;a=b\r\nabc\r\n", "0x3\r\nabc\r\n",
        "3\nabc\n", "3\r\nabcd\r\n0\r\n\r\n", "3\r\nabc0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "0\r\nX: y\r\n\r\n",
        "00000000000000003\r\nabc\r\n", "0\r\nab", "fffffffffffffffff\r\n"}) {
    Peer peer(site.port());
    const int before = site.calls();
    const Answer answer =
        peer.ask(std::string("POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") +
                 body + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_MESSAGE(answer.status == 400, body);
    CHECK_MESSAGE(peer.closed(), body);
    CHECK_MESSAGE(site.calls() == before + 1, body);  // what stood behind was no request
  }
  Peer honest(site.port());
  CHECK(honest
            .ask("POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                 "chunked\r\n\r\n0000000000000003\r\nabc\r\n0\r\n\r\n")
            .content == "3");
}

TEST_CASE("server: what is packed is not taken") {
  Site site;
  Peer peer(site.port());
  for (const char* coding : {"gzip", "br", "identity, gzip", "x"})
    CHECK(peer.ask(std::string("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: ") + coding +
                   "\r\nContent-Length: 3\r\n\r\nabc")
              .status == 415);
  CHECK(site.calls() == 0);
  CHECK(peer.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").content == "abc");
}

TEST_CASE("server: a request that could be two is neither") {
  Site site;
  const std::string inner = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const char* framing :
       {"Content-Length: 35\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "Content-Length: 0\r\nContent-Length: 35\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\x0b"
        "chunked\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n", "Content-Length: 35\nX: y\r\n",
        "Content-Length: -1\r\n"}) {
    Peer peer(site.port());
    const Answer answer =
        peer.ask("POST /length HTTP/1.1\r\nHost: a\r\n" + std::string(framing) + "\r\n0\r\n\r\n" + inner);
    CHECK_MESSAGE(answer.status == 400, framing);
    CHECK_MESSAGE(peer.closed(), framing);
  }
  CHECK(site.calls() == 0);
  Peer honest(site.port());
  const Answer answer = honest.ask("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 32\r\n\r\n" + inner);
  CHECK(answer.content == "32");
  CHECK(site.calls() == 1);
}

TEST_CASE("server: requests in one write are answered in their order") {
  Site site;
  Peer peer(site.port());
  peer.say(std::string(kGet) + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + kGet);
  CHECK(peer.answer().content == "{\"hello\":true}");
  CHECK(peer.answer().content == "abc");
  CHECK(peer.answer().content == "{\"hello\":true}");
}

TEST_CASE("server: after an early answer the unread body is never the next request") {
  Site site;
  SUBCASE("a short one is read to its end, and the connection goes on") {
    Peer peer(site.port());
    const std::string body = kGet;
    peer.say("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
             "\r\n\r\n" + body);
    const Answer answer = peer.answer();
    CHECK(answer.status == 409);
    CHECK(answer.headers.at("connection") == "keep-alive");
    CHECK(peer.ask(kGet).status == 200);
    CHECK(site.calls() == 2);
  }
  SUBCASE("a long one ends the connection, and the answer still arrives") {
    Peer peer(site.port());
    const Answer answer = peer.ask("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" +
                                   std::string(500000, 'x') + kGet);
    CHECK(answer.status == 409);
    CHECK(answer.headers.at("connection") == "close");
    CHECK(peer.closed());
    CHECK(site.calls() == 1);
  }
  SUBCASE("a very long one too: its sender is let finish before he is cut off") {
    Peer peer(site.port());
    const Answer answer = peer.ask("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n" +
                                   std::string(20000000, 'x'));
    CHECK(answer.status == 409);
    peer.end();
    CHECK(peer.closed());
  }
  SUBCASE("a chunked one ends the connection") {
    Peer peer(site.port());
    const Answer answer = peer.ask(
        "POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + std::string(kGet));
    CHECK(answer.status == 409);
    CHECK(peer.closed());
    CHECK(site.calls() == 1);
  }
  SUBCASE("also where no route is") {
    Peer peer(site.port());
    const Answer answer =
        peer.ask("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + std::string(kGet));
    CHECK(answer.status == 404);
    CHECK(answer.headers.at("connection") == "close");
    peer.end();
    CHECK(peer.closed());
    CHECK(site.calls() == 0);
  }
}

TEST_CASE("server: how much of an unread body is read to its end, one below, at and above") {
  Site site;
  for (const std::size_t size : {limits::kHttpDrain - 1, limits::kHttpDrain, limits::kHttpDrain + 1}) {
    Peer peer(site.port());
    const Answer answer =
        peer.ask("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
                 std::string(size, 'x'));
    CHECK(answer.headers.at("connection") == (size <= limits::kHttpDrain ? "keep-alive" : "close"));
  }
}

TEST_CASE("server: a connection has so many requests, and the last answer says so") {
  Site site;
  Peer peer(site.port());
  for (std::size_t i = 1; i <= limits::kHttpRequests; ++i) {
    const Answer answer = peer.ask(kGet);
    const bool last = i == limits::kHttpRequests;
    if (answer.status != 200 || (answer.headers.at("connection") == "close") != last) FAIL(i);
  }
  CHECK(peer.closed());
}

TEST_CASE(
    "server: a route for HEAD comes before GET's, a fixed segment is not captured, an empty one fits none") {
  auto router = std::make_unique<http::Router>();
  const auto status = [](int code) { return [code](http::Request&) { return http::Response::empty(code); }; };
  router->on("GET", "/things/{thing}", status(200));
  router->on("HEAD", "/things/{thing}", status(201));
  router->on("POST", "/things/", status(202));
  router->on("POST", "/things/open", status(204));
  Site site({}, std::move(router));
  Peer peer(site.port());
  const auto ask = [&](const std::string& line) {
    return peer.say(line + " HTTP/1.1\r\nHost: a\r\n\r\n").answer(line.starts_with("HEAD")).status;
  };
  CHECK(ask("GET /things/1") == 200);
  CHECK(ask("HEAD /things/1") == 201);
  CHECK(ask("GET /things/") == 405);
  CHECK(ask("POST /things/") == 202);
  CHECK(ask("GET /things") == 404);
  CHECK(ask("GET /things/1/") == 404);
  CHECK(ask("OPTIONS /things/1") == 405);
  CHECK(ask("POST /things/open") == 204);
  CHECK(ask("GET /things/open") == 405);  // no thing of this name
}

TEST_CASE("server: 100 Continue comes when the body is wanted, and not before a refusal") {
  Site site;
  const std::string expect = "Host: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
  Peer peer(site.port());
  CHECK(peer.ask("POST /echo HTTP/1.1\r\n" + expect).status == 100);
  CHECK(peer.ask("abc").content == "abc");
  const Answer refused = peer.ask("POST /early HTTP/1.1\r\n" + expect);
  CHECK(refused.status == 409);
  CHECK(refused.headers.at("connection") == "close");
  CHECK(peer.closed());
  Peer other(site.port());
  CHECK(other.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: tea\r\n\r\n").status ==
        417);
}

TEST_CASE("server: HTTP/1.0 is answered once") {
  Site site;
  Peer peer(site.port());
  const Answer answer = peer.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.headers.at("connection") == "close");
  CHECK(peer.closed());
}

TEST_CASE("server: only names it was given, when it was given some") {
  http::ServerOptions options;
  options.hosts = {"Files.example"};
  Site site(options);
  Peer peer(site.port());
  CHECK(peer.ask("GET /hello HTTP/1.1\r\nHost: files.EXAMPLE:8443\r\n\r\n").status == 200);
  CHECK(peer.ask("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 421);
  CHECK(peer.ask("GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").status == 421);
  CHECK(peer.ask("GET /hello HTTP/1.0\r\n\r\n").status == 421);
  CHECK(site.calls() == 1);
}

TEST_CASE("server: a thousand mutated requests, and it still answers") {
  http::ServerOptions options = quick();
  options.connections_per_address_max = 1000;
  Site site(options);
  const std::string seeds[] = {
      "GET /things/a/of/b?q=c HTTP/1.1\r\nHost: a\r\nCookie: kiyome=x\r\nAccept: text/html\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nContent-Type: application/json\r\n\r\nhello "
      "world",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: "
      "100-continue\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "HEAD /long HTTP/1.0\r\nConnection: close\r\n\r\n"};
  const std::string words[] = {"\r\n",
                               "\n",
                               "\r",
                               std::string(1, '\0'),
                               ":",
                               " ",
                               "\t",
                               "%00",
                               "Content-Length: 3\r\n",
                               "Transfer-Encoding: chunked\r\n",
                               "ffffffffffffffff",
                               "Host: b\r\n",
                               "HTTP/1.1",
                               "../",
                               "\xff"};
  std::mt19937 random(4);
  for (int round = 0; round < 1000; ++round) {
    std::string text = seeds[random() % 4];
    for (unsigned changes = 1 + random() % 4; changes > 0 && !text.empty(); --changes) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 8);
          break;
        case 2:
          text.insert(at, words[random() % 15]);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 40));
      }
    }
    Peer peer(site.port());
    peer.say(text).end();
    Answer answer;
    for (int answers = 0; answers < 8 && (answer = peer.answer(text.starts_with("HEAD"))).status > 0;
         ++answers)
      CHECK_MESSAGE((answer.status != 500 || text.find("/broken") != std::string::npos), text);
  }
  Peer honest(site.port());
  CHECK(honest.ask(kGet).status == 200);
}
