// Who may decide about a copy that waits: the approvers of its recipient's department, who stands in for
// them, and after kApprovalHours of business the approvers one level up. Nobody decides about what he sent
// himself or what was sent to him alone. Trusts the accounts; a delivery's texts are somebody else's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/auth/accounts.h"
#include "service/gate/drop_store.h"

namespace kiyome::gate {

// "総務部" of "総務部/総務課"; nothing of a department that stands at the top.
std::optional<std::string> department_above(const std::string& department);

// Remembers what it has asked: one for a request, one thread. Throws TemporaryFailure.
class Deciders {
 public:
  Deciders(auth::Accounts& accounts, DropStore& store, std::int64_t now_ms, double hours);

  // Those who may decide now for this recipient of the delivery, each once.
  std::vector<auth::Account> of(const DropView& drop, const std::string& address);
  bool may(const auth::Account& who, const DropView& drop, const std::string& address);
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
  double hours_;
  std::map<std::string, std::optional<auth::Account>> people_;
  std::map<std::pair<std::string, std::string>, std::vector<auth::Account>> departments_;
};

}  // namespace kiyome::gate
