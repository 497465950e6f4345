// Items that wait for a worker, first come first served; an item that met trouble of ours waits for its time.
// Those with documents wait in a lane of their own, so that no plain mail waits behind them.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proto/transfer/intake.h"
#include "service/base/clock.h"
#include "service/base/guarded.h"
#include "service/cleaner/document_lane.h"

namespace kiyome::cleaner {

// A further cleaning of an item that was decided, because passwords are known that were not.
struct Unlock {
  std::vector<std::string> passwords;             // an operator's; empty: those that mails brought meanwhile
  std::function<void(unsigned recipients)> told;  // once, how many get a further mail; for who waits for it
};

struct Work {
  transfer::Announce where;
  bool release = false;    // an operator's second cleaning, for the recipients that are held …
  bool as_before = false;  // … by the same rules ("retry"), so what policy holds stays held
  std::string actor;       // who asked for it
  bool hold = false;       // an operator wants it held whatever the policy says
  unsigned delays = 0;     // how often trouble of ours put it off
  unsigned faults = 0;     // … that nobody had foreseen
  bool documents = false;  // it is for a document worker
  std::optional<Unlock> unlock;
  bool again() const { return release || unlock; }  // the item was decided before
};

// Thread-safe. An item is in the queue or in a worker's hands once, however often it is announced.
class WorkQueue {
 public:
  // false when the item is here already.
  bool put(Work work);
  // Back after trouble of ours, to be tried again after a growing pause.
  void put_off(Work work);
  // From a mail worker's hands to the document lane.
  void to_documents(Work work, std::string sender);
  // Blocks; empty when stopped.
  std::optional<Work> take();
  // The same for one of `workers` document workers.
  std::optional<Work> take_document(unsigned workers);
  void finished(const ItemId& id);
  // Marks an item that waits: it will be held when its turn comes. false when it is not waiting.
  bool hold(const ItemId& id);
  void stop();
  bool stopped();

  std::vector<transfer::Announce> waiting(std::size_t max);  // oldest first, for listings
  std::vector<transfer::Announce> in_hand();
  std::size_t size();

 private:
  struct State {
    std::deque<Work> due;
    std::multimap<Steady::time_point, Work> later;
    std::set<ItemId> known;
    std::map<ItemId, transfer::Announce> in_hand;
    bool stopped = false;
  };
  Guarded<State> state_;
  DocumentLane<Work> documents_;
};

}  // namespace kiyome::cleaner
