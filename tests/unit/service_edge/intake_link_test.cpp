// The edge's side of the intake against a cleaner that we play.
#include <doctest/doctest.h>

#include <fcntl.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "service/base/clock.h"
#include "service/base/sockets.h"
#include "service/edge/intake_link.h"
#include "tests/unit/service_edge/edge_fixture.h"

using namespace edge_test;
using kiyome::ItemId;
using kiyome::transfer::Announce;
namespace transfer = kiyome::transfer;

namespace {

class Cleaner {
 public:
  explicit Cleaner(const std::string& path) : listening_(kiyome::listen_unix(AT_FDCWD, path)) {}
  void accept() {
    connection_.reset();
    if (!kiyome::wait_for(listening_.get(), POLLIN, Steady::now() + kPatience))
      FAIL("the edge does not come");
    connection_.reset(::accept(listening_.get(), nullptr, nullptr));
    frames_ = transfer::FrameReader(kiyome::limits::kWayBackFrame);
  }
  void hang_up() { connection_.reset(); }
  std::vector<Announce> hear(std::size_t count) {
    std::vector<Announce> out;
    std::string frame;
    while (out.size() < count) {
      const auto whole = frames_.next(frame);
      REQUIRE(whole);
      if (*whole) {
        const auto message = transfer::decode_intake(frame);
        REQUIRE(message);
        REQUIRE(std::holds_alternative<Announce>(*message));
        out.push_back(std::get<Announce>(*message));
        continue;
      }
      std::string octets;
      REQUIRE(kiyome::read_some(connection_.get(), octets, 65536, Steady::now() + kPatience) > 0);
      frames_.feed(octets);
    }
    return out;
  }
  ItemId hear_ask() { return hear_one<transfer::AskDrop>().id; }
  template <class Message>
  Message hear_one() {
    std::string frame, octets;
    for (auto whole = frames_.next(frame); !*whole; whole = frames_.next(frame)) {
      octets.clear();
      REQUIRE(kiyome::read_some(connection_.get(), octets, 65536, Steady::now() + kPatience) > 0);
      frames_.feed(octets);
    }
    const auto message = transfer::decode_intake(frame);
    REQUIRE(message);
    REQUIRE(std::holds_alternative<Message>(*message));
    return std::get<Message>(*message);
  }
  void say(const transfer::Intake& message) { say_octets(transfer::encode(message)); }
  void say_octets(const std::string& octets) {
    REQUIRE(kiyome::write_all(connection_.get(), octets, Steady::now() + kPatience));
  }
  bool hung_up_by_edge() {
    std::string octets;
    return kiyome::read_some(connection_.get(), octets, 65536, Steady::now() + kPatience) == 0;
  }

 private:
  Descriptor listening_, connection_;
  transfer::FrameReader frames_{kiyome::limits::kWayBackFrame};
};

struct Room {
  Room() {
    std::filesystem::create_directory(folder.path() + "/originals");
    keys = kiyome::store::load_or_make_cleaner_key(folder.path());
    log = std::make_unique<kiyome::store::OriginalLog>(folder.path() + "/originals", keys.public_key,
                                                       [](const Announce&) {});
  }
  std::string socket() const { return folder.path() + "/cleaner.sock"; }
  TemporaryFolder folder;
  kiyome::store::CleanerKeyPair keys;
  std::unique_ptr<kiyome::store::OriginalLog> log;
};

Announce item(std::uint64_t number) { return {kiyome::new_item_id(), 1, number, 100}; }

template <class F>
bool comes_true(F&& condition) {
  const auto deadline = Steady::now() + kPatience;
  while (!condition() && Steady::now() < deadline) std::this_thread::sleep_for(5ms);
  return condition();
}

}  // namespace

TEST_CASE("intake link: items are said in order, and again after a reconnect unless they were taken") {
  Room room;
  Cleaner cleaner(room.socket());
  kiyome::edge::IntakeLink link(room.socket());
  std::vector<Announce> items;
  for (std::uint64_t i = 0; i < 10; ++i) {
    items.push_back(item(i));
    link.announce(items.back());
  }
  link.start(*room.log);
  cleaner.accept();
  CHECK(cleaner.hear(10) == items);
  // Taken out of order.
  for (const int i : {5, 0, 1, 9}) cleaner.say(transfer::Taken{items[static_cast<std::size_t>(i)].id});
  CHECK(comes_true([&] { return link.waiting() == 6; }));
  cleaner.hang_up();
  const Announce later = item(10);
  link.announce(later);
  cleaner.accept();
  CHECK(cleaner.hear(7) ==
        std::vector<Announce>{items[2], items[3], items[4], items[6], items[7], items[8], later});
  for (const Announce& waiting : items) cleaner.say(transfer::Taken{waiting.id});
  cleaner.say(transfer::Taken{later.id});
  CHECK(comes_true([&] { return link.waiting() == 0; }));
  link.announce(item(11));
  CHECK(cleaner.hear(1)[0].offset == 11);
  link.stop();
}

