// One thread of the SMTP server: an epoll set with its connections and their deadlines. Many slow clients
// cost memory only; nothing here blocks but writing an original to the page cache.
#pragma once

#include <queue>
#include <thread>
#include <vector>

#include "service/edge/connection.h"
#include "service/edge/server_parts.h"

namespace kiyome::edge {

class EventLoop {
 public:
  // Throws TemporaryFailure.
  explicit EventLoop(std::shared_ptr<ServerParts> parts);
  ~EventLoop();  // after join()

  // Before start(): this loop accepts, and deals the connections out to `loops` in turn (this one among
  // them). The listeners stay the caller's and must be non-blocking.
  void accept_for(const std::vector<int>& listeners, std::vector<std::shared_ptr<LoopInbox>> loops);
  void start();
  void join() { thread_.join(); }
  // Shared with commits under way.
  const std::shared_ptr<LoopInbox>& inbox() const { return inbox_; }

 private:
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::uint32_t serial = 0;
    Steady::time_point queued{};  // the earliest entry of deadlines_ for it; max: none
    bool in_turns = false;
  };
  struct Deadline {
    Steady::time_point at;
    Token token;
    bool operator>(const Deadline& other) const { return at > other.at; }
  };

  void run();
  int patience();
  void read_inbox();
  void accept_some(int listener);
  void listen(bool on);
  void tell_crowded(const EdgeSettings& settings);
  void look_at_deadlines();
  void adopt(Accepted accepted);
  Connection* find(Token token);
  void after(Token token);
  void take_turns();
  void expire();
  void begin_stop(Steady::time_point by);
  template <class F>
  void use(Token token, F&& call);

  const std::shared_ptr<ServerParts> parts_;
  const std::shared_ptr<LoopInbox> inbox_;  // shared: see LoopInbox
  Descriptor epoll_;
  std::vector<int> listeners_;
  std::vector<std::shared_ptr<LoopInbox>> loops_;
  std::size_t next_loop_ = 0;
  bool listening_ = false;
  Steady::time_point listen_again_{};
  Steady::time_point crowded_again_{};

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint32_t serial_ = 0;
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> deadlines_;
  std::vector<Token> turns_;
  std::vector<char> scratch_;
  std::size_t alive_ = 0;
  bool stopping_ = false;
  Steady::time_point stop_by_{};
  std::thread thread_;
};

}  // namespace kiyome::edge
