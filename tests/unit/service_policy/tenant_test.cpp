// Whose an address is, whose policies speak for it, and how long its things are kept.
#include "service/policy/tenant.h"

#include <doctest/doctest.h>

#include "service/policy/policy.h"

using namespace kiyome;
using namespace kiyome::policy;

namespace {

using Names = std::vector<std::string>;

// Two cities: one strips and has a fire brigade that holds, the other has the service's policy.
Config service() {
  Config config;
  config.policy.attachments = Action::flatten;
  TenantConfig kou, otsu;
  kou.name = "甲市";
  kou.domains = {"kou.example.jp", "*.kou.example.jp"};
  kou.policy = PolicyConfig{Action::text, Action::text, {}};
  kou.retention = RetentionConfig{60, 7, 365};
  kou.pick_up_days = 3;
  OrganisationConfig fire;
  fire.name = "消防";
  fire.addresses = {"*@fire.kou.example.jp"};
  kou.organisations = {fire};
  otsu.name = "乙市";
  otsu.domains = {"*.example.jp"};
  config.tenants = {kou, otsu};
  return config;
}

PolicyRule rule(std::string type, PolicyActions actions) {
  PolicyRule out;
  out.type = std::move(type);
  out.actions = actions;
  return out;
}

clean::Part pdf() {
  clean::Part out;
  out.role = clean::Role::attachment;
  out.detected_type = "application/pdf";
  out.size = 10;
  return out;
}

std::string name_of(const Config& config, std::string_view address) {
  const TenantConfig* tenant = tenant_of(config.tenants, address);
  return tenant == nullptr ? "" : tenant->name;
}

}  // namespace

TEST_CASE("tenant: the first whose domains match, whatever the case; no address without a domain has one") {
  const Config config = service();
  CHECK(name_of(config, "a@kou.example.jp") == "甲市");
  CHECK(name_of(config, "A@FIRE.Kou.Example.JP") == "甲市");  // 乙市 would match, too, but comes later
  CHECK(name_of(config, "a@otsu.example.jp") == "乙市");
  CHECK(name_of(config, "\"x@kou.example.jp\"@other.example") == "");  // the last '@' parts them
  for (const char* none :
       {"", "a", "@", "a@", "a@example.jp", "kou.example.jp", "a@kou.example.jp.evil.example"})
    CHECK(name_of(config, none) == "");
  Config any;
  any.tenants.emplace_back().domains = {"*"};
  CHECK(tenant_of(any.tenants, "a@x") != nullptr);
  CHECK(tenant_of(any.tenants, "a@") == nullptr);
  CHECK(tenant_of(any.tenants, "") == nullptr);
}

TEST_CASE("tenant: an account has to do with its tenant's addresses only; without one it may with any") {
  const Config config = service();
  CHECK(is_own(config.tenants, "甲市", "a@kou.example.jp"));
  CHECK_FALSE(is_own(config.tenants, "甲市", "a@otsu.example.jp"));
  CHECK_FALSE(is_own(config.tenants, "甲市", "a@elsewhere.example"));
  CHECK_FALSE(is_own(config.tenants, "丙市", "a@kou.example.jp"));  // not configured (any more)
  CHECK(is_own(config.tenants, "", "a@kou.example.jp"));
  CHECK(is_own({}, "甲市", "a@otsu.example.jp"));
  CHECK(account_trouble(config.tenants, "甲市", "a@kou.example.jp").empty());
  CHECK(account_trouble(config.tenants, "甲市", "").empty());
  CHECK(account_trouble(config.tenants, "甲市", "a@otsu.example.jp") == "mail");
  CHECK(account_trouble(config.tenants, "丙市", "") == "tenant");
  CHECK(account_trouble(config.tenants, "", "a@anywhere.example").empty());
  CHECK(account_trouble({}, "丙市", "a@anywhere.example").empty());
}

TEST_CASE("policy: the tenant's own in place of the service's, which others have") {
  const Config config = service();
  CHECK(RecipientPolicy(config, "a@kou.example.jp").attachment("s@x", 1, pdf()) == Action::text);
  CHECK(RecipientPolicy(config, "a@otsu.example.jp").attachment("s@x", 1, pdf()) == Action::flatten);
  CHECK(RecipientPolicy(config, "a@elsewhere.example").attachment("s@x", 1, pdf()) == Action::flatten);
  CHECK(RecipientPolicy(config, "").tenant() == nullptr);
}

TEST_CASE("policy: beside an organisation's the stricter one wins, key by key, in either direction") {
  using std::pair;
  const auto treat = [](Action tenants, PolicyConfig organisations,
                        std::optional<Verdict> tenants_verdict = {}) {
    Config config = service();
    config.tenants[0].policy->attachments = tenants;
    if (tenants_verdict) config.tenants[0].policy->rules.push_back(rule("", {tenants_verdict, {}, {}}));
    config.tenants[0].organisations[0].policy = std::move(organisations);
    const RecipientPolicy rules(config, "a@fire.kou.example.jp");
    return pair(rules.verdict("s@x", 1), rules.attachment("s@x", 1, pdf()));
  };
  const PolicyConfig silent = OrganisationConfig{}.policy;
  for (const Action action :
       {Action::hold, Action::view, Action::strip, Action::text, Action::flatten, Action::image})
    CHECK(treat(action, silent) == pair(Verdict::clean, action));
  const std::vector<Action> order{Action::hold, Action::view,    Action::strip,
                                  Action::text, Action::flatten, Action::image};
  for (std::size_t one = 0; one < order.size(); ++one)
    for (std::size_t other = 0; other < order.size(); ++other)
      CHECK(treat(order[one], {Action::text, order[other], {}}).second == order[std::min(one, other)]);
  const PolicyConfig held{Action::text, Action::image, {rule("", {Verdict::held, {}, {}})}};
  CHECK(treat(Action::text, held) == pair(Verdict::held, Action::text));
  CHECK(treat(Action::text, held, Verdict::rejected).first == Verdict::rejected);
  CHECK(treat(Action::text, held, Verdict::clean).first == Verdict::held);
  const PolicyConfig no_pdf{Action::text, Action::image, {rule("application/pdf", {{}, {}, Action::hold})}};
  CHECK(treat(Action::image, no_pdf).second == Action::hold);
}

