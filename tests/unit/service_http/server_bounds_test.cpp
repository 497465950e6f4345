// The server and peers that are slow, many, or still there when it stops.
#include <doctest/doctest.h>

#include <thread>

#include "proto/base/limits.h"
#include "tests/unit/service_http/site.h"

using namespace kiyome;
using namespace kiyome::testing;

namespace {

constexpr const char* kGet = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr const char* kPost =
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";

http::ServerOptions quick() {
  http::ServerOptions out;
  out.header_seconds = out.body_seconds = 1;
  out.idle_seconds = 2;
  return out;
}

double seconds(Steady::time_point begin) { return milliseconds_since(begin) / 1000; }

}  // namespace

TEST_CASE("server: a header that drips is cut off at its deadline, however often an octet comes") {
  Site site(quick());
  Peer peer(site.port());
  const auto begin = Steady::now();
  peer.say("GET /hello HTTP/1.1\r\nHost: a\r\nX: ");
  for (int i = 0; i < 100 && peer.silent(50); ++i) peer.say("x");
  CHECK(seconds(begin) < 2.5);
  const Answer answer = peer.answer();
  CHECK(answer.status == 408);
  CHECK(peer.closed());
}

TEST_CASE("server: a body that drips is cut off; a slow one that keeps the pace is not") {
  http::ServerOptions options = quick();
  options.octets_per_second_min = 20;
  Site site(options);
  SUBCASE("dripping") {
    Peer peer(site.port());
    const auto begin = Steady::now();
    peer.say("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 100 && peer.silent(100); ++i) peer.say("x");
    CHECK(seconds(begin) < 5);  // ten octets a second earn half a second each second
    CHECK(peer.answer().status == 408);
    CHECK(peer.closed());
  }
  SUBCASE("a promise of much earns nothing") {
    Peer peer(site.port());
    const auto begin = Steady::now();
    peer.say("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
    CHECK(peer.answer().status == 408);
    CHECK(seconds(begin) < 2.5);
  }
  SUBCASE("in time") {
    Peer peer(site.port());
    peer.say("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 150\r\n\r\n");
    for (int i = 0; i < 30; ++i) {
      peer.say("xxxxx");
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    CHECK(peer.answer().content == "150");
  }
}

TEST_CASE("server: who reads nothing of his answer is cut off") {
  http::ServerOptions options = quick();
  Site site(options);
  Peer peer(site.port());
  const int small = 4096;
  ::setsockopt(peer.socket(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  for (int i = 0; i < 20; ++i) peer.say("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  int whole = 0;
  while (peer.answer().status == 200) ++whole;
  CHECK(whole < 20);
  Peer next(site.port());
  CHECK(next.ask(kGet).status == 200);
}

TEST_CASE("server: an idle connection ends by itself") {
  Site site(quick());
  Peer peer(site.port()), used(site.port());
  CHECK(used.ask(kGet).status == 200);
  const auto begin = Steady::now();
  CHECK(peer.closed());
  CHECK(used.closed());
  CHECK(seconds(begin) < 4);
  CHECK(seconds(begin) > 1);
}

TEST_CASE("server: one address has so many connections, and gets them back") {
  http::ServerOptions options;
  options.connections_per_address_max = 3;
  Site site(options);
  {
    std::vector<std::unique_ptr<Peer>> peers;
    for (int i = 0; i < 3; ++i) {
      peers.push_back(std::make_unique<Peer>(site.port()));
      peers.back()->say(kPost);
      CHECK(peers.back()->answer().status == 100);
    }
    Peer more(site.port());
    CHECK(more.answer().status == 503);
    CHECK(more.closed());
    CHECK(peers[0]->ask("abc").content == "abc");
  }
  for (int tries = 0; tries < 100; ++tries) {
    Peer again(site.port());
    if (again.ask(kGet).status == 200) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  FAIL("the connections did not come back");
}

TEST_CASE("server: an address whose idle connections are all it may have goes on with new ones") {
  http::ServerOptions options;
  options.connections_per_address_max = 8;
  Site site(options);
  std::vector<std::unique_ptr<Peer>> idle;
  for (int i = 0; i < 12; ++i) {
    idle.push_back(std::make_unique<Peer>(site.port()));
    CHECK(idle.back()->ask(kGet).status == 200);
  }
  for (std::size_t i = 0; i < 4; ++i) CHECK(idle[i]->closed());
  for (std::size_t i = 4; i < 12; ++i) CHECK(idle[i]->ask(kGet).status == 200);
}

TEST_CASE("server: who drips a header or a body makes room before anybody else") {
  http::ServerOptions options;
  options.connections_max = 4;
  Site site(options);
  Peer idle(site.port()), working(site.port());
  CHECK(idle.ask(kGet).status == 200);
  std::vector<std::unique_ptr<Peer>> dripping;
  for (const char* begun : {"GET /hello HTTP/1.1\r\nHost: a\r\nX: ",
                            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\nx"}) {
    dripping.push_back(std::make_unique<Peer>(site.port()));
    dripping.back()->say(begun);
  }
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    for (auto& peer : dripping) peer->say("x");
  }
  working.say(kPost);
  CHECK(working.answer().status == 100);
  Peer third(site.port()), fourth(site.port());
  CHECK(third.ask(kGet).status == 200);
  CHECK(fourth.ask(kGet).status == 200);
  for (auto& peer : dripping) CHECK(peer->closed());
  CHECK(idle.ask(kGet).status == 200);
  CHECK(working.ask("abc").content == "abc");
}

TEST_CASE("server: when all connections are taken, idle ones make room, and busy ones do not") {
  http::ServerOptions options;
  options.connections_max = 3;
  Site site(options);
  Peer idle(site.port()), first(site.port()), second(site.port());
  CHECK(idle.ask(kGet).status == 200);
  for (Peer* peer : {&first, &second}) {
    peer->say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    CHECK(peer->answer().status == 100);
  }
  Peer fresh(site.port());
  fresh.say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  CHECK(fresh.answer().status == 100);
  CHECK(idle.closed());
  Peer late(site.port());
  CHECK(late.answer().status == 503);
  for (Peer* peer : {&first, &second, &fresh}) CHECK(peer->ask("abc").content == "abc");
}

TEST_CASE("server: stopping ends idle connections at once, and lets a request in hand end") {
  Site site;
  Peer idle(site.port()), busy(site.port());
  CHECK(idle.ask(kGet).status == 200);
  busy.say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  CHECK(busy.answer().status == 100);
  const auto begin = Steady::now();
  std::thread stopping([&] { site.stop(); });
  CHECK(idle.closed());
  const Answer answer = busy.ask("abc");
  CHECK(answer.content == "abc");
  CHECK(answer.headers.at("connection") == "close");
  CHECK(busy.closed());
  stopping.join();
  CHECK(seconds(begin) < 5);
}

TEST_CASE("server: who promises a short body that nobody wants and sends none hears the answer soon") {
  Site site;
  Peer peer(site.port());
  const auto begin = Steady::now();
  const Answer answer = peer.ask("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nxx");
  CHECK(answer.status == 409);
  CHECK(answer.headers.at("connection") == "close");
  CHECK(seconds(begin) < 4);
  CHECK(peer.closed());
}

TEST_CASE("server: stopping does not wait for ever for a body that does not come") {
  Site site;
  Peer busy(site.port());
  busy.say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  CHECK(busy.answer().status == 100);
  const auto begin = Steady::now();
  site.stop();
  // Below the supervisor's nine seconds: a stop is never a kill.
  CHECK(seconds(begin) < http::ServerOptions{}.stop_seconds + 2);
}
