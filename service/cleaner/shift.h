// One cleaner among those who share a store: says that it lives, takes accepted items by lease as it has room
// for them, takes over the bundles of those who died, and knows whose turn it is to keep house. What it had
// in hand when it died goes back in its next life; what killed it is counted, so that a poison item stops no
// host for long.
#pragma once

#include <memory>

#include "service/cleaner/attempts.h"
#include "service/cleaner/gate_link.h"
#include "service/cleaner/work_queue.h"
#include "service/store/item_store.h"

namespace kiyome::cleaner {

// A thread of its own from start() to stop().
class Shift {
 public:
  struct Parts {
    store::ItemStore& items;
    WorkQueue& queue;
    Attempts& attempts;
    GateLink& gate;
  };
  explicit Shift(Parts parts);
  ~Shift();
  void start();
  // Lets go what nobody works on any more: after the workers have ended.
  void stop();
  // Any thread: an item is done, so there may be room for more.
  void has_room();
  // As of the last look, a few seconds ago.
  struct Look {
    bool store_up = false;
    std::size_t arrivals = 0;    // accepted by any host and not decided, those in hand included
    std::int64_t oldest_ms = 0;  // how long the oldest of them has been there
  };
  Look look() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::cleaner
