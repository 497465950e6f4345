// Whose an address is, and how long things of several tenants are kept. Pure functions of the configuration.
// Thread-safe. Addresses are hostile text; patterns are the operator's.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/config.h"

namespace kiyome::policy {

// The first tenant whose domains match that of "local@domain"; none: nullptr. ASCII case is ignored; domains
// stand in the mail system's own form, so nothing is converted (xn-- names are written as such).
const TenantConfig* tenant_of(std::span<const TenantConfig> tenants, std::string_view address);
// Its name; empty: none.
std::string tenant_name_of(std::span<const TenantConfig> tenants, std::string_view address);
const TenantConfig* tenant_named(std::span<const TenantConfig> tenants, std::string_view name);

// Whether an account of this tenant may have to do with this address. An account without a tenant may with
// any, and so may all where there are no tenants; an account of a tenant that is not configured (any more)
// with none.
bool is_own(std::span<const TenantConfig> tenants, std::string_view account_tenant, std::string_view address);

// What is wrong with an account of this tenant and mail: "tenant", "mail", or nothing (empty).
std::string account_trouble(std::span<const TenantConfig> tenants, std::string_view account_tenant,
                            std::string_view mail);

// The tenants of these addresses, sorted, each once; "" among them stands for addresses of no tenant. Empty
// where there are none but such addresses: the service's own days count.
std::vector<std::string> tenants_of(std::span<const TenantConfig> tenants,
                                    std::span<const std::string> addresses);
// Of something that belongs to all of these (as tenants_of() gives them) the longest of their days, each key
// for itself: it is worse to lose what another one still has to keep. A name that is not configured (any
// more) counts with the service's days.
RetentionConfig retention_of(const Config& config, std::span<const std::string> tenants);
double pick_up_days_of(const Config& config, std::span<const std::string> tenants);

}  // namespace kiyome::policy
