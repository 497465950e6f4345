// What recipients ask for through their doors, and passwords they give: heard over the way back, kept,
// answered. The gate is believed nothing: a door must be there, be open, and lead to what is asked for. What
// is granted goes to the recipient's own address and is cleaned anew; what is refused is told him by mail.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "service/base/guarded.h"
#include "service/cleaner/decide/decisions.h"
#include "service/cleaner/gate_link.h"
#include "service/cleaner/processor.h"
#include "service/cleaner/review/review_sight.h"
#include "service/cleaner/work_queue.h"
#include "service/http/json_text.h"
#include "service/review/desk.h"
#include "service/store/doors.h"
#include "service/store/item_store.h"

namespace kiyome::cleaner {

// openapi.yaml's Request.
void write_request(http::JsonText& out, const store::RequestRow& request);

// Thread-safe. One thread of its own, which tells the gate what became of things.
class Doors {
 public:
  struct Parts {
    store::ItemStore& items;
    WorkQueue& queue;
    GateLink& gate;
    CurrentConfig& config;
    ReviewSight& sight;
    Decisions& decisions;
  };
  explicit Doors(Parts parts);
  ~Doors();
  void stop();

  // listRequests, decideRequest. Granting is a decision about the item, which may take a second person.
  void add_to(review::Desk& desk);

  // On the link's thread.
  void heard(const transfer::DoorRequest& request);
  void heard(const transfer::DoorPassword& password);
  void connected();                             // a new connection: all that may have been lost is said again
  std::string before(const BundleKey& bundle);  // frames that go before it
  void keep_house(std::int64_t now_ms);

 private:
  struct Pending {
    ItemId id;
    std::uint32_t recipient = 0;
    std::uint64_t attempt = 0;
    std::string password;
  };
  using Place = std::pair<ItemId, std::uint32_t>;
  struct State {
    std::set<Place> trying;           // doors whose password is being looked at
    std::set<std::int64_t> deciding;  // requests that a reviewer answers at this moment
    std::deque<Pending> waiting;      // for their item to be in nobody's hands
    Steady::time_point minute{};
    std::uint32_t heard = 0;  // since then
    bool again = false;       // say everything again
    bool changed = false;
    bool stopping = false;
  };

  struct Deciding;
  bool take_one();  // false: too much came back within a minute
  void run();
  void tell();
  void try_waiting();
  void finish_answered();
  void tried(const Place& place, std::uint64_t attempt, const Told& told);
  void wake();
  review::Reply list(const review::Call& call);
  review::Reply decide(const review::Call& call);
  review::Reply grant(const review::Call& call, const store::RequestRow& request, const std::string& text);
  void answer(const store::RequestRow& request, bool granted, const std::string& by, const std::string& text);

  Parts parts_;
  store::Doors store_;
  std::int64_t told_ms_ = 0;  // the thread's own: up to when the gate was told
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace kiyome::cleaner
