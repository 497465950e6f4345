// Clients that try to take more than their share.
#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "tests/unit/service_edge/edge_fixture.h"

using namespace edge_test;

namespace {

#ifdef KIYOME_ASAN
constexpr std::size_t kOwnMemory = 4;  // freed memory is kept for a while
#else
constexpr std::size_t kOwnMemory = 1;
#endif

std::size_t resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  return 0;
}

void allow_descriptors(rlim_t count) {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_cur >= count) return;
  limit.rlim_cur = std::min(limit.rlim_max, count);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  REQUIRE(limit.rlim_cur >= count);
}

}  // namespace

TEST_CASE(
    "edge: a thousand slow clients cost little, others are served, and dripping does not keep them alive") {
  allow_descriptors(4096);
  Edge edge([](auto& config) {
    config.connections_max = 1100;
    config.connections_per_address_max = 0;
    config.command_timeout_seconds = 4;
  });
  {
    Client warm = edge.client();
    send_mail(warm, "x\r\n");
  }
  const std::size_t before = resident_kilobytes();
  std::vector<Client> slow;
  for (int i = 0; i < 1000; ++i) slow.emplace_back(edge.port);
  for (Client& client : slow) CHECK(client.reply().substr(0, 4) == "220 ");
  for (Client& client : slow) client.say("EHLO c.examp");
  const auto began = Steady::now();
  Client other = edge.client();
  for (int i = 0; i < 20; ++i) CHECK(send_mail(other, "x\r\n").substr(0, 4) == "250 ");
  CHECK(Steady::now() - began < kPatience);
  MESSAGE("1000 slow clients, both ends: " << (resident_kilobytes() - before) << " KB");
  CHECK(resident_kilobytes() - before < 50'000 * kOwnMemory);
  // One more octet a second, never a whole line.
  for (int second = 0; second < 5; ++second) {
    for (Client& client : slow) client.say("l");
    std::this_thread::sleep_for(1s);
  }
  std::size_t ended = 0;
  for (Client& client : slow) ended += client.rest().starts_with("421 4.4.2 mx.example Timeout");
  CHECK(ended == slow.size());
}

TEST_CASE("edge: the time for a message is absolute") {
  Edge edge([](auto& config) { config.data_timeout_seconds = 2; });
  Client client = edge.client();
  client.say("EHLO c.example\r\n" + kEnvelope);
  for (int i = 0; i < 4; ++i) client.reply();
  const auto began = Steady::now();
  std::thread dripper([&] {
    for (int i = 0; i < 150 && client.say("a line of it\r\n"); ++i) std::this_thread::sleep_for(100ms);
  });
  CHECK(client.reply().substr(0, 9) == "421 4.4.2");
  CHECK(Steady::now() - began < 10s);
  dripper.join();
  CHECK(edge.announced.with([](auto& items) { return items.size(); }) == 0);
}

TEST_CASE("edge: the time for a session is absolute") {
  Edge edge([](auto& config) { config.session_timeout_seconds = 2; });
  Client client = edge.client();
  const auto began = Steady::now();
  std::string reply;
  do {
    std::this_thread::sleep_for(100ms);
    reply = client.ask("NOOP");
  } while (reply.starts_with("250"));
  CHECK(reply.substr(0, 9) == "421 4.4.2");
  CHECK(Steady::now() - began < 10s);
}

TEST_CASE("edge: connections of one address and of all are bounded, and their places come free again") {
  Edge edge([](auto& config) {
    config.connections_max = 8;
    config.connections_per_address_max = 3;
  });
  std::vector<Client> first;
  for (int i = 0; i < 3; ++i) first.push_back(edge.client("127.0.0.1"));
  Client fourth(edge.port);
  CHECK(fourth.reply() == "421 4.7.0 mx.example Too many connections, try again later\r\n");
  CHECK(fourth.rest().empty());
  std::vector<Client> others;
  for (int i = 0; i < 3; ++i) others.push_back(edge.client("127.0.0.2"));
  first[0].ask("QUIT");
  CHECK(first[0].reply().empty());
  first.erase(first.begin());
  const auto deadline = Steady::now() + kPatience;
  while (edge.server->connections() > 6 && Steady::now() < deadline) std::this_thread::sleep_for(5ms);
  Client again = edge.client("127.0.0.1");
  CHECK(send_mail(again, "x\r\n").substr(0, 4) == "250 ");
  Client seventh = edge.client("127.0.0.3");
  Client eighth = edge.client("127.0.0.3");
  Client ninth(edge.port, "127.0.0.4");
  CHECK(ninth.reply() == "421 4.7.0 mx.example Too many connections, try again later\r\n");
}

TEST_CASE("edge: a client that never reads its replies is held back and others are served") {
  Edge edge([](auto& config) { config.command_timeout_seconds = 3; });
  Client deaf = edge.client();
  const int small = 4096;
  ::setsockopt(deaf.socket(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  const std::size_t before = resident_kilobytes();
  std::thread flood([&] {
    // HELP has an answer longer than itself; a mail now and then forgives the number of commands.
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "HELP\r\n";
    const std::string block = "RSET\r\n" + many + kEnvelope + "x\r\n.\r\n";
    deaf.say("EHLO c.example\r\n");
    for (int i = 0; i < 3000 && deaf.say(block); ++i) {
    }
  });
  Client other = edge.client();
  for (int i = 0; i < 20; ++i) CHECK(send_mail(other, "x\r\n").substr(0, 4) == "250 ");
  flood.join();  // the server ends it at its deadline
  CHECK(resident_kilobytes() - before < 20'000 * kOwnMemory);
}

TEST_CASE("edge: a flood on one connection leaves the others their turn") {
  Edge edge([](auto& config) {
    config.threads = 1;
    config.max_message_bytes = 1u << 30;
  });
  Client flood = edge.client();
  flood.say("EHLO c.example\r\n" + kEnvelope);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    const std::string block(1 << 20, 'x');
    while (!done && flood.say(block)) {
    }
  });
  Client other = edge.client();
  const auto began = Steady::now();
  for (int i = 0; i < 10; ++i) CHECK(send_mail(other, "x\r\n").substr(0, 4) == "250 ");
  CHECK(Steady::now() - began < kPatience);
  done = true;
  ::shutdown(flood.socket(), SHUT_RDWR);
  writer.join();
}

TEST_CASE("edge: errors end in 421 and the reply arrives") {
  Edge edge([](auto& config) { config.errors_max = 5; });
  Client client = edge.client();
  std::string many;
  for (int i = 0; i < 50; ++i) many += "FOO\r\n";
  client.say(many);
  for (int i = 0; i < 5; ++i) CHECK(client.reply().substr(0, 9) == "500 5.5.2");
  CHECK(client.rest() == "421 4.7.0 mx.example Too many errors, closing\r\n");
}

TEST_CASE("edge: when places run short, silent clients make room for others") {
  allow_descriptors(4096);
  Edge edge([](auto& config) {
    config.connections_max = 40;
    config.connections_per_address_max = 0;
  });
  std::vector<Client> silent;
  for (int i = 0; i < 40; ++i) silent.push_back(edge.client());
  Client refused(edge.port);
  CHECK(refused.reply().substr(0, 9) == "421 4.7.0");
  std::this_thread::sleep_for(10500ms);
  Client knocking(edge.port);  // this one may still find no place
  CHECK(silent[0].rest().starts_with("421 4.4.2"));
  silent.clear();
  const auto deadline = Steady::now() + kPatience;
  while (edge.server->connections() > 30 && Steady::now() < deadline) std::this_thread::sleep_for(5ms);
  Client other = edge.client();
  CHECK(send_mail(other, "x\r\n").substr(0, 4) == "250 ");
}
