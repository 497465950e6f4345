// What the log of originals knows of its segments: which items wait to be taken, which octets are still
// needed, and the checkpoint file `taken` that lets a restart begin behind what the cleaner has. No
// thread-safety of its own: Guarded.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/base/item_id.h"
#include "proto/base/result.h"
#include "service/store/original_segment.h"

namespace kiyome::store::original {

// What the checkpoint says of one segment.
struct TakenUpTo {
  std::uint64_t segment = 0;
  std::uint64_t offset = kSegmentHeader;  // every commit record before it is taken
  bool used = false;                      // some committed item has octets here
  std::vector<std::uint64_t> later;       // commit records from `offset` on that are taken too
};
std::string encode_taken(const std::vector<TakenUpTo>& segments);
Result<std::vector<TakenUpTo>> decode_taken(std::string_view octets);

class Index {
 public:
  // A segment that stands in the directory; `known` is what the checkpoint said of it.
  void opened(std::uint64_t segment, const TakenUpTo& known);
  // Nothing more will be written to it.
  void closed(std::uint64_t segment);
  // It is gone from the directory.
  void forget(std::uint64_t segment) { segments_.erase(segment); }

  // An item in hand has its first chunk in the segment / is committed or abandoned.
  void writing(std::uint64_t segment);
  void written(std::uint64_t segment);

  // A durable commit record of an item whose octets stand in `segments`.
  void committed(const ItemId& id, const Place& place, std::uint64_t segment,
                 const std::vector<std::uint64_t>& segments);
  // The same, seen by a restart, already taken.
  void was_taken(std::uint64_t segment, const Place& place, const std::vector<std::uint64_t>& segments);
  // The cleaner has the item on disk. An id that does not wait is passed over.
  void taken(const ItemId& id);

  // The cleaner needs no item of it. Gives whether it may go now; the one being written goes when it is
  // closed, unless something is added to it before.
  bool free(std::uint64_t segment);
  // Whether a closed segment holds nothing that anybody could ask for.
  bool unneeded(std::uint64_t segment) const;
  std::vector<std::uint64_t> all_unneeded() const;

  std::vector<TakenUpTo> checkpoint() const;
  bool take_dirty() { return std::exchange(dirty_, false); }
  bool dirty() const { return dirty_; }

 private:
  struct Record {
    std::uint32_t length = 0;
    bool taken = false;
  };
  struct Segment {
    std::uint64_t taken_up_to = kSegmentHeader;
    std::map<std::uint64_t, Record> records;  // commit records from there on
    std::uint32_t waiting = 0;                // committed items with octets here that are not taken
    std::uint32_t writers = 0;                // items in hand with chunks here
    bool used = false;
    bool closed = false;
    bool freed = false;
  };
  struct Waiting {
    std::uint64_t segment = 0, offset = 0;
    std::vector<std::uint64_t> segments;
  };
  void advance(Segment& segment);

  std::map<std::uint64_t, Segment> segments_;
  std::map<ItemId, Waiting> waiting_;
  bool dirty_ = false;
};

}  // namespace kiyome::store::original
