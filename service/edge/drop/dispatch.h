// How a submission goes its way: each of its files is copied into the log of originals as an item of its own,
// all are committed, the store says "sent", and only then the cleaner hears of them. Whatever ends in the
// middle goes on from there: after the next start, or when the disk has room again.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <vector>

#include "service/base/guarded.h"
#include "service/edge/drop/outside.h"
#include "service/edge/drop/upload_files.h"

namespace kiyome::edge::drop {

// Thread-safe.
class Dispatch {
 public:
  // `announced`: items that the log of originals told at its start. What a submission not finished has among
  // them is committed, and is not written a second time.
  Dispatch(DropStore& store, UploadFiles& files, const Outside& outside,
           const std::vector<ItemId>& announced);

  enum class Outcome {
    sent,      // everything is on the disk and on its way
    undone,    // nothing of it went: the uploads are as before
    underway,  // some of it went; the rest follows by itself
  };
  // Waits for its turn, at most so long: then `underway`. Throws TemporaryFailure when the store cannot;
  // nothing is lost by it.
  Outcome send(const ItemId& submission, std::chrono::milliseconds patience);

 private:
  struct Hands {
    std::set<ItemId> busy;  // submissions in hand
    // What the log said of items whose submission is not yet sent as a whole.
    std::map<ItemId, std::vector<transfer::Announce>> held_back;
  };
  class Turn;
  struct Copy;
  struct Round {
    std::vector<transfer::Announce> announces;
    std::string trouble;  // empty: all of it is committed
  };
  Round give(const Submission& submission, const std::set<ItemId>& done);
  Outcome send_in_turn(const Submission& submission);
  void copy(const Submission& submission, const SubmittedFile& file, Copy& into);
  void finish(const Submission& submission);

  DropStore& store_;
  UploadFiles& files_;
  const Outside& outside_;
  // Submissions that an earlier life began, where the log does not tell what it has: some of it may have
  // gone.
  std::set<ItemId> earlier_;
  Guarded<Hands> hands_;
};

}  // namespace kiyome::edge::drop
