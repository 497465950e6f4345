// The watched folder: a thread looks into it again and again, takes what has settled, commits it to the log
// of originals as an item of its own, and only then removes it. README.md tells the way and what may be cut
// where. Nothing is ever written into the folder; who writes there is not trusted.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "service/base/admin.h"
#include "service/base/clock.h"
#include "service/base/config.h"
#include "service/base/descriptor.h"
#include "service/store/original_log.h"

namespace kiyome::edge {

// What it needs of the edge around it. All of it is thread-safe and outlives it.
struct FolderSurroundings {
  store::OriginalLog& originals;
  std::function<void(const transfer::Announce&)> announce;  // to the cleaner: on disk
  std::function<void(const ItemId&)> ask;                   // the cleaner: how does this item fare?
  std::function<bool(std::uint64_t octets)> has_room;       // so much more above the floors of the disk
  std::function<void()> write_failed;                       // what was seen of the disk is old
  std::function<Steady::time_point()> now = Steady::now;
  std::function<std::int64_t()> wall_ms = unix_ms_now;
};

// Thread-safe.
class HotFolder {
 public:
  // `folder` is edge's own, for its journal. `parent`: where config.watch stands, so that a share that is
  // mounted later, or anew, is found. `announced`: what the log of originals told at its start. Throws
  // TemporaryFailure. Nothing is looked at before start().
  HotFolder(const std::string& folder, Descriptor parent, const FolderConfig& config,
            FolderSurroundings surroundings, const std::vector<ItemId>& announced);
  ~HotFolder();
  void start();
  void stop();  // after the file in hand

  // One look, on the caller's thread: for start()'s thread and for tests. Throws TemporaryFailure.
  void turn();
  void reload(const FolderConfig& config);
  // What the cleaner says of an item, whoever's; and that it may have forgotten what was asked.
  void heard(const transfer::DropState& state);
  void connected();
  // One line a file that waits or is left where it is, and one for each that was taken.
  void list(const AdminReply& reply);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::edge
