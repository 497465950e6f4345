// What goes back to the Internet side: accepted, refused, delivery results. Speaks on the newest connection.
// Results are repeated on each new connection until they are confirmed; never more is held than a socket's
// worth.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "service/base/descriptor.h"
#include "service/base/guarded.h"
#include "service/gate/gate_store.h"

namespace kiyome::gate {

// Thread-safe. Nothing here blocks on the peer.
class WayBack {
 public:
  explicit WayBack(GateStore& store) : store_(store) {}

  // From now on `socket` (not owned) is spoken to; -1: nobody is. All unconfirmed results go out again.
  void connect(int socket);
  void say(const transfer::WayBack& message);
  // Results that were just committed, in order.
  void say(const std::vector<NumberedResult>& results);
  // Sends what the socket takes. false: the connection is broken.
  bool flush();
  // Loads results of earlier times while there is room. Throws TemporaryFailure.
  void load_results();

  bool waiting();  // for POLLOUT
  bool
  unfinished();  // broken, waiting, or with results on the disk: the connection's thread has to look after it
  bool crowded();  // the peer does not read: take nothing more from it
  bool connected();
  std::uint64_t connection();  // another number for each; 0: there is none

 private:
  struct State {
    int socket = -1;
    bool broken = false;
    std::string out;
    std::size_t sent = 0;       // of out
    std::int64_t last = 0;      // results up to this number were said on this connection
    bool behind = false;        // there may be more on the disk
    std::uint64_t changes = 0;  // of results, to see one that comes while we load
  };
  static bool flush(State& state);

  GateStore& store_;
  Guarded<State> state_;
  std::uint64_t connections_ = 0;  // so far; under the lock of the state
};

}  // namespace kiyome::gate
