// The auditor's page and the legal hold, as the desk answers them. The cleaner's own trail is read here; of
// the others' it has the checkpoints that came by, and says so: their owners' users alone may ask them.
#pragma once

#include <memory>

#include "service/cleaner/review/review_sight.h"
#include "service/review/desk.h"
#include "service/store/item_store.h"
#include "service/trail/keeper.h"

namespace kiyome::cleaner {

// Thread-safe.
class AuditDesk {
 public:
  AuditDesk(store::ItemStore& items, trail::Keeper& keeper, ReviewSight& sight);
  // A verification in hand is waited for.
  ~AuditDesk();
  // listAudit, exportAudit, verifyAudit, listCheckpoints, keepItem, unkeepItem, listKept.
  void add_to(review::Desk& desk);
  // review::kCheckpointCall.
  review::Reply heard(const review::Call& call);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::cleaner
