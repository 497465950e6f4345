// Those who have connected and not yet proved who they are. Few, and not for long: whoever floods us pushes
// out his own, not the true peer.
#pragma once

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/zone/session.h"

namespace kiyome::zone {

// Owned by one thread.
class Handshakes {
 public:
  struct Refused {
    std::string address, why;
    // He showed what no peer of ours shows; else he only went away, said nothing, or was refused by us for
    // room.
    bool unknown = false;
    bool refused_us = false;
  };

  // When there are too many, the oldest one of the address that has most of them makes room.
  void add(std::unique_ptr<Session> session, Steady::time_point now);
  void wishes(std::vector<pollfd>& entries) const;  // one for each, in order
  // Goes on with those whose entry, of wishes(), says so. Gives those who have proved themselves.
  std::vector<std::unique_ptr<Session>> turn(const pollfd* entries, std::size_t count,
                                             Steady::time_point now);
  std::vector<Refused> take_refused();
  Steady::time_point due() const;  // of the first deadline; max: there is none
  bool empty() const { return waiting_.empty(); }
  void clear() { waiting_.clear(); }

 private:
  struct Waiting {
    std::unique_ptr<Session> session;
    Steady::time_point deadline;
    bool wants_write = false;
  };
  void make_room();
  void refuse(const Session& session, std::string why, bool unknown);

  std::vector<Waiting> waiting_;  // oldest first
  std::vector<Refused> refused_;
};

}  // namespace kiyome::zone
