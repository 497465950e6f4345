#include "service/policy/tenant.h"

#include <algorithm>

#include "service/policy/policy.h"

namespace kiyome::policy {
namespace {

// use(const TenantConfig*) for each of these names, nullptr for the service itself.
template <class Use>
void each_of(const Config& config, std::span<const std::string> tenants, Use&& use) {
  if (tenants.empty()) return use(nullptr);
  for (const std::string& name : tenants) use(tenant_named(config.tenants, name));
}

}  // namespace

const TenantConfig* tenant_of(std::span<const TenantConfig> tenants, std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || at + 1 == address.size()) return nullptr;
  const std::string_view domain = address.substr(at + 1);
  for (const TenantConfig& tenant : tenants)
    for (const std::string& pattern : tenant.domains)
      if (glob_match(pattern, domain)) return &tenant;
  return nullptr;
}

std::string tenant_name_of(std::span<const TenantConfig> tenants, std::string_view address) {
  const TenantConfig* tenant = tenant_of(tenants, address);
  return tenant == nullptr ? std::string() : tenant->name;
}

const TenantConfig* tenant_named(std::span<const TenantConfig> tenants, std::string_view name) {
  const auto found = std::find_if(tenants.begin(), tenants.end(),
                                  [&](const TenantConfig& tenant) { return tenant.name == name; });
  return found == tenants.end() ? nullptr : &*found;
}

bool is_own(std::span<const TenantConfig> tenants, std::string_view account_tenant,
            std::string_view address) {
  if (tenants.empty() || account_tenant.empty()) return true;
  const TenantConfig* tenant = tenant_of(tenants, address);
  return tenant != nullptr && tenant->name == account_tenant;
}

std::string account_trouble(std::span<const TenantConfig> tenants, std::string_view account_tenant,
                            std::string_view mail) {
  if (tenants.empty() || account_tenant.empty()) return {};
  if (tenant_named(tenants, account_tenant) == nullptr) return "tenant";
  return mail.empty() || is_own(tenants, account_tenant, mail) ? "" : "mail";
}

std::vector<std::string> tenants_of(std::span<const TenantConfig> tenants,
                                    std::span<const std::string> addresses) {
  std::vector<std::string> out;
  if (tenants.empty()) return out;
  for (const std::string& address : addresses) {
    const std::string name = tenant_name_of(tenants, address);
    const auto place = std::lower_bound(out.begin(), out.end(), name);
    if (place == out.end() || *place != name) out.emplace(place, name);
  }
  if (out.size() == 1 && out.front().empty()) out.clear();
  return out;
}

RetentionConfig retention_of(const Config& config, std::span<const std::string> tenants) {
  RetentionConfig out{0, 0, 0};
  each_of(config, tenants, [&](const TenantConfig* tenant) {
    const RetentionConfig& one =
        tenant != nullptr && tenant->retention ? *tenant->retention : config.retention;
    out.originals_days = std::max(out.originals_days, one.originals_days);
    out.held_days = std::max(out.held_days, one.held_days);
    out.records_days = std::max(out.records_days, one.records_days);
  });
  return out;
}

double pick_up_days_of(const Config& config, std::span<const std::string> tenants) {
  double out = 0;
  each_of(config, tenants, [&](const TenantConfig* tenant) {
    out = std::max(
        out, tenant == nullptr ? config.pick_up.days : tenant->pick_up_days.value_or(config.pick_up.days));
  });
  return out;
}

}  // namespace kiyome::policy
