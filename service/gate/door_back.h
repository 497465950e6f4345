// What people ask through their doors, on its way back to the Internet side: requests stand on the disk until
// they are answered, passwords in memory alone. Said at most kDoorBackMinute a minute, again on each new
// connection, and again when nothing answered for a while.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "service/base/clock.h"
#include "service/base/guarded.h"
#include "service/gate/gate_store.h"
#include "service/gate/way_back.h"
#include "service/gate/writer.h"

namespace kiyome::gate {

// Thread-safe; one thread of its own.
class DoorBack {
 public:
  struct Parts {
    GateStore& store;
    Writer& writer;
    WayBack& way_back;
    std::function<std::int64_t()> now_ms;
    std::function<void()> flush;  // what was said goes out
    // Whether requests are said from here: several gates have them on one disk, and one of them says them.
    std::function<bool()> says_requests = [] { return true; };
  };
  explicit DoorBack(Parts parts);
  ~DoorBack();
  void stop();  // before the writer ends

  // A password of a door that is marked as sent on the disk. false: there are too many; nothing is kept.
  bool give(transfer::DoorPassword password);
  void wake();                                      // something new stands on the disk
  void answered(const transfer::DoorState& state);  // by the Internet side; it is on the disk

 private:
  using Door = std::pair<ItemId, std::uint32_t>;
  using Asked = std::tuple<ItemId, std::uint32_t, std::uint32_t>;
  struct State {
    std::map<Door, transfer::DoorPassword> passwords;
    std::vector<Door> settled;  // whose password is to be said at once: the one before is done with
    bool woken = false, stopping = false;
  };
  void run();
  void say_all();
  void forget_answered();
  bool say(const Asked& what, const transfer::WayBack& message);
  bool may_say();

  Parts parts_;
  Guarded<State> state_;
  // the thread's own
  std::map<Asked, Steady::time_point> said_;  // on this connection, and when
  std::uint64_t connection_ = 0;
  Steady::time_point minute_{}, expire_next_{};
  std::uint32_t count_ = 0;  // said since `minute_`
  std::thread thread_;
};

}  // namespace kiyome::gate
