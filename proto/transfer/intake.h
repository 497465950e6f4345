// What edge and cleaner say to each other about originals, over a Unix stream socket. FORMAT.md tells the
// octets. Edge says Announce for each item whose original is durable; cleaner says Taken when its verdict (or
// its hold) is on disk, and Free when no item needs a segment any more. Announcements repeat after a
// reconnect; cleaner knows an id it has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "proto/base/item_id.h"
#include "proto/base/result.h"
#include "proto/transfer/checkpoint.h"
#include "proto/transfer/drop.h"

namespace kiyome::transfer {

// Where the commit record of an item stands in the log of originals (service/store/originals).
struct Announce {
  ItemId id;
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
  bool operator==(const Announce&) const = default;
};
struct Taken {
  ItemId id;
  bool operator==(const Taken&) const = default;
};
struct FreeSegment {
  std::uint64_t segment = 0;
  bool operator==(const FreeSegment&) const = default;
};

// The others: drop.h. A Checkpoint: of edge's trail, and back when it stands in the other zone.
using Intake =
    std::variant<Announce, Taken, FreeSegment, DropState, AskDrop, AskPicture, Picture, Checkpoint>;
std::string encode(const Intake& message);             // a whole frame: u32 length, u8 kind, payload
Result<Intake> decode_intake(std::string_view frame);  // exact, without the length

}  // namespace kiyome::transfer
