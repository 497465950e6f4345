#include "service/policy/approval.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"

using namespace kiyome;
using clean::Finding;

namespace {

const std::vector<std::string> kTwo{"a@soumu.city.example", "b@zeimu.city.example"};
const std::vector<Finding> kFindings{Finding::kMacroRemoved, Finding::kMyNumber};

policy::DroppedFile file() {
  return {"s@supplier.example", kTwo, "application/pdf", 1000, "重要", kFindings};
}

using Keys = std::vector<std::pair<std::string ApprovalRule::*, std::string>>;

ApprovalRule rule(std::string name, const Keys& keys = {}, std::optional<std::uint64_t> size_over = {}) {
  ApprovalRule out;
  out.name = std::move(name);
  for (const auto& [member, value] : keys) out.*member = value;
  out.size_over = size_over;
  return out;
}

std::vector<std::string> asked(const Keys& keys, std::optional<std::uint64_t> size_over = {}) {
  Config config;
  config.approvals = {rule("規則", keys, size_over)};
  return policy::approvals_for(config, file());
}

constexpr auto kFrom = &ApprovalRule::from, kTo = &ApprovalRule::to, kType = &ApprovalRule::type,
               kImportance = &ApprovalRule::importance, kFinding = &ApprovalRule::finding;

template <class Set>
std::array<std::uint8_t, 32> fingerprint_with(Set&& set) {
  Config config;
  config.approvals.push_back(rule("a"));
  config.policy.rules.emplace_back();
  config.tenants.emplace_back().organisations.emplace_back();
  set(config);
  return policy::fingerprint(config);
}

}  // namespace

TEST_CASE("approval: without a rule nobody has to approve, an empty rule asks for every file") {
  CHECK(policy::approvals_for({}, file()).empty());
  CHECK(asked({}) == std::vector<std::string>{"規則"});
}

TEST_CASE("approval: each key of a rule has to fit") {
  CHECK(asked({{kFrom, "*@supplier.example"}}).size() == 1);
  CHECK(asked({{kFrom, "*@other.example"}}).empty());
  CHECK(asked({{kTo, "*@zeimu.city.example"}}).size() == 1);  // one recipient of many is enough
  CHECK(asked({{kTo, "*@other.example"}}).empty());
  CHECK(asked({{kType, "application/*"}}).size() == 1);
  CHECK(asked({{kType, "image/*"}}).empty());
  CHECK(asked({{kImportance, "重要"}}).size() == 1);
  CHECK(asked({{kImportance, "至急"}}).empty());
  CHECK(asked({{kFinding, "my-number"}}).size() == 1);
  CHECK(asked({{kFinding, "encrypted"}}).empty());
  CHECK(asked({}, 999).size() == 1);
  CHECK(asked({}, 1000).empty());
  CHECK(asked({{kFrom, "*@supplier.example"}, {kFinding, "my-number"}}, 10).size() == 1);
  CHECK(asked({{kFrom, "*@supplier.example"}, {kFinding, "my-number"}}, 1001).empty());
}

TEST_CASE("approval: every rule that matches is named, in order, up to what a bundle carries") {
  Config config;
  config.approvals.push_back(rule("一"));
  config.approvals.push_back(rule("二", {{kFinding, "encrypted"}}));
  config.approvals.push_back(rule("三"));
  CHECK(policy::approvals_for(config, file()) == std::vector<std::string>{"一", "三"});
  config.approvals.assign(limits::kCrossingApprovals + 1, rule("x"));
  CHECK(policy::approvals_for(config, file()).size() == limits::kCrossingApprovals);
}

TEST_CASE("approval: only a rule that names a finding asks for it") {
  Config config;
  config.approvals.push_back(rule("一", {{kType, "my-number"}}));
  CHECK_FALSE(policy::asks_for(config, Finding::kMyNumber));
  config.approvals.push_back(rule("二", {{kFinding, "my-number"}}));
  CHECK(policy::asks_for(config, Finding::kMyNumber));
  CHECK_FALSE(policy::asks_for(config, Finding::kMacroRemoved));
}

TEST_CASE("approval: a rule for what was released asks for nothing else") {
  Config config;
  config.approvals = {rule("解除", {{kFrom, "*@supplier.example"}})};
  config.approvals[0].released = true;
  CHECK(policy::approvals_for(config, file()).empty());
  policy::DroppedFile released = file();
  released.released = true;
  CHECK(policy::approvals_for(config, released) == std::vector<std::string>{"解除"});
  config.approvals[0].from = "*@other.example";
  CHECK(policy::approvals_for(config, released).empty());
}

