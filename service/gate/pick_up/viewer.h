// What one account sees of a delivery: what was sent to its address, what waits for its decision, what it
// decided. Everything else does not exist for it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "service/auth/accounts.h"
#include "service/gate/drop_store.h"
#include "service/gate/pick_up/deciders.h"

namespace kiyome::gate {

enum class ApprovalState : std::uint8_t { none, waiting, approved, returned };

struct Viewer {
  std::string address;            // the account's, lower case; none when it is not its tenant's
  bool recipient = false;         // something was sent to it
  std::set<std::string> about;    // recipients for whom he may decide now
  std::set<std::string> decided;  // … and for whom he has
  std::set<std::string> seen_by() const;
  bool sees() const { return recipient || !about.empty() || !decided.empty(); }
};

// Throws TemporaryFailure.
Viewer viewer_of(const auth::Account& account, const DropView& drop, Deciders& deciders);

struct Approval {
  ApprovalState state = ApprovalState::none;
  const DecisionView* decision = nullptr;  // the last one that counts for the viewer
};
// What waits for him; else how what was sent to him stands; else what he decided.
Approval approval_of(const Viewer& viewer, const DropView& drop);

// Whether he may have the files of this item as their recipient.
bool is_available(const Viewer& viewer, const DropView& drop, const ItemView& item);
// Whether he may look at them because he decides, or decided.
bool may_preview(const Viewer& viewer, const ItemView& item);

}  // namespace kiyome::gate
