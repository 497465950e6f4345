// Floods at the door, and a peer with the right papers who was conquered.
#include "tests/unit/service_zone/two_hosts.h"

#include <sys/resource.h>

#include <atomic>

#include "proto/base/limits.h"

using namespace two_hosts;

namespace {

double seconds_of_cpu() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

}  // namespace

TEST_CASE(
    "zone door: many who say nothing do not keep the true peer out, nor a session that stands from going "
    "on") {
  Hosts hosts;
  std::vector<Descriptor> silent;
  for (unsigned i = 0; i < 3 * limits::kZoneHandshakes; ++i) silent.push_back(dial(hosts.address, 2 + i % 3));
  Stranger peer;
  const Descriptor gate = peer.joins(hosts, hosts.papers.internet);
  for (unsigned i = 0; i < 3 * limits::kZoneHandshakes; ++i) silent.push_back(dial(hosts.address, 2));
  CHECK(SSL_write(peer.ssl.get(), "goes on", 7) == 7);
  CHECK(receive(gate, 7) == "goes on");
  CHECK(soon([&] { return hosts.listener->counts().unfinished >= 5 * limits::kZoneHandshakes; }));
  CHECK(hosts.listener->counts().unknown_peers == 0);
}

TEST_CASE("zone door: an address that floods pushes out its own, a slow peer of another address stays") {
  Hosts hosts;
  const Descriptor slow = dial(hosts.address, 9);  // has connected, and takes its time
  std::this_thread::sleep_for(50ms);
  std::vector<Descriptor> flood;
  for (unsigned i = 0; i < 4 * limits::kZoneHandshakes; ++i) flood.push_back(dial(hosts.address, 2));
  CHECK(soon([&] { return hosts.listener->counts().unfinished >= 3 * limits::kZoneHandshakes; }));
  pollfd entry{slow.get(), POLLIN, 0};
  CHECK(::poll(&entry, 1, 200) == 0);  // not hung up on
}

TEST_CASE("zone door: a handshake has its time") {
  Hosts hosts;
  const Descriptor silent = dial(hosts.address);
  const auto begin = Steady::now();
  CHECK(is_closed(silent, 15s));
  CHECK(Steady::now() - begin > std::chrono::milliseconds(limits::kZoneHandshakeMs) - 1s);
  CHECK(soon([&] { return hosts.listener->counts().unfinished == 1; }));
}

TEST_CASE("conquered peer: key updates and other handshake messages end the connection") {
  Hosts hosts;
  Stranger peer;
  const Descriptor gate = peer.joins(hosts, hosts.papers.internet);
  CHECK(SSL_write(peer.ssl.get(), "before", 6) == 6);
  CHECK(receive(gate, 6) == "before");
  REQUIRE(SSL_key_update(peer.ssl.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
  SSL_write(peer.ssl.get(), "after", 5);
  CHECK(is_closed(gate));
}

TEST_CASE("conquered gate: what it may say in a second is bounded, in octets and in records") {
  Hosts hosts(Side::internet);  // the Internet side listens and hears
  Stranger gate;
  const Descriptor cleaner = gate.joins(hosts, hosts.papers.closed);
  std::atomic<bool> stop{false};
  std::thread flood([&] {  // the smallest records there are: the most work for each octet
    while (!stop)
      if (SSL_write(gate.ssl.get(), "x", 1) != 1) return;
  });
  std::size_t heard = 0;
  std::string octets;
  const auto end = Steady::now() + 3s;
  while (Steady::now() < end) {
    octets.clear();
    if (read_some(cleaner.get(), octets, 1u << 20, end) > 0) heard += octets.size();
  }
  stop = true;
  ::shutdown(gate.socket.get(), SHUT_RDWR);
  flood.join();
  // One octet is a record of 23.
  CHECK(heard > 0);
  CHECK(heard <= 5 * (limits::kZoneBackSecond / 23 + limits::kZoneBuffer));
}

TEST_CASE(
    "conquered gate: who sends and does not read, or reads and never sends, costs us what is held and no "
    "more") {
  Hosts hosts(Side::internet);
  Stranger gate;
  Descriptor cleaner = gate.joins(hosts, hosts.papers.closed);
  const std::string piece(64u << 10, 'y');
  // It reads nothing: our writing side waits, without spinning.
  std::size_t taken = 0;
  const double before = seconds_of_cpu();
  const auto end = Steady::now() + 2s;
  while (Steady::now() < end) {
    const ssize_t count = ::send(cleaner.get(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    taken += count > 0 ? static_cast<std::size_t>(count) : 0;
    if (count <= 0) std::this_thread::sleep_for(20ms);
  }
  CHECK(taken < 32u << 20);
  CHECK(seconds_of_cpu() - before < 1.5);
  // Our side closes: the wire ends though the peer still does not read.
  cleaner.reset();
  CHECK(soon([&] { return !hosts.listener->same_host().has_value(); }));
}
