#include "service/gate/pick_up/deciders.h"

#include <algorithm>
#include <set>

#include "proto/base/limits.h"
#include "service/gate/pick_up/business_time.h"
#include "service/policy/tenant.h"

namespace kiyome::gate {
namespace {

bool may_approve(const auth::Account& account) {
  return !account.disabled && account.has(auth::Role::approver);
}

// Since when something of it waits for this recipient.
std::optional<std::int64_t> waits_since(const DropView& drop, const std::string& address) {
  std::optional<std::int64_t> since;
  for (const ItemView& item : drop.items) {
    const RecipientView* one = item.recipient(address);
    if (one != nullptr && one->stage == Stage::waiting)
      since = std::min(since.value_or(item.received_ms), item.received_ms);
  }
  return since;
}

}  // namespace

bool may_stand_in(const auth::Account& one, const auth::Account& approver) {
  if (one.disabled || one.tenant != approver.tenant || one.login == approver.login) return false;
  if (one.has(auth::Role::approver)) return true;
  const bool below = approver.department.empty() || one.department == approver.department ||
                     one.department.starts_with(approver.department + "/");
  return below && one.has(auth::Role::staff);
}

std::optional<std::string> department_above(const std::string& department) {
  if (department.empty()) return std::nullopt;
  const std::size_t slash = department.rfind('/');
  return slash == std::string::npos ? std::string() : department.substr(0, slash);
}

Deciders::Deciders(auth::Accounts& accounts, DropStore& store, std::int64_t now_ms,
                   std::shared_ptr<const Config> config, std::function<bool(const std::string&)> is_folder)
    : accounts_(accounts),
      store_(store),
      now_ms_(now_ms),
      config_(std::move(config)),
      is_folder_(std::move(is_folder)) {}

bool Deciders::fits(const auth::Account& account) const {
  return policy::account_trouble(config_->tenants, account.tenant, account.mail).empty();
}

const std::optional<auth::Account>& Deciders::account(const std::string& address) {
  const auto [place, fresh] = people_.try_emplace(address);
  if (fresh) place->second = accounts_.find_by_mail(address);
  if (fresh && place->second && !fits(*place->second)) place->second.reset();
  // A folder stands at the top of its tenant, whatever account somebody may have made of its address.
  if (fresh && is_folder_ && is_folder_(address)) {
    auth::Account& folder = place->second.emplace();
    folder.mail = address;
    if (const TenantConfig* tenant = policy::tenant_of(config_->tenants, address))
      folder.tenant = tenant->name;
  }
  return place->second;
}

const std::vector<auth::Account>& Deciders::approvers(const std::string& tenant,
                                                      const std::string& department) {
  const auto [place, fresh] = departments_.try_emplace({tenant, department});
  if (fresh) place->second = accounts_.approvers_of(tenant, department);
  return place->second;
}

bool Deciders::is_his_own(const auth::Account& who, const DropView& drop) {
  const std::string mail = lower(who.mail);
  if (mail.empty()) return false;
  if (mail == lower(drop.sender)) return true;
  const bool his = std::any_of(drop.items.begin(), drop.items.end(),
                               [&](const ItemView& item) { return item.recipient(mail) != nullptr; });
  if (!his) return false;
  for (const ItemView& item : drop.items)
    for (const RecipientView& one : item.recipients) {
      if (one.address == mail) continue;
      const std::optional<auth::Account>& other = account(one.address);
      if (other && !other->disabled) return false;
    }
  return true;
}

std::vector<auth::Account> Deciders::found(const DropView& drop, const std::string& address, bool also_own) {
  std::optional<std::int64_t> since = waits_since(drop, address);
  if (!since && also_own) since = drop.received_ms;  // who would have been asked
  const std::optional<auth::Account> recipient = since ? account(address) : std::nullopt;
  if (!recipient) return {};
  std::vector<auth::Account> out;
  const auto add = [&](const auth::Account& one) {
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const auth::Account& other) { return other.login == one.login; });
    if (!known && fits(one) && (also_own || !is_his_own(one, drop))) out.push_back(one);
  };
  std::optional<std::string> department = recipient->department;
  const auto add_level = [&] {
    const std::string asked = *department;
    department = department_above(asked);
    for (const auth::Account& one : approvers(recipient->tenant, asked)) {
      if (!may_approve(one)) continue;
      department = department_above(one.department);  // they may stand higher than asked
      add(one);
    }
  };
  // Up to the first level where somebody may decide; a late one goes one further.
  for (std::size_t depth = 0; out.empty() && department && depth <= limits::kDepartmentDepth; ++depth)
    add_level();
  if (!out.empty() && department && now_ms_ >= after_business_hours(*since, config_->pick_up.approval_hours))
    add_level();
  for (const auth::Account& approver : std::vector<auth::Account>(out)) {
    const std::optional<Delegation> delegation = store_.delegation_of(approver.login);
    if (!delegation || delegation->until_ms <= now_ms_) continue;
    const std::optional<auth::Account> deputy = accounts_.find(delegation->delegate);
    // Asked anew each time: his place and roles may have changed since he was named.
    if (deputy && may_stand_in(*deputy, approver)) add(*deputy);
  }
  return out;
}

std::vector<auth::Account> Deciders::of(const DropView& drop, const std::string& address) {
  return found(drop, address, false);
}

bool Deciders::may(const auth::Account& who, const DropView& drop, const std::string& address) {
  const std::vector<auth::Account> all = of(drop, address);
  return std::any_of(all.begin(), all.end(),
                     [&](const auth::Account& one) { return one.login == who.login; });
}

bool Deciders::would_decide(const auth::Account& who, const DropView& drop, const std::string& address) {
  const std::vector<auth::Account> all = found(drop, address, true);
  return std::any_of(all.begin(), all.end(),
                     [&](const auth::Account& one) { return one.login == who.login; });
}

}  // namespace kiyome::gate
