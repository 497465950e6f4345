// Accepted items that no cleaner has decided on yet, in a shared database: edges add them, cleaners take them
// by lease. A lease runs out by the database's clock; whose cleaner died is taken by another then. Believes
// what edges wrote there no further than an announcement: the reader proves every octet of an original.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/item_id.h"
#include "proto/transfer/intake.h"
#include "service/store/database.h"

namespace kiyome::store {

// Rung by NOTIFY after each group commit that added some. A notice may be missed: look every few seconds,
// too.
inline constexpr const char* kArrivalsChannel = "kiyome_arrivals";

// The end of an arrival, for the transaction that writes down what became of the item. No row changed:
// somebody else was faster.
inline constexpr const char* kForgetArrival = "DELETE FROM kiyome_originals.arrivals WHERE id=?";

struct Arrival {
  transfer::Announce item;
  std::int64_t deaths = 0;
  bool lapsed = false;  // another held it, and its lease ran out
};

// One connection; used by one thread at a time. Leases are not made durable (a server that dies forgets the
// last ones, and those items are taken again): two cleaners may have one item, and the transaction that ends
// it decides. Throws TemporaryFailure; what was asked may have been done all the same.
class Arrivals {
 public:
  // Makes or brings up to date the tables when `place` allows it.
  explicit Arrivals(const Place& place);

  // The oldest that nobody holds, at most `max` of them, in the order they came. `owner` is a name that no
  // other process of any host has, and never empty.
  std::vector<Arrival> take(std::string_view owner, std::size_t max, std::chrono::milliseconds lease);
  // All that the owner holds, for so long from now; how many they are. What ran out and was taken by another
  // is not among them.
  std::size_t renew(std::string_view owner, std::chrono::milliseconds lease);
  // What the owner holds, so that he may let go what he does not know of: an answer to take() may be lost.
  std::vector<ItemId> held(std::string_view owner);
  // Nobody holds them any more.
  void let_go(std::string_view owner);
  void let_go(std::string_view owner, std::span<const ItemId> ids);
  // A cleaner is about to work on them, or died over them; durable before it returns.
  void count_death(std::span<const ItemId> ids);

  std::size_t count();
  // Of the oldest, when it came by the database's clock, ms since 1970; 0: there is none.
  std::int64_t oldest_ms();
  // That clock now.
  std::int64_t now_ms();

 private:
  Database database_;
};

}  // namespace kiyome::store
