#include "service/gate/pick_up/asked.h"

#include <algorithm>

#include "proto/clean/findings.h"
#include "service/gate/drop_view.h"
#include "service/policy/approval.h"
#include "service/policy/tenant.h"

namespace kiyome::gate {
namespace {

bool asks_by_department(const Config& config) {
  return std::any_of(config.approvals.begin(), config.approvals.end(),
                     [](const ApprovalRule& rule) { return !rule.department.empty(); });
}

// Codes that this version does not know came from a newer one.
std::vector<clean::Finding> findings_of(const transfer::DropBundle& bundle) {
  std::vector<clean::Finding> out;
  for (const std::uint16_t code : bundle.findings)
    if (const auto finding = clean::finding_of_code(code)) out.push_back(*finding);
  return out;
}

}  // namespace

Asked asked_of(const transfer::DropBundle& bundle, const Config& config, auth::Accounts& accounts,
               const std::function<bool(const std::string&)>& is_folder) {
  Asked out;
  out.tenants = policy::tenants_of(config.tenants, bundle.recipients);
  if (bundle.files.empty() || !asks_by_department(config)) return out;
  const std::vector<clean::Finding> findings = findings_of(bundle);
  const bool released =
      std::find(findings.begin(), findings.end(), clean::Finding::kReleased) != findings.end();
  for (const std::string& recipient : bundle.recipients) {
    const std::string address = lower(recipient);
    std::vector<std::string>& rules = out.approval.emplace_back();
    if (is_folder && is_folder(address)) continue;
    const std::optional<auth::Account> account = accounts.find_by_mail(address);
    const std::optional<std::string_view> department =
        account ? std::optional<std::string_view>(account->department) : std::nullopt;
    rules = policy::approvals_of_department(config,
                                            {bundle.sender, std::span(&recipient, 1), bundle.type,
                                             bundle.bytes, bundle.importance, findings, released},
                                            department);
  }
  return out;
}

}  // namespace kiyome::gate
