// How the forwarder says it fares, with a collector on this host.
#include "service/trail/forwarder.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "service/base/sockets.h"
#include "service/store/audit_trail.h"

using namespace kiyome;
using namespace std::chrono_literals;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/kiyome-forward.XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

std::uint16_t port_of(const Descriptor& socket) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
  return ntohs(at.sin_port);
}

bool comes(const std::function<bool()>& is) {
  for (int i = 0; i < 1000; ++i) {
    if (is()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace

TEST_CASE("forwarder: it tells how far a collector has the trail, and that none is there") {
  Folder folder;
  store::AuditTrail trail(folder.path + "/audit.sqlite");
  for (int i = 0; i < 3; ++i) trail.append("sign-in", "taro", "{}");
  AuditConfig config;
  trail::Forwarder forwarder(folder.path, config, audit::Trail::edge, trail.book());
  CHECK_FALSE(forwarder.state());  // none is configured
  forwarder.start();

  Descriptor listening = listen_tcp({"127.0.0.1", 0}, "collector");
  config.syslog = "tcp://127.0.0.1:" + std::to_string(port_of(listening));
  forwarder.reload(config);
  REQUIRE(comes([&] { return forwarder.state()->sent == 3; }));
  CHECK(forwarder.state()->connected);
  CHECK(forwarder.state()->sent_ms > 0);
  trail.append("sign-out", "taro", "{}");
  CHECK(comes([&] { return forwarder.state()->sent == 4; }));

  config.syslog = "tcp://127.0.0.1:1";
  forwarder.reload(config);
  REQUIRE(comes([&] { return !forwarder.state()->connected && !forwarder.state()->why.empty(); }));
  CHECK(forwarder.state()->sent == 4);
  forwarder.stop();
}
