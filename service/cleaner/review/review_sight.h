// Who may see which item: an actor with a tenant sees items that one of its recipients has, and of those its
// own recipients alone. Whatever takes an item's id from a person asks here first; what he may not see is not
// there for him: 404 `not-found`. Trusts the actor to be whom the console signed in.
#pragma once

#include <memory>
#include <string_view>

#include "service/cleaner/processor.h"
#include "service/review/call.h"
#include "service/store/database.h"

namespace kiyome::cleaner {

// Thread-safe. Throws TemporaryFailure when the database says no.
class ReviewSight {
 public:
  // The item store is there.
  ReviewSight(const store::ItemsAt& at, CurrentConfig& config);

  // Decided items only; an item that is in the queue is seen by nobody yet.
  bool may_see(const review::Actor& actor, const ItemId& id);
  // One recipient of an item that he may see: others' recipients are not shown and not decided about.
  bool may_see(const review::Actor& actor, std::string_view recipient_address);
  // The item of this text, e.g. of the call's path, when he may see it. Throws http::Problem 404 `not-found`
  // otherwise, also for what is no id.
  ItemId item_of(const review::Actor& actor, std::string_view text);
  // The same of call.path "item".
  ItemId item_of(const review::Call& call);

 private:
  CurrentConfig& config_;
  Guarded<std::unique_ptr<store::Database>> items_;
};

}  // namespace kiyome::cleaner
