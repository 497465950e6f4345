// How many connections there are, in all and from each address, over all event loops.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>

#include "service/base/guarded.h"
#include "service/edge/network.h"

namespace kiyome::edge {

// Thread-safe.
class Admission {
 public:
  // false: `max` are in already.
  bool enter(std::uint32_t max);
  void leave();
  // The same for one address; max 0 = no bound.
  bool enter_from(const IpAddress& counted, std::uint32_t max);
  void leave_from(const IpAddress& counted);
  std::uint32_t connections() const { return total_.load(std::memory_order_relaxed); }

 private:
  struct Counts {
    std::map<IpAddress, std::uint32_t> by_address;  // as many entries as connections at most
  };
  std::atomic<std::uint32_t> total_ = 0;
  Guarded<Counts> counts_;
};

}  // namespace kiyome::edge
