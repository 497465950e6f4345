// The rules. Addresses and types are hostile text; patterns are the operator's.
#include "service/policy/policy.h"

#include <algorithm>

#include "service/policy/one_policy.h"
#include "service/policy/tenant.h"

namespace kiyome::policy {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Past the UTF-8 character at `at`.
std::size_t next_character(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

// The type a rule speaks of: what the content is, or what the sender said when the content told nothing.
std::string_view type_of(const clean::Part& part) {
  return part.detected_type.empty() ? part.declared_type : part.detected_type;
}

bool people_match(const PolicyRule& rule, std::string_view sender, std::string_view recipient) {
  return (rule.from.empty() || glob_match(rule.from, sender)) &&
         (rule.to.empty() || glob_match(rule.to, recipient));
}

bool is_over(const PolicyRule& rule, std::uint64_t bytes) {
  return !rule.size_over || bytes > *rule.size_over;
}

// From the strictest to the mildest.
int rank(Action action) {
  switch (action) {
    case Action::hold:
      return 0;
    case Action::view:
      return 1;
    case Action::strip:
      return 2;
    case Action::text:
      return 3;
    case Action::flatten:
      return 4;
    case Action::image:
      return 5;
  }
  return 0;
}
int rank(Verdict verdict) { return verdict == Verdict::rejected ? 0 : verdict == Verdict::held ? 1 : 2; }

Action of_a_file(Action action) { return action == Action::strip ? Action::flatten : action; }

}  // namespace

bool rule_matches(const PolicyRule& rule, std::string_view sender, std::string_view recipient,
                  std::uint64_t item_bytes) {
  return rule.type.empty() && people_match(rule, sender, recipient) && is_over(rule, item_bytes);
}

bool rule_matches_part(const PolicyRule& rule, std::string_view sender, std::string_view recipient,
                       std::uint64_t item_bytes, const clean::Part& part) {
  if (rule.type.empty()) return rule_matches(rule, sender, recipient, item_bytes);
  return people_match(rule, sender, recipient) && glob_match(rule.type, type_of(part)) &&
         is_over(rule, part.size);
}

Decision decide(const PolicyConfig& policy, std::string_view sender, std::string_view recipient,
                std::uint64_t bytes) {
  Decision decision;
  decision.mail_body = policy.mail_body;
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    const bool wants_verdict = rule.actions.verdict && decision.verdict_rule < 0;
    const bool wants_body = rule.actions.mail_body && decision.body_rule < 0;
    if ((!wants_verdict && !wants_body) || !rule_matches(rule, sender, recipient, bytes)) continue;
    if (wants_verdict) {
      decision.verdict = *rule.actions.verdict;
      decision.verdict_rule = static_cast<int>(i);
    }
    if (wants_body) {
      decision.mail_body = *rule.actions.mail_body;
      decision.body_rule = static_cast<int>(i);
    }
  }
  return decision;
}

PartDecision decide_part(const PolicyConfig& policy, std::string_view sender, std::string_view recipient,
                         std::uint64_t item_bytes, const clean::Part& part) {
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    if (rule.actions.attachments && rule_matches_part(rule, sender, recipient, item_bytes, part))
      return {*rule.actions.attachments, static_cast<int>(i)};
  }
  return {policy.attachments, -1};
}

Verdict stricter(Verdict one, Verdict other) { return rank(other) < rank(one) ? other : one; }
Action stricter(Action one, Action other) { return rank(other) < rank(one) ? other : one; }

RecipientPolicy::RecipientPolicy(const Config& config, std::string_view recipient)
    : recipient_(recipient),
      tenant_(tenant_of(config.tenants, recipient)),
      base_(tenant_ != nullptr && tenant_->policy ? &*tenant_->policy : &config.policy) {
  if (tenant_ == nullptr) return;
  for (const OrganisationConfig& organisation : tenant_->organisations)
    if (std::any_of(organisation.addresses.begin(), organisation.addresses.end(),
                    [&](const std::string& pattern) { return glob_match(pattern, recipient); }))
      organisations_.push_back(&organisation);
}

Verdict RecipientPolicy::verdict(std::string_view sender, std::uint64_t item_bytes) const {
  Verdict out = policy::decide(*base_, sender, recipient_, item_bytes).verdict;
  for (const OrganisationConfig* each : organisations_)
    out = stricter(out, policy::decide(each->policy, sender, recipient_, item_bytes).verdict);
  return out;
}

Action RecipientPolicy::attachment(std::string_view sender, std::uint64_t item_bytes,
                                   const clean::Part& part) const {
  Action out = policy::decide_part(*base_, sender, recipient_, item_bytes, part).action;
  for (const OrganisationConfig* each : organisations_)
    out = stricter(out, policy::decide_part(each->policy, sender, recipient_, item_bytes, part).action);
  return out;
}

Action RecipientPolicy::file(std::string_view sender, const clean::Part& part) const {
  Action out = of_a_file(policy::decide_part(*base_, sender, recipient_, part.size, part).action);
  for (const OrganisationConfig* each : organisations_)
    out = stricter(out,
                   of_a_file(policy::decide_part(each->policy, sender, recipient_, part.size, part).action));
  return out;
}

bool passes_documents(const Config& config) {
  const auto passes = [](Action action) {
    return action == Action::text || action == Action::flatten || action == Action::image;
  };
  const auto some_pass = [&](const PolicyConfig& policy) {
    return passes(policy.attachments) ||
           std::any_of(policy.rules.begin(), policy.rules.end(), [&](const PolicyRule& rule) {
             return rule.actions.attachments && passes(*rule.actions.attachments);
           });
  };
  // Organisations are no question: beside what lets nothing through they let nothing through.
  return some_pass(config.policy) ||
         std::any_of(config.tenants.begin(), config.tenants.end(),
                     [&](const TenantConfig& tenant) { return tenant.policy && some_pass(*tenant.policy); });
}

// Only the last '*' is ever gone back to: what stands before it was found as early as possible, which leaves
// the most for the rest. That makes at most pattern × text steps, and a pattern is a line of the
// configuration.
bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = next_character(text, t);
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      resume = next_character(text, resume);
      t = resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// meet[i][j]: whether the rests behind i and j have a text in common; from the ends on.
bool globs_meet(std::string_view one, std::string_view other) {
  const std::size_t columns = other.size() + 1;
  std::vector<char> meet((one.size() + 1) * columns, 0);
  const auto at = [&](std::size_t i, std::size_t j) -> char& { return meet[i * columns + j]; };
  for (std::size_t i = one.size() + 1; i-- > 0;)
    for (std::size_t j = columns; j-- > 0;) {
      const bool ends = i == one.size(), other_ends = j == other.size();
      if (ends && other_ends)
        at(i, j) = 1;
      else if (!ends && one[i] == '*')
        at(i, j) = at(i + 1, j) || (!other_ends && at(i, j + 1));
      else if (!other_ends && other[j] == '*')
        at(i, j) = at(i, j + 1) || (!ends && at(i + 1, j));
      else if (!ends && !other_ends)
        at(i, j) = (one[i] == '?' || other[j] == '?' || lower(one[i]) == lower(other[j])) && at(i + 1, j + 1);
    }
  return at(0, 0) != 0;
}

}  // namespace kiyome::policy