TEST_CASE("intake link: many items over a cleaner that reads slowly") {
  Room room;
  Cleaner cleaner(room.socket());
  kiyome::edge::IntakeLink link(room.socket());
  link.start(*room.log);
  cleaner.accept();
  for (std::uint64_t i = 0; i < 50000; ++i) link.announce(item(i));
  std::this_thread::sleep_for(50ms);
  const auto heard = cleaner.hear(50000);
  bool in_order = true;
  for (std::uint64_t i = 0; i < heard.size(); ++i) in_order = in_order && heard[i].offset == i;
  CHECK(in_order);
  std::string taken;
  for (const Announce& one : heard) taken += transfer::encode(transfer::Intake(transfer::Taken{one.id}));
  cleaner.say_octets(taken);
  CHECK(comes_true([&] { return link.waiting() == 0; }));
  link.stop();
}

TEST_CASE("intake link: nonsense ends the connection, and the next one starts anew") {
  Room room;
  Cleaner cleaner(room.socket());
  kiyome::edge::IntakeLink link(room.socket());
  link.announce(item(1));
  link.start(*room.log);
  cleaner.accept();
  cleaner.hear(1);
  cleaner.say(transfer::Intake(item(2)));  // not the cleaner's to say
  CHECK(cleaner.hung_up_by_edge());
  cleaner.accept();
  cleaner.hear(1);
  cleaner.say_octets(std::string(64, '\xff'));
  CHECK(cleaner.hung_up_by_edge());
  cleaner.accept();
  CHECK(cleaner.hear(1)[0].offset == 1);
  link.stop();
}

TEST_CASE("intake link: the drop box asks how its files fare, and is told to ask again after a reconnect") {
  Room room;
  Cleaner cleaner(room.socket());
  kiyome::edge::IntakeLink link(room.socket());
  std::atomic<unsigned> connected{0}, states{0};
  std::mutex mutex;
  transfer::DropState last;
  const ItemId id = kiyome::new_item_id();
  link.ask(id);  // nobody is there to hear it
  link.start(*room.log, {[&](const transfer::DropState& state) {
                           std::lock_guard lock(mutex);
                           last = state;
                           ++states;
                         },
                         [&] {
                           ++connected;
                           link.ask(id);
                         },
                         {},
                         {},
                         {}});
  for (unsigned round = 1; round <= 2; ++round) {
    cleaner.accept();
    CHECK(cleaner.hear_ask() == id);
    CHECK(connected == round);
    const transfer::DropState state{id, transfer::DropProgress::cleaning, round, {85}, 3};
    cleaner.say(transfer::Intake(state));
    CHECK(comes_true([&] { return states == round; }));
    std::lock_guard lock(mutex);
    CHECK(last == state);
    cleaner.hang_up();
  }
  cleaner.accept();
  CHECK(cleaner.hear_ask() == id);
  cleaner.say(transfer::Intake(transfer::AskDrop{id}));  // not the cleaner's to say
  CHECK(cleaner.hung_up_by_edge());
  link.stop();
}

TEST_CASE("intake link: a preview is asked for and comes whole; an end of the connection is told") {
  Room room;
  Cleaner cleaner(room.socket());
  kiyome::edge::IntakeLink link(room.socket());
  std::atomic<unsigned> away{0}, came{0};
  std::mutex mutex;
  transfer::Picture last;
  const transfer::AskPicture ask{kiyome::new_item_id(), 3};
  CHECK_FALSE(link.ask(ask));  // nobody is there to hear it
  link.start(*room.log, {{},
                         {},
                         [&](transfer::Picture picture) {
                           std::lock_guard lock(mutex);
                           last = std::move(picture);
                           ++came;
                         },
                         [&] { ++away; },
                         {}});
  cleaner.accept();
  CHECK(comes_true([&] { return link.ask(ask); }));
  CHECK(cleaner.hear_one<transfer::AskPicture>() == ask);
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, kiyome::limits::kPictureOctets}) {
    const transfer::Picture picture{ask.id, ask.page, std::string(size, 'p')};
    const unsigned before = came;
    cleaner.say(transfer::Intake(picture));
    CHECK(comes_true([&] { return came == before + 1; }));
    std::lock_guard lock(mutex);
    CHECK(last == picture);
  }
  CHECK(away == 0);
  cleaner.say(transfer::Intake(ask));  // not the cleaner's to say
  CHECK(comes_true([&] { return away == 1; }));
  cleaner.accept();
  cleaner.hang_up();
  CHECK(comes_true([&] { return away == 2; }));
  link.stop();
}

TEST_CASE("intake link: a mail accepted by the server reaches the cleaner, and stops with nobody listening") {
  Room room;
  kiyome::edge::IntakeLink link(room.socket());
  link.start(*room.log);
  std::vector<Descriptor> listeners;
  std::uint16_t port = 0;
  listeners.push_back(listen_loopback(port));
  kiyome::SmtpServerConfig config;
  config.free_bytes_min = 0;
  kiyome::edge::SmtpServer server(
      std::move(listeners), kiyome::edge::make_settings(config, {}), *room.log,
      [&](const Announce& announce) { link.announce(announce); }, room.folder.path());
  Client client(port);
  client.reply();
  CHECK(send_mail(client, "x\r\n").substr(0, 4) ==
        "250 ");  // the cleaner is away and mail is taken all the same
  Cleaner cleaner(room.socket());
  cleaner.accept();
  CHECK(cleaner.hear(1).size() == 1);
  server.stop(Steady::now());
  link.stop();
}
