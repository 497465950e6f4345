// What was taken from the watched folder, in edge's own folder (folder/folder.sqlite). A file is written here
// before it goes to the log of originals, again when it is there, and again when it is gone from the share:
// so a death in between neither sends it twice nor forgets to remove it. Trusts its database to be ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/item_id.h"
#include "proto/transfer/drop.h"
#include "service/edge/folder/place.h"
#include "service/store/row_values.h"

namespace kiyome::edge::folder {

enum class Stage : std::uint8_t {
  intended = 1,   // may be in the log of originals, or not
  committed = 2,  // is there; its source has to go
  removed = 3
};

struct TakenFile {
  ItemId item;
  std::string path;  // octets as in the folder
  std::string name;  // as it is told on
  Identity identity;
  std::uint64_t root = 0;  // inode of the folder it was taken from: an empty mount point is another one
  store::Sha256 sha256{};
  std::int64_t taken_ms = 0;
  Stage stage = Stage::intended;
  transfer::DropProgress state = transfer::DropProgress::received;
  std::vector<std::uint16_t> findings;
};

// One thread. Everything throws TemporaryFailure.
class Journal {
 public:
  explicit Journal(const std::string& folder);  // which exists
  void intend(const std::vector<TakenFile>& files);
  void set_stage(const std::vector<ItemId>& items, Stage stage);
  void forget(const std::vector<ItemId>& items);  // they never went
  std::vector<TakenFile> unfinished();            // not removed yet
  // How they fare; items of others are passed over. Gives those that were news.
  std::vector<TakenFile> hear(const std::vector<transfer::DropState>& states);
  // Items that still move, after `after`, at most `max`.
  std::vector<ItemId> moving(const ItemId& after, std::size_t max);
  void prune(std::int64_t before_ms);
  std::vector<TakenFile> page(const ItemId& after, std::size_t max);  // the oldest first

 private:
  store::Database database_;
};

}  // namespace kiyome::edge::folder
