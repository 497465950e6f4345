// Two hosts over loopback: what is proved before a frame is read, and what a cut leaves.
#include "tests/unit/service_zone/two_hosts.h"

#include <cstring>
#include <set>

#include "proto/base/limits.h"
#include "service/base/errors.h"

using namespace two_hosts;

namespace {

// Sends and receives at once, as both sides of the channel do.
std::string through(const Descriptor& in, const Descriptor& out, const std::string& octets) {
  std::thread sender([&] { CHECK(write_all(in.get(), octets, Steady::now() + 30s)); });
  std::string got = receive(out, octets.size(), 30s);
  sender.join();
  return got;
}

std::string noise(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 12345;
  for (char& c : out) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return out;
}

}  // namespace

TEST_CASE("zone link: in a push and in a pull octets go both ways, many more than are held") {
  for (const Side listens : {Side::closed, Side::internet}) {
    Hosts hosts(listens);
    hosts.connector->start();
    const Descriptor a = take(*hosts.listener), b = take(*hosts.connector);
    REQUIRE(a);
    REQUIRE(b);
    const std::string large = noise(3u << 20);  // less than a second's worth of the way back
    std::string back;
    std::thread other([&] { back = through(a, b, large); });
    const std::string forth = through(b, a, large);
    other.join();
    CHECK(forth == large);
    CHECK(back == large);
    CHECK(hosts.listener->same_host() == true);
    CHECK(hosts.listener->counts().unknown_peers == 0);
    CHECK(hosts.listener->counts().sessions == 1);
    const std::int64_t end = facts_of(hosts.papers.internet.certificate_pem)->end_ms;
    CHECK(hosts.listener->certificate_end_ms() == end);
  }
}

