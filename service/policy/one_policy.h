// What one list of rules says, whoever else speaks for the recipient. For policy/ alone: everybody else asks
// RecipientPolicy (policy.h). Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/clean/types.h"
#include "service/base/config.h"

namespace kiyome::policy {

// For each key (verdict, mail_body, attachments) the first rule that matches and sets that key decides; a
// rule that matches without setting it leaves the key to later rules, and then to the defaults.

// Whether a rule speaks of this item and recipient as a whole: rules with `type` never do.
bool rule_matches(const PolicyRule& rule, std::string_view sender, std::string_view recipient,
                  std::uint64_t item_bytes);
// Whether a rule speaks of this part. size_over means the part when the rule has `type`, else the whole item.
bool rule_matches_part(const PolicyRule& rule, std::string_view sender, std::string_view recipient,
                       std::uint64_t item_bytes, const clean::Part& part);

// Where a decision came from: rule index in the file's order, or none for the defaults.
struct Decision {
  Verdict verdict = Verdict::clean;
  Action mail_body = Action::text;
  int verdict_rule = -1, body_rule = -1;
};
struct PartDecision {
  Action action = Action::strip;
  int rule = -1;
};

// For one recipient of an item of `bytes` octets. Rules with `type` speak of parts only and are passed over
// here.
Decision decide(const PolicyConfig& policy, std::string_view sender, std::string_view recipient,
                std::uint64_t bytes);
// For one attachment of it. First matching rule that sets `attachments` wins.
PartDecision decide_part(const PolicyConfig& policy, std::string_view sender, std::string_view recipient,
                         std::uint64_t item_bytes, const clean::Part& part);

}  // namespace kiyome::policy
