#include "service/base/config_tenant.h"

#include "service/base/config_policy.h"

namespace kiyome::config_reading {
namespace {

std::string name_trouble(std::string_view text) {
  return text.empty() ? std::string("must not be empty") : values::line_trouble(text);
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

void read_organisation(Mistakes& mistakes, Section& section, OrganisationConfig& into) {
  section.text("name", into.name, name_trouble);
  section.texts("addresses", into.addresses, values::glob_trouble);
  read_policy(mistakes, section.sub("policy"), "tenant.organisation.policy", into.policy);
  section.done();
}

void read_organisations(Mistakes& mistakes, Section& tenant, std::vector<OrganisationConfig>& into) {
  std::set<std::string> names;
  each_table(
      mistakes, tenant, "organisation", "tenant.organisation", [&](Section one, const toml::table& table) {
        OrganisationConfig& organisation = into.emplace_back();
        read_organisation(mistakes, one, organisation);
        if (organisation.name.empty())
          tenant.wrong(table, "organisation", "each needs a name");
        else if (!names.insert(organisation.name).second)
          tenant.wrong(table, "organisation", "there are two of the name " + in_quotes(organisation.name));
        // One that speaks of nobody is a rule that somebody relies on and that never comes.
        if (organisation.addresses.empty())
          tenant.wrong(table, "organisation", "each needs addresses: whose mail it is about");
      });
  if (into.size() > limits::kOrganisations)
    tenant.wrong(*tenant.find("organisation"), "organisation",
                 "there may be at most " + std::to_string(limits::kOrganisations) + " in one tenant");
}

void read_tenant(Mistakes& mistakes, Section& section, const Config& config, TenantConfig& into) {
  section.text("name", into.name, name_trouble);
  section.texts("domains", into.domains, values::domain_glob_trouble);
  double days = 0;
  section.real("pick_up_days", days, kLongestDays);
  if (section.has("pick_up_days")) into.pick_up_days = days;
  PolicyConfig policy{config.policy.mail_body, config.policy.attachments, {}};
  read_policy(mistakes, section.sub("policy"), "tenant.policy", policy);
  if (section.has("policy")) into.policy = std::move(policy);
  RetentionConfig retention = config.retention;
  read_retention(section.sub("retention"), retention);
  if (section.has("retention")) into.retention = retention;
  read_organisations(mistakes, section, into.organisations);
  section.done();
}

}  // namespace

void read_tenants(Mistakes& mistakes, Section& top, Config& config) {
  // Read once without a table too, so that the names of its keys are known to did_you_mean.
  TenantConfig unused;
  OrganisationConfig unused_too;
  Section none(mistakes, nullptr, "tenant"), none_within(mistakes, nullptr, "tenant.organisation");
  read_tenant(mistakes, none, config, unused);
  read_organisation(mistakes, none_within, unused_too);
  std::set<std::string> names, domains;
  each_table(mistakes, top, "tenant", "tenant", [&](Section one, const toml::table& table) {
    TenantConfig& tenant = config.tenants.emplace_back();
    read_tenant(mistakes, one, config, tenant);
    const auto wrong = [&](const std::string& what) { top.wrong(table, "tenant", what); };
    if (tenant.name.empty())
      wrong("each needs a name");
    else if (!names.insert(tenant.name).second)
      wrong("there are two of the name " + in_quotes(tenant.name));
    if (tenant.domains.empty()) wrong("each needs domains: whose recipients are its");
    for (const std::string& domain : tenant.domains)
      if (!domains.insert(lower(domain)).second) wrong("the domain " + in_quotes(domain) + " is named twice");
  });
  if (config.tenants.size() > limits::kTenants)
    top.wrong(*top.find("tenant"), "tenant",
              "there may be at most " + std::to_string(limits::kTenants) + " of them");
}

}  // namespace kiyome::config_reading
