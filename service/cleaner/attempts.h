// Remembers which items were being worked on when the process died, so that an item that kills us twice is
// held and not tried a third time. A plain file written before the work: it survives the death of a process
// (a power cut takes the memory of the attempt with it, which only means one more try).
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "proto/base/item_id.h"
#include "service/base/descriptor.h"

namespace kiyome::cleaner {

// Thread-safe. Throws TemporaryFailure when the file cannot be written.
class Attempts {
 public:
  explicit Attempts(const std::string& path);
  // Records that work on the item begins; gives how many earlier lives of this process died while working on
  // it.
  unsigned begin(const ItemId& id);
  // The work came to an end, whatever it was. When the disk is full that is remembered here and written
  // later.
  void end(const ItemId& id) noexcept;
  // What earlier lives of this process died over, for who counts it elsewhere: it counts here no more.
  std::vector<ItemId> take_deaths();
  // The work is laid aside and will begin anew: this life did not die of it, the earlier deaths still count.
  void lay_aside(const ItemId& id) noexcept;

 private:
  void close(const ItemId& id, unsigned deaths) noexcept;
  void compact();

  std::mutex mutex_;
  std::string path_;
  Descriptor file_;
  std::size_t records_ = 0;
  std::map<ItemId, unsigned> deaths_;  // of earlier lives
  std::map<ItemId, unsigned> open_;    // in this life: attempts counted so far, this one included
  std::string unwritten_;              // records of ends that the disk had no room for
};

}  // namespace kiyome::cleaner
