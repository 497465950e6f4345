#include "service/gate/pick_up/viewer.h"

#include <algorithm>

namespace kiyome::gate {
namespace {

bool is_for(const ItemView& item, const std::set<std::string>& addresses) {
  return std::any_of(item.recipients.begin(), item.recipients.end(),
                     [&](const RecipientView& one) { return addresses.contains(one.address); });
}

Approval approval_for(const std::set<std::string>& addresses, const DropView& drop) {
  Approval out;
  std::int64_t last = 0;
  for (const ItemView& item : drop.items)
    for (const RecipientView& one : item.recipients) {
      if (!addresses.contains(one.address)) continue;
      if (one.stage == Stage::waiting) out.state = ApprovalState::waiting;
      last = std::max(last, one.decision);
    }
  for (const DecisionView& decision : drop.decisions)
    if (decision.number == last) out.decision = &decision;
  if (out.state == ApprovalState::none && out.decision != nullptr)
    out.state = out.decision->approved ? ApprovalState::approved : ApprovalState::returned;
  return out;
}

}  // namespace

std::set<std::string> Viewer::seen_by() const {
  std::set<std::string> out = about;
  out.insert(decided.begin(), decided.end());
  if (recipient) out.insert(address);
  return out;
}

Viewer viewer_of(const auth::Account& account, const DropView& drop, Deciders& deciders) {
  Viewer out;
  if (!deciders.fits(account)) return out;
  out.address = lower(account.mail);
  std::set<std::int64_t> own_decisions;
  for (const DecisionView& decision : drop.decisions)
    if (decision.login == account.login) own_decisions.insert(decision.number);
  std::set<std::string> waiting;
  for (const ItemView& item : drop.items)
    for (const RecipientView& one : item.recipients) {
      out.recipient = out.recipient || (!out.address.empty() && one.address == out.address);
      if (one.stage == Stage::waiting) waiting.insert(one.address);
      if (own_decisions.contains(one.decision)) out.decided.insert(one.address);
    }
  for (const std::string& address : waiting)
    if (deciders.may(account, drop, address)) out.about.insert(address);
  return out;
}

Approval approval_of(const Viewer& viewer, const DropView& drop) {
  if (!viewer.about.empty()) return approval_for(viewer.about, drop);
  if (viewer.recipient) return approval_for({viewer.address}, drop);
  return approval_for(viewer.decided, drop);
}

bool is_available(const Viewer& viewer, const DropView& drop, const ItemView& item) {
  if (!viewer.recipient) return false;
  const RecipientView* mine = item.recipient(viewer.address);
  if (mine == nullptr || (mine->stage != Stage::delivered && mine->stage != Stage::picked_up)) return false;
  // While something of the delivery waits, all of it waits.
  return approval_for({viewer.address}, drop).state != ApprovalState::waiting;
}

bool may_preview(const Viewer& viewer, const ItemView& item) {
  return is_for(item, viewer.about) || is_for(item, viewer.decided);
}

}  // namespace kiyome::gate
