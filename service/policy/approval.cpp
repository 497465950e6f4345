// Addresses and types are hostile text; patterns are the operator's.
#include "service/policy/approval.h"

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/policy/policy.h"

namespace kiyome::policy {
namespace {

bool matches(const ApprovalRule& rule, const DroppedFile& file) {
  const auto fits = [](const std::string& pattern, std::string_view text) {
    return pattern.empty() || glob_match(pattern, text);
  };
  const bool to =
      rule.to.empty() || std::any_of(file.recipients.begin(), file.recipients.end(),
                                     [&](const std::string& each) { return glob_match(rule.to, each); });
  const bool finding = rule.finding.empty() ||
                       std::any_of(file.findings.begin(), file.findings.end(),
                                   [&](clean::Finding each) { return clean::slug(each) == rule.finding; });
  return fits(rule.from, file.sender) && to && fits(rule.type, file.type) &&
         fits(rule.importance, file.importance) && finding &&
         (!rule.size_over || file.bytes > *rule.size_over) && (!rule.released || file.released);
}

// Each value under its key, counted, so that no two configurations give the same octets.
class Canonical {
 public:
  void add(std::string_view key, std::string_view value) {
    w_.counted(key);
    w_.counted(value);
  }
  void add(std::string_view key, std::uint64_t value) { add(key, std::string_view(std::to_string(value))); }
  void add(std::string_view key, const std::optional<std::uint64_t>& value) {
    add(key, value ? std::string_view(std::to_string(*value)) : std::string_view());
  }
  template <class E>
  requires std::is_enum_v<E>
  void add(std::string_view key, E value) { add(key, static_cast<std::uint64_t>(value)); }
  template <class E>
  requires std::is_enum_v<E>
  void add(std::string_view key, const std::optional<E>& value) {
    if (value) add(key, *value);
  }
  std::array<std::uint8_t, 32> digest() const { return sha256(w_.bytes()); }

 private:
  ByteWriter w_;
};

void add_list(Canonical& out, std::string_view key, const std::vector<std::string>& values) {
  for (const std::string& value : values) out.add(key, value);
}

void add_policy(Canonical& out, const PolicyConfig& policy) {
  out.add("policy.mail_body", policy.mail_body);
  out.add("policy.attachments", policy.attachments);
  for (const PolicyRule& rule : policy.rules) {
    out.add("policy.rule", "");
    out.add("from", rule.from);
    out.add("to", rule.to);
    out.add("type", rule.type);
    out.add("size_over", rule.size_over);
    out.add("verdict", rule.actions.verdict);
    out.add("mail_body", rule.actions.mail_body);
    out.add("attachments", rule.actions.attachments);
  }
}

void add_approvals(Canonical& out, const std::vector<ApprovalRule>& rules) {
  for (const ApprovalRule& rule : rules) {
    out.add("approval.rule", rule.name);
    out.add("from", rule.from);
    out.add("to", rule.to);
    out.add("type", rule.type);
    out.add("importance", rule.importance);
    out.add("finding", rule.finding);
    out.add("size_over", rule.size_over);
    out.add("department", rule.department);
    out.add("released", std::uint64_t{rule.released});
  }
}

// How long things are kept decides nothing about a file.
void add_tenants(Canonical& out, const std::vector<TenantConfig>& tenants) {
  for (const TenantConfig& tenant : tenants) {
    out.add("tenant", tenant.name);
    add_list(out, "domains", tenant.domains);
    if (tenant.policy) add_policy(out, *tenant.policy);
    for (const OrganisationConfig& organisation : tenant.organisations) {
      out.add("tenant.organisation", organisation.name);
      add_list(out, "addresses", organisation.addresses);
      add_policy(out, organisation.policy);
    }
  }
}

// What changes the pages, not how many workers make them.
void add_documents(Canonical& out, const DocumentsConfig& documents) {
  out.add("documents.dpi", std::uint64_t{documents.dpi});
  out.add("documents.compact", std::uint64_t{documents.compact});
  out.add("documents.text_layer", std::uint64_t{documents.text_layer});
  out.add("documents.append_text", std::uint64_t{documents.append_text});
  out.add("documents.pages_max", std::uint64_t{documents.pages_max});
  out.add("documents.seconds", std::uint64_t{documents.seconds});
  out.add("documents.no_progress_seconds", std::uint64_t{documents.no_progress_seconds});
  out.add("documents.bytes_max", documents.bytes_max);
  out.add("documents.depth_max", std::uint64_t{documents.depth_max});
  out.add("documents.entries_max", std::uint64_t{documents.entries_max});
  out.add("documents.expanded_bytes_max", documents.expanded_bytes_max);
  out.add("documents.archive", documents.archive);
  out.add("documents.hidden", documents.hidden);
  out.add("documents.comments", documents.comments);
  out.add("documents.changes", documents.changes);
  out.add("documents.fit_width", std::uint64_t{documents.fit_width});
  out.add("documents.hold_mismatch", std::uint64_t{documents.hold_mismatch});
}

}  // namespace

std::vector<std::string> approvals_for(const Config& config, const DroppedFile& file) {
  std::vector<std::string> out;
  for (const ApprovalRule& rule : config.approvals) {
    if (out.size() == limits::kCrossingApprovals) break;
    if (rule.department.empty() && matches(rule, file)) out.push_back(rule.name);
  }
  return out;
}

std::vector<std::string> approvals_of_department(const Config& config, const DroppedFile& file,
                                                 std::optional<std::string_view> department) {
  std::vector<std::string> out;
  for (const ApprovalRule& rule : config.approvals) {
    if (out.size() == limits::kCrossingApprovals) break;
    if (rule.department.empty() || !matches(rule, file)) continue;
    if (!department || glob_match(rule.department, *department)) out.push_back(rule.name);
  }
  return out;
}

bool asks_for(const Config& config, clean::Finding finding) {
  return std::any_of(config.approvals.begin(), config.approvals.end(),
                     [&](const ApprovalRule& rule) { return rule.finding == clean::slug(finding); });
}

std::array<std::uint8_t, 32> fingerprint(const Config& config) {
  Canonical out;
  add_policy(out, config.policy);
  add_tenants(out, config.tenants);
  add_approvals(out, config.approvals);
  add_documents(out, config.documents);
  return out.digest();
}

}  // namespace kiyome::policy