TEST_CASE("approval: rules with a department are asked on the closed side alone, with all their other keys") {
  Config config;
  config.approvals = {rule("一", {{kType, "application/*"}}), rule("二", {{kType, "application/*"}}),
                      rule("三", {{kType, "image/*"}})};
  config.approvals[1].department = "総務部*";
  config.approvals[2].department = "総務部*";
  using Names = std::vector<std::string>;
  CHECK(policy::approvals_for(config, file()) == Names{"一"});
  CHECK(policy::approvals_of_department(config, file(), "総務部/総務課") == Names{"二"});
  CHECK(policy::approvals_of_department(config, file(), "建設部").empty());
  CHECK(policy::approvals_of_department(config, file(), "").empty());
  CHECK(policy::approvals_of_department(config, file(), std::nullopt) == Names{"二"});  // it may be any
  config.approvals.assign(limits::kCrossingApprovals + 1, config.approvals[1]);
  CHECK(policy::approvals_of_department(config, file(), "総務部").size() == limits::kCrossingApprovals);
}

TEST_CASE("fingerprint: the same for the same decisions, another for each key that could decide otherwise") {
  const auto plain = fingerprint_with([](Config&) {});
  CHECK(plain == fingerprint_with([](Config&) {}));
  CHECK(plain == fingerprint_with([](Config& c) { c.smtp.hostname = "other.example"; }));
  CHECK(plain == fingerprint_with([](Config& c) { c.documents.workers = 7; }));
  CHECK(plain == fingerprint_with([](Config& c) { c.tenants[0].retention.emplace().held_days = 1; }));
  CHECK(plain == fingerprint_with([](Config& c) { c.documents.passwords = {"secret"}; }));
  const std::vector<std::array<std::uint8_t, 32>> others{
      fingerprint_with([](Config& c) { c.policy.attachments = Action::flatten; }),
      fingerprint_with([](Config& c) { c.policy.rules[0].from = "x"; }),
      fingerprint_with([](Config& c) { c.policy.rules[0].to = "x"; }),
      fingerprint_with([](Config& c) { c.policy.rules[0].size_over = 0; }),
      fingerprint_with([](Config& c) { c.policy.rules[0].actions.verdict = Verdict::clean; }),
      fingerprint_with([](Config& c) { c.policy.rules[0].actions.verdict = Verdict::held; }),
      fingerprint_with([](Config& c) { c.policy.rules[0].actions.attachments = Action::hold; }),
      fingerprint_with([](Config& c) { c.policy.rules.clear(); }),
      fingerprint_with([](Config& c) { c.approvals[0].name = "b"; }),
      fingerprint_with([](Config& c) { c.approvals[0].from = "x"; }),
      fingerprint_with([](Config& c) { c.approvals[0].finding = "x"; }),
      fingerprint_with([](Config& c) { c.approvals[0].size_over = 1; }),
      fingerprint_with([](Config& c) { c.approvals.clear(); }),
      fingerprint_with([](Config& c) { c.approvals[0].department = "x"; }),
      fingerprint_with([](Config& c) { c.approvals[0].released = true; }),
      fingerprint_with([](Config& c) { c.tenants[0].name = "x"; }),
      fingerprint_with([](Config& c) { c.tenants[0].domains = {"x"}; }),
      fingerprint_with([](Config& c) { c.tenants[0].policy.emplace(); }),
      fingerprint_with([](Config& c) { c.tenants[0].policy.emplace().attachments = Action::flatten; }),
      fingerprint_with([](Config& c) { c.tenants[0].organisations[0].name = "x"; }),
      fingerprint_with([](Config& c) { c.tenants[0].organisations[0].addresses = {"x"}; }),
      fingerprint_with([](Config& c) { c.tenants[0].organisations[0].policy.attachments = Action::hold; }),
      fingerprint_with([](Config& c) { c.tenants[0].organisations.clear(); }),
      fingerprint_with([](Config& c) { c.tenants.clear(); }),
      fingerprint_with([](Config& c) { c.documents.dpi = 96; }),
      fingerprint_with([](Config& c) { c.documents.hidden = Unseen::show; }),
      fingerprint_with([](Config& c) { c.documents.hold_mismatch = true; }),
  };
  for (std::size_t i = 0; i < others.size(); ++i) {
    CHECK(others[i] != plain);
    for (std::size_t j = 0; j < i; ++j) CHECK(others[i] != others[j]);
  }
}
