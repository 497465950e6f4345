// Looks after deliveries: tells people by mail, asks the next level when nobody decides, ends what nobody
// picks up. What a round does is one transaction with what it notes of it, so a round that dies is done
// again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "service/base/guarded.h"
#include "service/gate/pick_up/own_mail.h"
#include "service/gate/pick_up/pick_up.h"

namespace kiyome::gate {

struct RoundsSettings {
  Letterhead head;
};

// Thread-safe. Everybody it is given outlives it, the writer too.
class Rounds {
 public:
  Rounds(PickUpParts parts, const PickUp& pick_up, RoundsSettings settings);
  ~Rounds();
  void start();
  void stop();  // ends after the delivery in hand
  void wake();  // something has come, or was decided
  void reload(RoundsSettings settings);
  // One turn, on the caller's thread. Throws TemporaryFailure. For start()'s thread and for tests.
  void turn();

 private:
  struct State {
    bool woken = false, stopping = false;
    RoundsSettings settings;
  };
  void run();
  void end_old();
  void end_old_of(const std::vector<std::string>& tenants);
  struct Look {
    ItemId submission;
    std::int64_t seen_ms = 0, next_ms = 0;
  };
  void look_after(const ItemId& submission, Deciders& deciders, std::vector<Look>& quiet);
  std::vector<Letter> letters_for(const DropView& drop, Deciders& deciders, bool& waits);
  void send(const DropView& drop, const std::vector<Letter>& letters, std::int64_t next_ms);
  bool stopping();

  PickUpParts parts_;
  const PickUp& pick_up_;
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace kiyome::gate