TEST_CASE("policy: every organisation that a recipient belongs to counts, none that he does not") {
  Config config = service();
  OrganisationConfig all;
  all.name = "全員";
  all.addresses = {"nobody@x", "*@*kou.example.jp"};
  all.policy.attachments = Action::strip;
  config.tenants[0].organisations.push_back(all);
  config.tenants[0].organisations[0].policy.attachments = Action::hold;
  CHECK(RecipientPolicy(config, "a@fire.kou.example.jp").attachment("s@x", 1, pdf()) == Action::hold);
  CHECK(RecipientPolicy(config, "a@kou.example.jp").attachment("s@x", 1, pdf()) == Action::strip);
  CHECK(RecipientPolicy(config, "a@otsu.example.jp").organisations().empty());
}

TEST_CASE("policy: of a file strip means flatten, before the stricter one is looked for") {
  Config config = service();
  config.tenants[0].policy->attachments = Action::strip;
  config.tenants[0].organisations[0].policy.attachments = Action::text;
  const RecipientPolicy rules(config, "a@fire.kou.example.jp");
  CHECK(rules.file("s@x", pdf()) == Action::text);  // words say less than pages
  CHECK(rules.attachment("s@x", 1, pdf()) == Action::strip);
  CHECK(RecipientPolicy(config, "a@kou.example.jp").file("s@x", pdf()) == Action::flatten);
}

TEST_CASE("policy: documents are looked into when anybody's policy passes them") {
  Config config;
  CHECK_FALSE(passes_documents(config));
  config.tenants.emplace_back().policy = PolicyConfig{};
  CHECK_FALSE(passes_documents(config));
  config.tenants[0].policy->rules.push_back(rule("text/csv", {{}, {}, Action::text}));
  CHECK(passes_documents(config));
}

TEST_CASE("retention: the longest of all tenants that have to do with an item, each key for itself") {
  Config config = service();
  config.tenants[1].retention = RetentionConfig{14, 90, 30};
  CHECK(tenants_of(config.tenants, Names{"a@kou.example.jp", "b@fire.kou.example.jp"}) == Names{"甲市"});
  CHECK(tenants_of(config.tenants, Names{"a@kou.example.jp", "b@otsu.example.jp", "c@x.example"}) ==
        Names{"", "乙市", "甲市"});
  CHECK(tenants_of(config.tenants, Names{"c@x.example"}).empty());
  CHECK(tenants_of({}, Names{"a@kou.example.jp"}).empty());
  const auto days = [&](const Names& tenants) {
    const RetentionConfig out = retention_of(config, tenants);
    return std::vector<double>{out.originals_days, out.held_days, out.records_days,
                               pick_up_days_of(config, tenants)};
  };
  const RetentionConfig usual;
  CHECK(days({}) == std::vector<double>{usual.originals_days, usual.held_days, usual.records_days, 14});
  CHECK(days({"甲市"}) == std::vector<double>{60, 7, 365, 3});
  CHECK(days({"乙市"}) == std::vector<double>{14, 90, 30, 14});
  CHECK(days({"乙市", "甲市"}) == std::vector<double>{60, 90, 365, 14});
  CHECK(days({"", "甲市"}) == std::vector<double>{60, 30, 1095, 14});
  CHECK(days({"丙市"}) == days({}));  // not configured any more
}

TEST_CASE("explain: the tenant, the organisation and what each of them decided are named") {
  Config config = service();
  config.tenants[0].organisations[0].policy.rules.push_back(rule("application/pdf", {{}, {}, Action::hold}));
  config.tenants[0].organisations[0].policy.rules[0].line = 40;
  clean::MailAnswer answer;
  answer.parts.push_back(pdf());
  const std::string text = explain(config, "s@x.example", "a@fire.kou.example.jp", 100, answer);
  CHECK(text.find("団体 / tenant: \"甲市\"\n組織 / organisation: \"消防\"\n") != std::string::npos);
  CHECK(text.find("方針 / policy: 組織 / organisation \"消防\"\n規則 / rule 1 (40") != std::string::npos);
  CHECK(text.find(
            "10 B: hold (団体 / tenant: text、既定 / default; 組織 / organisation \"消防\": hold、規則 1、"
            "40 行目 / rule 1, line 40)") != std::string::npos);
  CHECK(text.find("verdict: clean (団体 / tenant: clean、既定 / default; 組織 / organisation \"消防\": "
                  "定めなし / says nothing)") != std::string::npos);
  const std::string other = explain(config, "s@x.example", "a@elsewhere.example", 100, answer);
  CHECK(other.find("団体 / tenant: なし / none\n") != std::string::npos);
  CHECK(other.find("10 B: flatten (既定 / default)") != std::string::npos);
  config.tenants.clear();
  CHECK(explain(config, "s@x.example", "a@b.example", 100, answer).find("tenant") == std::string::npos);
}
