// Who waits for which preview from the cleaner. What is asked for twice at once is asked of the cleaner once;
// a preview that comes when nobody waits any more is let go. Trusts the cleaner's octets, which the frame
// bounds.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "proto/transfer/drop.h"
#include "service/base/guarded.h"

namespace kiyome::edge::drop {

// Thread-safe.
class PictureAsks {
 public:
  // `ask` tells the cleaner; false: there is no link to it.
  PictureAsks(std::function<bool(const transfer::AskPicture&)> ask, std::chrono::milliseconds patience)
      : ask_(std::move(ask)), patience_(patience) {}

  // Blocks until it is there. Empty octets: there is none. Nothing: the cleaner is away or did not answer in
  // time, or limits::kPicturesAsked are under way. Shared by all who wait for it.
  std::shared_ptr<const std::string> get(const ItemId& id, std::uint32_t page);

  void came(transfer::Picture picture);
  void away();  // the link is gone, and with it what was asked: all who wait go away empty-handed

 private:
  struct Ask {
    unsigned waiting = 0;
    bool over = false;
    std::shared_ptr<const std::string> octets;
  };
  using Key = std::pair<ItemId, std::uint32_t>;
  using Asks = std::map<Key, std::shared_ptr<Ask>>;  // shared: those who wait keep what has left the map

  const std::function<bool(const transfer::AskPicture&)> ask_;
  const std::chrono::milliseconds patience_;
  Guarded<Asks> asks_;
};

}  // namespace kiyome::edge::drop
