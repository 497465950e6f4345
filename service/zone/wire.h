// One thread that keeps connections to the other side: by connecting to one address of a list, or by
// listening for several hosts. Gives each proved connection's octets as a plain socket.
#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/base/guarded.h"
#include "service/zone/handshakes.h"
#include "service/zone/refusal_log.h"
#include "service/zone/relay.h"

namespace kiyome::zone {

// What the wires of one link share with each other and with who uses it.
struct Joint {
  struct Standing {
    bool same_host = false;
    std::int64_t peer_end_ms = 0;
  };
  struct State {
    std::shared_ptr<const PeerTls> tls;  // joint with the sessions that began with it
    TransferConfig config;
    std::uint64_t changes = 0;
    std::deque<std::pair<std::uint64_t, Descriptor>> fresh;  // by line: our ends that nobody took yet
    std::map<std::uint64_t, Standing> standing;              // by line
    std::optional<std::int64_t>
        peer_end_ms;  // the first end of what peers showed; of the last ones, when none is up
  };
  explicit Joint(Side side) : own(side) {}
  const Side own;
  Guarded<State> state;
  const Descriptor taken{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  // readable: there is a fresh one
  std::atomic<std::uint64_t> unknown{0}, unfinished{0}, sessions{0}, slowed{0}, lines{0};
};

class Wire {
 public:
  // Without `listening` it connects: to the first of all addresses that answers, or, when `only` is given, to
  // that one of them. `joint` outlives it.
  Wire(Joint& joint, const std::vector<Descriptor>* listening, std::optional<std::size_t> only);
  ~Wire();
  void start();
  void ask_to_stop();
  void stop();  // what our side wrote and closed before still goes out, for two seconds at most
  void wake();

 private:
  // A connection to one host. On the Internet side one of them is in use, and the others stand by: their
  // ends are `held`.
  struct Line {
    std::uint64_t number = 0;
    std::string peer;  // who it is, by his key and his address
    std::unique_ptr<Relay> relay;
    Descriptor held;
    Steady::time_point since{};
  };

  bool connects() const { return listening_ == nullptr; }
  bool may_connect() const;
  std::vector<std::string> addresses() const;
  void run();
  void turn();
  void take_changes();
  void connect();
  void accept(int socket);
  void proved(std::unique_ptr<Session> session);
  void hand_out();
  void ended(std::size_t at);
  void note_refused();
  int wait_ms(Steady::time_point now) const;

  Joint& joint_;
  const std::vector<Descriptor>* listening_;
  const std::optional<std::size_t> only_;
  const Descriptor wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::atomic<bool> stopping_{false};

  // the thread's own
  std::shared_ptr<const PeerTls> tls_;
  TransferConfig config_;
  std::uint64_t changes_ = 0;
  Handshakes handshakes_;
  std::vector<Line> lines_;  // oldest first
  RefusalLog refusals_;
  Steady::time_point connect_at_{}, accept_at_{};
  std::chrono::milliseconds pause_;
  std::size_t next_address_ = 0;
  std::thread thread_;
};

}  // namespace kiyome::zone
