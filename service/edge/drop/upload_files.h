// The octets of uploads on the disk: plain files, 0600, named by id, in a folder of their own. One transfer
// writes to an upload at a time; a newer one takes over from an older one, whose connection may be dead
// without anybody knowing. What a transfer has told to be there survives a power cut.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "service/base/descriptor.h"
#include "service/base/guarded.h"
#include "service/edge/drop/drop_store.h"

namespace kiyome::edge::drop {

// The disk has no room, or an upload's file cannot be written: what had come before is kept.
struct NoRoom {};

struct UploadStanding;

// One PATCH on its way. Owned by one thread; what came is made durable at the latest when it goes.
class Transfer {
 public:
  ~Transfer();
  // false: a newer transfer has taken over, or the upload has gone. Throws NoRoom, TemporaryFailure.
  bool write(std::string_view octets);
  // Everything is on the disk, and the store knows. Gives where the upload stands; nothing as write().
  std::optional<std::uint64_t> finish();

 private:
  friend class UploadFiles;
  Transfer(class UploadFiles& files, const ItemId& id, std::shared_ptr<UploadStanding> standing,
           std::uint64_t turn)
      : files_(files), id_(id), standing_(std::move(standing)), turn_(turn) {}
  UploadFiles& files_;
  const ItemId id_;
  const std::shared_ptr<UploadStanding> standing_;  // shared with the transfer that takes over
  const std::uint64_t turn_;
};

// Thread-safe; outlives its transfers. Throws TemporaryFailure when the disk cannot. A failed fsync ends the
// process.
class UploadFiles {
 public:
  // Makes FOLDER/uploads, and brings store and folder together: an upload ends where it is certain, and a
  // file that belongs to nothing goes. `wall_ms`: what time it is.
  UploadFiles(const std::string& folder, DropStore& store, std::function<std::int64_t()> wall_ms);

  void create(const ItemId& id);
  // Nothing must write to it (any more): its row says so.
  void remove(const ItemId& id);
  Descriptor open_to_read(const ItemId& id) const;

  struct Begun {
    std::unique_ptr<Transfer> transfer;   // none: it stands elsewhere, or is not open
    std::optional<std::uint64_t> offset;  // where it stands; nothing: it is not open
  };
  // Writes from `offset` on, if the upload stands there; an older transfer hears that it is over.
  Begun begin(std::int64_t account, const ItemId& id, std::uint64_t offset);
  // Where an upload stands for certain, if somebody is writing to it just now. `take_over`: his transfer is
  // over, so that whoever asks can go on from there.
  std::optional<std::uint64_t> standing(const ItemId& id, bool take_over = false);
  // Marks it as gone in the store, ends its transfer and removes its file. false: it was not open.
  bool drop(const ItemId& id);

 private:
  friend class Transfer;
  using Standings = std::map<ItemId, std::pair<std::size_t, std::shared_ptr<UploadStanding>>>;
  std::shared_ptr<UploadStanding> hold(const ItemId& id);
  void release(const ItemId& id);
  std::string path_of(const ItemId& id) const { return folder_ + "/" + id.text(); }
  void settle();

  const std::string folder_;
  DropStore& store_;
  const std::function<std::int64_t()> wall_ms_;
  Descriptor directory_;
  Guarded<Standings> standings_;  // with how many hold each
};

}  // namespace kiyome::edge::drop
