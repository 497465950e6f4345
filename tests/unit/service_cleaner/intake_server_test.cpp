// What an edge may ask of the cleaner, also a conquered one.
#include "service/cleaner/intake_server.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "service/base/sockets.h"

using namespace kiyome;
using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 20s;

struct Room {
  std::filesystem::path path;
  Descriptor listening;
  Room() {
    ::signal(SIGPIPE, SIG_IGN);  // as the role has it
    char name[] = "/tmp/kiyome-intake-XXXXXX";
    path = ::mkdtemp(name);
    listening = listen_unix(AT_FDCWD, path / "intake.sock");
  }
  ~Room() { std::filesystem::remove_all(path); }
};

class Edge {
 public:
  explicit Edge(const Room& room) : socket_(connect_unix(room.path / "intake.sock")) { REQUIRE(socket_); }
  void say(const transfer::Intake& message) { octets(transfer::encode(message)); }
  void octets(const std::string& all) { REQUIRE(write_all(socket_.get(), all, Steady::now() + kPatience)); }
  // Nothing when the connection ended.
  std::optional<transfer::Intake> hear() {
    std::string frame, some;
    for (;;) {
      const auto whole = frames_.next(frame);
      REQUIRE(whole);
      if (*whole) {
        auto message = transfer::decode_intake(frame);
        REQUIRE(message);
        return *message;
      }
      some.clear();
      if (read_some(socket_.get(), some, 65536, Steady::now() + kPatience) <= 0) return std::nullopt;
      frames_.feed(some);
    }
  }

 private:
  Descriptor socket_;
  transfer::FrameReader frames_{limits::kIntakeFrame + limits::kPictureOctets};
};

}  // namespace

TEST_CASE("intake server: previews are answered in order, also that there is none; not now is no answer") {
  Room room;
  cleaner::IntakeServer server(std::move(room.listening),
                               {[](const transfer::Announce&) {}, [](const ItemId&) {},
                                [](const ItemId&, std::uint32_t page) -> std::optional<std::string> {
                                  if (page == 3) return std::nullopt;
                                  return page == 2 ? std::string() : std::string(page * 1000, 'p');
                                }});
  server.start();
  Edge edge(room);
  const ItemId id = new_item_id();
  for (const std::uint32_t page : {1u, 2u, 3u, 4u}) edge.say(transfer::AskPicture{id, page});
  CHECK(edge.hear() == transfer::Intake(transfer::Picture{id, 1, std::string(1000, 'p')}));
  CHECK(edge.hear() == transfer::Intake(transfer::Picture{id, 2, ""}));
  CHECK(edge.hear() == transfer::Intake(transfer::Picture{id, 4, std::string(4000, 'p')}));
  server.stop();
}

TEST_CASE(
    "intake server: who asks for a thousand previews and reads none is kept waiting, not kept in memory") {
  Room room;
  std::atomic<unsigned> read{0};
  cleaner::IntakeServer server(std::move(room.listening),
                               {[](const transfer::Announce&) {}, [](const ItemId&) {},
                                [&](const ItemId&, std::uint32_t) {
                                  ++read;
                                  return std::optional(std::string(2u << 20, 'p'));
                                }});
  server.start();
  Edge edge(room);
  const ItemId id = new_item_id();
  std::string asks;
  for (int i = 0; i < 1000; ++i) asks += transfer::encode(transfer::AskPicture{id, 1});
  edge.octets(asks);
  std::this_thread::sleep_for(500ms);
  CHECK(read >= 1);
  CHECK(read <= 2);
  for (int i = 0; i < 50; ++i) {
    const auto answer = edge.hear();
    REQUIRE(answer);
    CHECK(std::get<transfer::Picture>(*answer).octets.size() == 2u << 20);
  }
  CHECK(read <= 52);
}

TEST_CASE("intake server: a picture is not edge's to say, nor pages beyond the last") {
  Room room;
  cleaner::IntakeServer server(
      std::move(room.listening),
      {[](const transfer::Announce&) {}, [](const ItemId&) {},
       [](const ItemId&, std::uint32_t) { return std::optional(std::string("p")); }});
  server.start();
  for (const transfer::Intake& bad :
       {transfer::Intake(transfer::Picture{new_item_id(), 1, ""}),
        transfer::Intake(transfer::AskPicture{new_item_id(), limits::kPreviewPages + 1})}) {
    Edge edge(room);
    edge.say(bad);
    CHECK_FALSE(edge.hear());
  }
  Edge edge(room);
  edge.say(transfer::AskPicture{new_item_id(), limits::kPreviewPages});
  CHECK(edge.hear());
  server.stop();
}
