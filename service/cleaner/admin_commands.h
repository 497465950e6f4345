// What the command line may ask of the cleaner: the queue, quarantine, audit. JSON in, JSON lines out.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "service/base/admin.h"
#include "service/cleaner/decide/decisions.h"
#include "service/cleaner/gate_link.h"
#include "service/cleaner/work_queue.h"
#include "service/store/item_store.h"
#include "service/store/locks.h"
#include "service/trail/keeper.h"

namespace kiyome::cleaner {

// Thread-safe. Every command that changes something leaves an audit entry with the asker's name.
class AdminCommands {
 public:
  AdminCommands(store::ItemStore& items, store::Locks& locks, store::OriginalReader& originals,
                WorkQueue& queue, GateLink& gate, trail::Keeper& keeper, Decisions& decisions)
      : items_(items),
        locks_(locks),
        originals_(originals),
        queue_(queue),
        gate_(gate),
        keeper_(keeper),
        decisions_(decisions) {}
  // {"command":"queue.list", …}. Throws with a text for a person when the request is not understood.
  void handle(const std::string& request, const AdminReply& reply);

 private:
  void list(const store::ListFilter& filter, const AdminReply& reply);
  void list_all(const AdminReply& reply);
  std::set<ItemId> list_working(const AdminReply& reply);
  store::Original readable(const transfer::Announce& where);
  unsigned lost(const ItemId& id, const std::string& actor);
  void show(const ItemId& id, const AdminReply& reply);
  void keep(const ItemId& id, const std::string& actor, const std::string& reason, const AdminReply& reply);
  unsigned decide(const ItemId& id, const std::string& actor, Decision decision,
                  std::chrono::milliseconds patience);
  unsigned unlock(const ItemId& id, const std::string& actor, std::vector<std::string> passwords);

  store::ItemStore& items_;
  store::Locks& locks_;
  store::OriginalReader& originals_;
  WorkQueue& queue_;
  GateLink& gate_;
  trail::Keeper& keeper_;
  Decisions& decisions_;
};

}  // namespace kiyome::cleaner
