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

#include "proto/clean/findings.h"
#include "proto/transfer/intake.h"
#include "service/base/clock.h"
#include "service/base/config.h"
#include "service/base/guarded.h"
#include "service/cleaner/document_lane.h"
#include "service/store/standing.h"

namespace kiyome::cleaner {

// A further cleaning of an item that was decided, because mails brought passwords that were not known.
struct Unlock {};

// What a person wants of an item that was decided: another cleaning. Those who are held get the mail, those
// who have one get a further mail with what is new.
struct Order {
  std::vector<std::uint32_t> recipients;  // of whom it speaks (transfer::Recipient::index); empty: of all
  bool held = true;                       // those of them who are held …
  bool served = false;                    // … those who have a mail already
  bool lifts_hold = false;                // a hold by policy counts no more for them, from now on
  std::optional<Action> policy;           // for attachments in place of the policy's wish …
  std::string part;                       // … of the part at this place alone ("3"); empty: of all
  std::vector<std::string> passwords;
  std::string left_out;  // the place of what does not go along
  std::string text;      // a word to the recipients
  std::string event;     // of the audit entry
  std::string detail;    // of it: more members, each with a comma before
  store::Behalf behalf;
};

// What came of an order.
struct Told {
  unsigned recipients = 0;          // to whom it leaves
  std::vector<clean::Finding> why;  // of those to whom it does not
};

struct Work {
  transfer::Announce where;
  std::string actor;       // who asked for it
  bool hold = false;       // an operator wants it held whatever the policy says
  unsigned delays = 0;     // how often trouble of ours put it off
  unsigned faults = 0;     // … that nobody had foreseen
  unsigned deaths = 0;     // of other lives, on whatever host, over it
  bool documents = false;  // it is for a document worker
  std::optional<Unlock> unlock;
  std::optional<Order> order;
  std::function<void(const Told&)> told;  // once, when it is on disk; for who waits for it. May be empty
  bool again() const { return order || unlock; }  // the item was decided before
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
  // Takes out what was put off so often or more and was not decided before: for another host.
  std::vector<ItemId> give_up(unsigned delays);
  // Marks an item that waits: it will be held when its turn comes. false when it is not waiting.
  bool hold(const ItemId& id);
  bool has(const ItemId& id);
  void stop();
  bool stopped();

  std::vector<transfer::Announce> waiting(std::size_t max);  // oldest first, for listings
  std::vector<transfer::Announce> in_hand();
  std::size_t size();
  struct Numbers {
    std::size_t due = 0, put_off = 0, documents = 0, in_hand = 0;
  };
  Numbers numbers();

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
