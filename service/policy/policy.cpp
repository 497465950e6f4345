// The rules. Addresses and types are hostile text; patterns are the operator's.
#include "service/policy/policy.h"

#include <algorithm>

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

bool passes_documents(const PolicyConfig& policy) {
  const auto passes = [](Action action) {
    return action == Action::text || action == Action::flatten || action == Action::image;
  };
  return passes(policy.attachments) ||
         std::any_of(policy.rules.begin(), policy.rules.end(), [&](const PolicyRule& rule) {
           return rule.actions.attachments && passes(*rule.actions.attachments);
         });
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

}  // namespace kiyome::policy
