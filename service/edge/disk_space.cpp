#include "service/edge/disk_space.h"

#include <sys/statvfs.h>

#include <limits>

namespace kiyome::edge {

void DiskSpace::look(Seen& seen) const {
  seen.at = Steady::now();
  struct statvfs status {};
  if (::statvfs(directory_.c_str(), &status) != 0) {
    seen.bytes = seen.inodes = 0;
    return;
  }
  seen.bytes = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  // File systems without a fixed table (btrfs) say 0 of 0.
  seen.inodes = status.f_files == 0 ? std::numeric_limits<std::uint64_t>::max() : status.f_favail;
}

bool DiskSpace::has_room(std::uint64_t octets, std::uint64_t free_bytes_min, std::uint64_t free_inodes_min) {
  if (directory_.empty()) return true;
  return seen_.with([&](Seen& seen) {
    if (seen.at == Steady::time_point{} || Steady::now() - seen.at >= std::chrono::seconds(1)) look(seen);
    return seen.inodes >= free_inodes_min && seen.bytes >= free_bytes_min &&
           seen.bytes - free_bytes_min >= octets;
  });
}

void DiskSpace::forget() {
  seen_.with([](Seen& seen) { seen.at = {}; });
}

}  // namespace kiyome::edge
