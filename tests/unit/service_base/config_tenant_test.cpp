// [[tenant]]: what it says, what it leaves to the service, and its mistakes.
#include <doctest/doctest.h>

#include <string>

#include "service/base/config.h"
#include "service/base/errors.h"

using namespace kiyome;

namespace {

std::string mistakes(const std::string& text) {
  try {
    (void)parse_config(text, "k.toml");
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}
bool says(const std::string& text, const std::string& piece) {
  return mistakes(text).find(piece) != std::string::npos;
}

std::string tenant(const std::string& name, const std::string& domain, const std::string& more = "") {
  return "[[tenant]]\nname = \"" + name + "\"\ndomains = [\"" + domain + "\"]\n" + more;
}
std::string organisation(const std::string& keys) { return "[[tenant.organisation]]\n" + keys; }

}  // namespace

TEST_CASE("tenants: without any there is none, and each key is read") {
  CHECK(parse_config("", "k.toml").tenants.empty());
  const Config config = parse_config(R"(
[policy]
attachments = "flatten"
[retention]
held_days = 45
[[tenant]]
name = "甲市"
domains = ["kou.example.jp", "*.kou.example.jp"]
pick_up_days = 3.5
[tenant.policy]
[[tenant.policy.rule]]
from = "*@x.example"
verdict = "held"
[tenant.retention]
originals_days = 60
[[tenant.organisation]]
name = "消防"
addresses = "*@fire.kou.example.jp"
[tenant.organisation.policy]
attachments = "hold"
[[tenant.organisation.policy.rule]]
type = "text/*"
attachments = "view"
[[tenant.organisation]]
name = "議会"
addresses = ["gikai@kou.example.jp"]
[[tenant]]
name = "乙市"
domains = ["otsu.example.jp"]
)",
                                     "k.toml");
  REQUIRE(config.tenants.size() == 2);
  const TenantConfig& kou = config.tenants[0];
  CHECK(kou.name == "甲市");
  CHECK(kou.domains == std::vector<std::string>{"kou.example.jp", "*.kou.example.jp"});
  CHECK(kou.pick_up_days == 3.5);
  REQUIRE(kou.policy);
  CHECK(kou.policy->attachments == Action::flatten);  // left out: the service's
  REQUIRE(kou.policy->rules.size() == 1);
  CHECK(kou.policy->rules[0].line == 11);
  REQUIRE(kou.retention);
  CHECK(kou.retention->originals_days == 60);
  CHECK(kou.retention->held_days == 45);  // left out: the service's
  REQUIRE(kou.organisations.size() == 2);
  CHECK(kou.organisations[0].addresses == std::vector<std::string>{"*@fire.kou.example.jp"});
  CHECK(kou.organisations[0].policy.attachments == Action::hold);
  REQUIRE(kou.organisations[0].policy.rules.size() == 1);
  CHECK(kou.organisations[0].policy.rules[0].actions.attachments == Action::view);
  CHECK(kou.organisations[1].policy.attachments == Action::image);  // left out: the tenant's wins
  const TenantConfig& otsu = config.tenants[1];
  CHECK_FALSE(otsu.policy);
  CHECK_FALSE(otsu.retention);
  CHECK_FALSE(otsu.pick_up_days);
  CHECK(otsu.organisations.empty());
}

TEST_CASE("tenants: names and domains stand once, and each has both") {
  const std::string kou = tenant("甲市", "kou.example.jp"), otsu = tenant("乙市", "otsu.example.jp");
  CHECK(mistakes(kou + otsu).empty());
  CHECK(
      says(kou + tenant("甲市", "otsu.example.jp"), "k.toml:4: tenant: there are two of the name \"甲市\""));
  CHECK(says(kou + tenant("乙市", "KOU.example.jp"), "tenant: the domain \"KOU.example.jp\" is named twice"));
  CHECK(says("[[tenant]]\ndomains = [\"a.example\"]\n", "tenant: each needs a name"));
  CHECK(says("[[tenant]]\nname = \"\"\ndomains = [\"a.example\"]\n", "tenant.name: \"\" must not be empty"));
  CHECK(says("[[tenant]]\nname = \"甲市\"\n", "tenant: each needs domains"));
  CHECK(says("[[tenant]]\nname = \"甲市\"\ndomains = []\n", "tenant: each needs domains"));
  CHECK(says("[tenant]\nname = \"甲市\"\n", "tenant: must be written [[tenant]]"));
  CHECK(says(kou + "pick_up_days = 0\n", "tenant.pick_up_days: must be a number greater than 0"));
  CHECK(says(kou + "[tenant.retention]\nheld_dys = 3\n", "did you mean tenant.retention.held_days?"));
  CHECK(says(kou + "[tenant.policy]\nattachments = \"melt\"\n", "tenant.policy.attachments: must be one of"));
}

TEST_CASE("tenants: an organisation has a name that stands once in its tenant, and addresses") {
  const std::string kou = tenant("甲市", "kou.example.jp"), otsu = tenant("乙市", "otsu.example.jp");
  const std::string fire = organisation("name = \"消防\"\naddresses = [\"*@fire.kou.example.jp\"]\n");
  CHECK(mistakes(kou + fire + otsu + fire).empty());
  CHECK(says(kou + fire + fire, "tenant.organisation: there are two of the name \"消防\""));
  CHECK(says(kou + organisation("name = \"消防\"\n"), "k.toml:4: tenant.organisation: each needs addresses"));
  CHECK(says(kou + organisation("name = \"消防\"\naddresses = []\n"), "each needs addresses"));
  CHECK(says(kou + organisation("addresses = [\"*\"]\n"), "tenant.organisation: each needs a name"));
  CHECK(says(kou + organisation("name = \"消防\"\nadresses = [\"*\"]\n"),
             "did you mean tenant.organisation.addresses?"));
}

TEST_CASE("tenants: as many as their limits, and no more") {
  const auto tenants = [](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i)
      out += tenant("t" + std::to_string(i), "d" + std::to_string(i) + ".example");
    return out;
  };
  CHECK(mistakes(tenants(limits::kTenants)).empty());
  CHECK(says(tenants(limits::kTenants + 1), "tenant: there may be at most 500"));
  const auto organisations = [](std::size_t count) {
    std::string out = tenant("甲市", "kou.example.jp");
    for (std::size_t i = 0; i < count; ++i)
      out += organisation("name = \"o" + std::to_string(i) + "\"\naddresses = [\"*\"]\n");
    return out;
  };
  CHECK(mistakes(organisations(limits::kOrganisations)).empty());
  CHECK(says(organisations(limits::kOrganisations + 1), "tenant.organisation: there may be at most 100"));
}

TEST_CASE("approval rules: department and released") {
  const Config config =
      parse_config("[[approval.rule]]\nname = \"a\"\ndepartment = \"総務部*\"\nreleased = true\n", "k.toml");
  REQUIRE(config.approvals.size() == 1);
  CHECK(config.approvals[0].department == "総務部*");
  CHECK(config.approvals[0].released);
  CHECK(says("[[approval.rule]]\nname = \"a\"\nreleased = 1\n",
             "approval.rule.released: must be true or false"));
}
