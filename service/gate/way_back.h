// What goes back to the Internet side: accepted, refused, delivery results. Each of its hosts has a line;
// what is about one bundle goes to the host that sent it, and everything else goes over the newest line.
// Results are repeated on each new line until they are confirmed; never more is held than a socket's worth.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/base/guarded.h"
#include "service/gate/gate_store.h"

namespace kiyome::gate {

// Thread-safe. Nothing here blocks on a peer.
class WayBack {
 public:
  using Line = std::uint64_t;  // 0: none

  explicit WayBack(GateStore& store) : store_(store) {}

  // From now on `socket` (not owned) is spoken to. All unconfirmed results go out again.
  Line connect(int socket);
  void disconnect(Line line);
  // A frame came by it: of several lines it is the one that somebody reads, for now.
  void heard(Line line);
  void say(Line line, const transfer::WayBack& message);  // nothing when it has ended
  void say(const transfer::WayBack& message);
  // Results that were just committed, in order.
  void say(const std::vector<NumberedResult>& results);
  // Sends what the sockets take. false: this line is broken.
  bool flush(Line line);
  void flush();
  // Loads results of earlier times while there is room. Throws TemporaryFailure.
  void load_results();
  // Several gates: results that nobody has confirmed for a while, whoever wrote them; to be asked for now and
  // then. Throws TemporaryFailure.
  void say_again();

  bool waiting(Line line);  // for POLLOUT
  bool crowded(Line line);  // the peer does not read: take nothing more from it
  // A line that is broken or waits, or results on the disk: the thread of the lines has to look after it.
  bool unfinished();
  bool connected();
  Line connection();  // the line that is spoken to

 private:
  struct Peer {
    Line line = 0;
    int socket = -1;
    bool broken = false;
    std::string out;
    std::size_t sent = 0;  // of out
    std::size_t unsent() const { return out.size() - sent; }
  };
  struct State {
    std::vector<Peer> peers;    // the one last that was connected or heard last
    Line lines = 0;             // so far
    std::int64_t last = 0;      // results up to this number were said on the newest line
    bool behind = false;        // there may be more on the disk
    std::uint64_t changes = 0;  // of results, to see one that comes while we load
    Peer* newest() { return peers.empty() ? nullptr : &peers.back(); }
    Peer* find(Line line);
    void begin_results();
  };
  static bool flush(Peer& peer);

  GateStore& store_;
  Guarded<State> state_;
  // say_again() alone
  Steady::time_point marked_{};
  std::int64_t mark_ = 0, old_ = 0;  // the last result there was then, and one time before
};

}  // namespace kiyome::gate
