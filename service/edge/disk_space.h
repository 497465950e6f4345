// Whether there is room for one more message: asked at every MAIL, looked up once a second. Where originals
// go to a database its disk is the installation's to watch, and here there is always room.
#pragma once

#include <cstdint>
#include <string>

#include "service/base/clock.h"
#include "service/base/guarded.h"

namespace kiyome::edge {

// Thread-safe.
class DiskSpace {
 public:
  // An empty name: nothing is written here.
  explicit DiskSpace(std::string directory) : directory_(std::move(directory)) {}
  // Room for `octets` more above the floors. A file system that cannot be asked has none.
  bool has_room(std::uint64_t octets, std::uint64_t free_bytes_min, std::uint64_t free_inodes_min);
  // A write failed: what was seen is old.
  void forget();

 private:
  struct Seen {
    Steady::time_point at{};
    std::uint64_t bytes = 0, inodes = 0;
  };
  void look(Seen& seen) const;

  std::string directory_;
  Guarded<Seen> seen_;
};

}  // namespace kiyome::edge
