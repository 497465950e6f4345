// Who may decide about a copy that waits: the approvers of its recipient's department, who stands in for
// them, and after kApprovalHours of business the approvers one level up. Nobody decides about what he sent
// himself or what was sent to him alone. Trusts the accounts; a delivery's texts are somebody else's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/auth/accounts.h"
#include "service/gate/drop_store.h"

namespace kiyome::gate {

// "総務部" of "総務部/総務課"; nothing of a department that stands at the top.
std::optional<std::string> department_above(const std::string& department);

// Whom an approver may name in his place: other approvers, and staff of his department or below it.
bool may_stand_in(const auth::Account& one, const auth::Account& approver);

// Remembers what it has asked: one for a request, one thread. Throws TemporaryFailure.
class Deciders {
 public:
  // `is_folder`: addresses that are no person's; the approvers at the top of their tenant decide there.
  // `config` is shared: a request keeps the one it began with.
  Deciders(auth::Accounts& accounts, DropStore& store, std::int64_t now_ms,
           std::shared_ptr<const Config> config, std::function<bool(const std::string&)> is_folder = {});

  // Whether the account's address belongs to its tenant. One that does not has nothing to do with anything
  // here: as if there were no such account.
  bool fits(const auth::Account& account) const;

  // Those who may decide now for this recipient of the delivery, each once.
  std::vector<auth::Account> of(const DropView& drop, const std::string& address);
  bool may(const auth::Account& who, const DropView& drop, const std::string& address);
  // Whether somebody has this address; of a directory's people those who have signed in.
  bool knows(const std::string& address) { return account(address).has_value(); }
  // He sent it, or nobody else who has an account got it.
  bool is_his_own(const auth::Account& who, const DropView& drop);
  // He would be asked, were it not his own, or decided already.
  bool would_decide(const auth::Account& who, const DropView& drop, const std::string& address);

 private:
  const std::optional<auth::Account>& account(const std::string& address);
  const std::vector<auth::Account>& approvers(const std::string& tenant, const std::string& department);
  std::vector<auth::Account> found(const DropView& drop, const std::string& address, bool also_own);

  auth::Accounts& accounts_;
  DropStore& store_;
  std::int64_t now_ms_;
  std::shared_ptr<const Config> config_;
  std::function<bool(const std::string&)> is_folder_;
  std::map<std::string, std::optional<auth::Account>> people_;
  std::map<std::pair<std::string, std::string>, std::vector<auth::Account>> departments_;
};

}  // namespace kiyome::gate