TEST_CASE("zone link: who does not read is not read from, and nothing is lost of what waits") {
  Hosts hosts;
  hosts.connector->start();
  const Descriptor gate = take(*hosts.listener), cleaner = take(*hosts.connector);
  REQUIRE(gate);
  REQUIRE(cleaner);
  std::size_t taken = 0;
  const std::string piece = noise(64u << 10);
  const auto deadline = Steady::now() + 2s;
  while (Steady::now() < deadline) {
    const ssize_t count = ::send(cleaner.get(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) taken += static_cast<std::size_t>(count);
    if (count < 0) std::this_thread::sleep_for(10ms);
  }
  CHECK(taken < 32u << 20);  // sockets' buffers, and ours of 256 KB each
  CHECK(receive(gate, taken, 10s).size() == taken);
}

TEST_CASE("zone link: what our side said before it closed still arrives") {
  Hosts hosts;
  hosts.connector->start();
  const Descriptor gate = take(*hosts.listener);
  {
    const Descriptor cleaner = take(*hosts.connector);
    REQUIRE(cleaner);
    CHECK(write_all(cleaner.get(), "last words", Steady::now() + 1s));
  }
  CHECK(receive(gate, 10) == "last words");
  CHECK(is_closed(gate));
  // … and the link is there again by itself.
  const Descriptor again = take(*hosts.connector);
  CHECK(again);
  CHECK(take(*hosts.listener));
}

TEST_CASE("zone link: a line that is cut ends both sides, and they meet again") {
  Hosts hosts;
  hosts.connector->start();
  Descriptor gate = take(*hosts.listener), cleaner = take(*hosts.connector);
  hosts.listener.reset();  // the host is gone, its port with it
  CHECK(is_closed(cleaner));
  TransferConfig config = hosts.papers.config(Side::closed);
  std::string ignored;
  Descriptor again(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  ::setsockopt(again.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(static_cast<std::uint16_t>(std::stoul(hosts.address.substr(10))));
  REQUIRE(::bind(again.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  REQUIRE(::listen(again.get(), 16) == 0);
  std::vector<Descriptor> sockets;
  sockets.push_back(std::move(again));
  hosts.listener = std::make_unique<ZoneLink>(Side::closed, config, std::move(sockets));
  hosts.listener->start();
  cleaner = take(*hosts.connector);
  gate = take(*hosts.listener);
  REQUIRE(cleaner);
  REQUIRE(gate);
  CHECK(through(cleaner, gate, "hello") == "hello");
}

TEST_CASE("zone link: the newest proved peer counts") {
  Hosts hosts;
  hosts.connector->start();
  const Descriptor first = take(*hosts.listener);
  REQUIRE(first);
  Stranger second;
  second.use(hosts.papers.internet);
  second.speak(kProtocol);
  CHECK(second.comes_in(hosts.address));
  CHECK(is_closed(first));
}

TEST_CASE("zone link: the closed side hears every host of the Internet side, each one's newest connection") {
  Hosts hosts;
  const Issued another = issue(hosts.papers.ca, Side::internet, unix_ms_now(), 10);
  Stranger one, two, three;
  for (Stranger* each : {&one, &two, &three}) each->speak(kProtocol);
  one.use(hosts.papers.internet);
  two.use(another);
  three.use(another);
  CHECK(one.comes_in(hosts.address));
  const Descriptor first = take(*hosts.listener);
  CHECK(two.comes_in(hosts.address));
  const Descriptor second = take(*hosts.listener);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(::write(first.get(), "a", 1) == 1);
  CHECK(::write(second.get(), "b", 1) == 1);
  char heard = 0;
  CHECK(SSL_read(one.ssl.get(), &heard, 1) == 1);
  CHECK(heard == 'a');
  CHECK(SSL_read(two.ssl.get(), &heard, 1) == 1);
  CHECK(heard == 'b');
  // The same key from another address is another host; from the same address it takes its own place only.
  CHECK(three.comes_in(hosts.address, 2));
  const Descriptor third = take(*hosts.listener);
  REQUIRE(third);
  Stranger again;
  again.speak(kProtocol);
  again.use(another);
  CHECK(again.comes_in(hosts.address));
  CHECK(take(*hosts.listener));
  CHECK(is_closed(second));
  CHECK(::write(first.get(), "c", 1) == 1);
  CHECK(SSL_read(one.ssl.get(), &heard, 1) == 1);
  CHECK(::write(third.get(), "d", 1) == 1);
  CHECK(SSL_read(three.ssl.get(), &heard, 1) == 1);
}

TEST_CASE("zone link: in a pull the gate keeps a wire to each host, and the next gate stands by") {
  const Papers papers;
  std::string addresses[2];
  std::vector<std::unique_ptr<ZoneLink>> cleaners;
  for (std::string& address : addresses) {
    TransferConfig config = papers.config(Side::internet);
    config.mode = TransferMode::pull;
    std::vector<Descriptor> sockets;
    sockets.push_back(listen_anywhere(address));
    cleaners.push_back(std::make_unique<ZoneLink>(Side::internet, config, std::move(sockets)));
    cleaners.back()->start();
  }
  TransferConfig config = papers.config(Side::closed);
  config.mode = TransferMode::pull;
  config.connect = {addresses[0]};
  auto gate = std::make_unique<ZoneLink>(Side::closed, config, std::vector<Descriptor>());
  gate->start();
  const Descriptor here = take(*gate), there = take(*cleaners[0]);
  REQUIRE(here);
  REQUIRE(there);
  CHECK(through(there, here, "one") == "one");
  // A reload names the second host: it is connected to beside the first.
  config.connect = {addresses[0], addresses[1]};
  CHECK(gate->reload(config).empty());
  const Descriptor a = take(*gate), b = take(*gate);
  const Descriptor of_first = take(*cleaners[0]), of_second = take(*cleaners[1]);
  REQUIRE(a);
  REQUIRE(b);
  REQUIRE(of_first);
  REQUIRE(of_second);
  CHECK(::write(a.get(), "x", 1) == 1);
  CHECK(::write(b.get(), "y", 1) == 1);
  CHECK(std::set<std::string>{receive(of_first, 1), receive(of_second, 1)} ==
        std::set<std::string>{"x", "y"});

  // Another gate (by its own key) is taken when the first one's connection ends, and not before.
  TransferConfig second = papers.config(Side::closed);
  const Issued own = issue(papers.ca, Side::closed, unix_ms_now(), 10);
  second.certificate_pem = own.certificate_pem;
  second.key_pem = own.key_pem;
  second.mode = TransferMode::pull;
  second.connect = {addresses[0]};
  ZoneLink other_gate(Side::closed, second, {});
  other_gate.start();
  const Descriptor stands_by = take(other_gate);
  REQUIRE(stands_by);
  CHECK(!take(*cleaners[0], 300ms));
  gate.reset();
  CHECK(is_closed(of_first));
  const Descriptor next = take(*cleaners[0]);
  REQUIRE(next);
  CHECK(through(next, stands_by, "two") == "two");
}

TEST_CASE("zone link: in a push the first host of the list that answers is used, then the next") {
  const Papers papers;
  std::string addresses[2];
  std::vector<std::unique_ptr<ZoneLink>> gates;
  for (std::string& address : addresses) {
    std::vector<Descriptor> sockets;
    sockets.push_back(listen_anywhere(address));
    gates.push_back(
        std::make_unique<ZoneLink>(Side::closed, papers.config(Side::closed), std::move(sockets)));
    gates.back()->start();
  }
  TransferConfig config = papers.config(Side::internet);
  config.connect = {addresses[0], addresses[1]};
  ZoneLink cleaner(Side::internet, config, {});
  cleaner.start();
  const Descriptor first = take(cleaner), at_first = take(*gates[0]);
  REQUIRE(first);
  REQUIRE(at_first);
  CHECK(!take(*gates[1], 100ms));
  gates[0].reset();
  CHECK(is_closed(first));
  const Descriptor second = take(cleaner), at_second = take(*gates[1]);
  REQUIRE(second);
  REQUIRE(at_second);
  CHECK(through(second, at_second, "on") == "on");
}

TEST_CASE(
    "zone link: a reload with new papers ends the connection and makes it anew, the same papers do not") {
  Hosts hosts;
  hosts.connector->start();
  Descriptor gate = take(*hosts.listener), cleaner = take(*hosts.connector);
  TransferConfig next = hosts.papers.config(Side::closed);
  CHECK(hosts.listener->reload(next).empty());
  CHECK(through(cleaner, gate, "still here") == "still here");
  next.certificate_pem =
      renew(hosts.papers.ca, hosts.papers.closed.certificate_pem, unix_ms_now(), 5).certificate_pem;
  CHECK(hosts.listener->reload(next).empty());
  CHECK(is_closed(cleaner));
  gate = take(*hosts.listener);
  cleaner = take(*hosts.connector);
  CHECK(through(cleaner, gate, "renewed") == "renewed");
  next.key_pem = hosts.papers.internet.key_pem;
  CHECK(hosts.listener->reload(next) == "transfer.key: not a key, or not the certificate's");
  CHECK(through(cleaner, gate, "as before") == "as before");
}

TEST_CASE("zone link: a host with the other side's certificate does not start") {
  const Papers papers;
  TransferConfig config = papers.config(Side::internet);
  config.connect = {"127.0.0.1:9"};
  CHECK_THROWS_AS(ZoneLink(Side::closed, config, std::vector<Descriptor>()), ConfigError);
  CHECK_NOTHROW(ZoneLink(Side::internet, config, std::vector<Descriptor>()));
  config.connect.clear();
  CHECK_THROWS_AS(ZoneLink(Side::internet, config, std::vector<Descriptor>()), ConfigError);
}

TEST_CASE("zone link: a pin lets in the key it names and no other of the same CA") {
  const Papers papers;
  const Issued other = issue(papers.ca, Side::internet, unix_ms_now(), 10);
  Hosts hosts(Side::closed, [](TransferConfig&, TransferConfig&) {});
  TransferConfig pinned = hosts.papers.config(Side::closed);
  pinned.peers = {pin_of(hosts.papers.internet)};
  REQUIRE(hosts.listener->reload(pinned).empty());
  Stranger right, wrong;
  right.use(hosts.papers.internet);
  right.speak(kProtocol);
  wrong.use(issue(hosts.papers.ca, Side::internet, unix_ms_now(), 10));
  wrong.speak(kProtocol);
  // The pin is in force with the wire's next turn; a handshake that began before ends unfinished.
  CHECK(soon([&] { return !wrong.comes_in(hosts.address) && hosts.listener->counts().unknown_peers >= 1; }));
  CHECK_FALSE(wrong.comes_in(hosts.address));
  CHECK(right.comes_in(hosts.address));
}

TEST_CASE("zone link: the closed side cannot stand for the Internet side, whichever listens") {
  for (const Side listens : {Side::closed, Side::internet}) {
    Hosts hosts(listens);
    Stranger same, right;
    same.use(listens == Side::closed ? hosts.papers.closed : hosts.papers.internet);
    same.speak(kProtocol);
    CHECK_FALSE(same.comes_in(hosts.address));
    CHECK(soon([&] { return hosts.listener->counts().unknown_peers == 1; }));
    right.use(listens == Side::closed ? hosts.papers.internet : hosts.papers.closed);
    right.speak(kProtocol);
    CHECK(right.comes_in(hosts.address));
    CHECK(hosts.listener->counts().unknown_peers == 1);
  }
}

TEST_CASE(
    "zone link: no certificate, an ended one, another CA's, TLS 1.2, another protocol: refused and counted") {
  Hosts hosts;
  const Papers foreign;
  const auto refused = [&](std::uint64_t count, auto&& prepare) {
    Stranger stranger;
    prepare(stranger);
    CHECK_FALSE(stranger.comes_in(hosts.address));
    CHECK(soon([&] { return hosts.listener->counts().unknown_peers == count; }));
  };
  refused(1, [&](Stranger& s) { s.speak(kProtocol); });
  refused(2, [&](Stranger& s) {
    s.use(issue(hosts.papers.ca, Side::internet, unix_ms_now() - 20 * kDayMs, 10));
    s.speak(kProtocol);
  });
  refused(3, [&](Stranger& s) {
    s.use(foreign.internet);
    s.speak(kProtocol);
  });
  refused(4, [&](Stranger& s) {
    s.use(hosts.papers.internet);
    s.speak(kProtocol);
    SSL_CTX_set_max_proto_version(s.context.get(), TLS1_2_VERSION);
  });
  refused(5, [&](Stranger& s) {
    s.use(hosts.papers.internet);
    s.speak("h2");
  });
  refused(6, [&](Stranger& s) { s.use(hosts.papers.internet); });
  refused(7, [&](Stranger& s) {  // the CA's own: it certifies, and is nobody
    s.use(hosts.papers.ca);
    s.speak(kProtocol);
  });
  const Descriptor plain = dial(hosts.address);
  CHECK(write_all(plain.get(), "GET / HTTP/1.1\r\n\r\n", Steady::now() + 1s));
  CHECK(soon([&] { return hosts.listener->counts().unknown_peers == 8; }));
  CHECK(hosts.listener->counts().sessions == 0);
  Stranger right;
  right.use(hosts.papers.internet);
  right.speak(kProtocol);
  CHECK(right.comes_in(hosts.address));
  CHECK(hosts.listener->counts().unknown_peers == 8);
}

TEST_CASE("zone link: who connects refuses a listener that is not the other side, too") {
  Papers papers;
  for (const bool fine : {false, true}) {
    std::string address;
    std::vector<Descriptor> sockets;
    sockets.push_back(listen_anywhere(address));
    // A listener of the Internet side, asked by one of the Internet side; and its accepting twin.
    const Side listens = fine ? Side::closed : Side::internet;
    TransferConfig config = papers.config(Side::internet);
    config.connect = {address};
    ZoneLink listener(listens, papers.config(listens), std::move(sockets)),
        connector(Side::internet, config, {});
    listener.start();
    connector.start();
    if (fine) {
      CHECK(take(connector));
    } else {
      CHECK(soon([&] { return connector.counts().unknown_peers >= 2; }));  // it tries again, with a pause
      CHECK_FALSE(take(connector, 100ms));
      CHECK(connector.counts().sessions == 0);
    }
  }
}

TEST_CASE("zone link: a peer's session ends with his certificate") {
  Hosts hosts;
  Stranger peer;
  // A day from a day ago on: it ends in two seconds.
  const Descriptor plain =
      peer.joins(hosts, issue(hosts.papers.ca, Side::internet, unix_ms_now() - kDayMs + 3000, 1));
  CHECK(is_closed(plain, 8s));
  CHECK_FALSE(peer.comes_in(hosts.address));
}
