// Why an item is treated as it is, rule by rule. Names and addresses are hostile text: shown as escaped
// literals.
#include "service/base/log.h"
#include "service/policy/one_policy.h"
#include "service/policy/policy.h"

namespace kiyome::policy {
namespace {

constexpr std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::clean:
      return "clean";
    case Verdict::held:
      return "held";
    case Verdict::rejected:
      return "rejected";
  }
  return "";
}

constexpr std::string_view name_of(Action action) {
  switch (action) {
    case Action::strip:
      return "strip";
    case Action::text:
      return "text";
    case Action::flatten:
      return "flatten";
    case Action::image:
      return "image";
    case Action::hold:
      return "hold";
    case Action::view:
      return "view";
  }
  return "";
}

void append_key(std::string& out, std::string_view key, std::string_view value) {
  out.append(out.empty() || out.back() == ' ' ? "" : " ").append(key).append("=").append(value);
}

// The rule as its author wrote it, in one line.
std::string written(const PolicyRule& rule) {
  std::string out;
  if (!rule.from.empty()) append_key(out, "from", log::json_string(rule.from));
  if (!rule.to.empty()) append_key(out, "to", log::json_string(rule.to));
  if (!rule.type.empty()) append_key(out, "type", log::json_string(rule.type));
  if (rule.size_over) append_key(out, "size_over", std::to_string(*rule.size_over));
  out.append(out.empty() ? "→" : " →");
  if (rule.actions.verdict) append_key(out, "verdict", name_of(*rule.actions.verdict));
  if (rule.actions.mail_body) append_key(out, "mail_body", name_of(*rule.actions.mail_body));
  if (rule.actions.attachments) append_key(out, "attachments", name_of(*rule.actions.attachments));
  return out;
}

// Empty when the patterns over sender and recipient fit; what they say about parts is told with each part.
std::string why_not(const PolicyRule& rule, std::string_view sender, std::string_view recipient,
                    std::uint64_t item_bytes) {
  if (!rule.from.empty() && !glob_match(rule.from, sender))
    return "from が一致しません / from does not match";
  if (!rule.to.empty() && !glob_match(rule.to, recipient)) return "to が一致しません / to does not match";
  if (rule.type.empty() && rule.size_over && item_bytes <= *rule.size_over)
    return "size_over を超えません / not larger than size_over";
  return {};
}

std::string source(const PolicyConfig& policy, int rule) {
  if (rule < 0) return "既定 / default";
  const std::string number = std::to_string(rule + 1);
  const std::string line = std::to_string(policy.rules[static_cast<std::size_t>(rule)].line);
  return std::string("規則 ")
      .append(number)
      .append("、")
      .append(line)
      .append(" 行目 / rule ")
      .append(number)
      .append(", line ")
      .append(line);
}

std::string rules_text(const PolicyConfig& policy, std::string_view sender, std::string_view recipient,
                       std::uint64_t item_bytes) {
  std::string out;
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    const std::string reason = why_not(rule, sender, recipient, item_bytes);
    out.append("規則 / rule ")
        .append(std::to_string(i + 1))
        .append(" (")
        .append(std::to_string(rule.line))
        .append(" 行目 / line): ");
    out.append(written(rule)).append("\n    ");
    if (!reason.empty())
      out.append("不一致 / not matched: ").append(reason);
    else if (!rule.type.empty())
      out.append("一致（パートごとに判断）/ matched, part by part");
    else
      out.append("一致 / matched");
    out.append("\n");
  }
  return out;
}

bool is_listed(const clean::Part& part) {
  return part.role == clean::Role::attachment || part.role == clean::Role::inline_image;
}

// One of those who speak for the recipient.
struct Voice {
  std::string name;  // empty: the only one
  const PolicyConfig& policy;
};

std::vector<Voice> voices_of(const RecipientPolicy& whole) {
  std::vector<Voice> out{{"", whole.base()}};
  if (whole.organisations().empty()) return out;
  out.front().name = whole.tenant()->policy ? "団体 / tenant" : "全体 / the service";
  for (const OrganisationConfig* each : whole.organisations())
    out.push_back({"組織 / organisation " + log::json_string(each->name), each->policy});
  return out;
}

// Of each of them what it wants and why: "(…)" behind the outcome. says(policy) gives the word and the rule.
template <class Says>
std::string reasons(const std::vector<Voice>& voices, Says&& says) {
  std::string out;
  for (const Voice& voice : voices) {
    const auto [word, rule] = says(voice.policy);
    if (!out.empty()) out.append("; ");
    if (!voice.name.empty()) out.append(voice.name).append(": ");
    // What an organisation leaves open is the tenant's: "image", or "clean", by default is no wish of its
    // own.
    const bool open = &voice != &voices.front() && rule < 0 &&
                      (word == name_of(Verdict::clean) || word == name_of(Action::image));
    if (open) {
      out.append("定めなし / says nothing");
      continue;
    }
    if (!voice.name.empty()) out.append(word).append("、");
    out.append(source(voice.policy, rule));
  }
  return " (" + out + ")\n";
}

std::string whose_text(const Config& config, const RecipientPolicy& whole) {
  if (config.tenants.empty()) return {};
  const TenantConfig* tenant = whole.tenant();
  std::string out = "団体 / tenant: ";
  if (tenant == nullptr) return out + "なし / none\n";
  out.append(log::json_string(tenant->name)).append("\n");
  for (const OrganisationConfig* each : whole.organisations())
    out.append("組織 / organisation: ").append(log::json_string(each->name)).append("\n");
  return out;
}

std::string parts_text(const std::vector<Voice>& voices, const RecipientPolicy& whole,
                       std::string_view sender, std::string_view recipient, std::uint64_t item_bytes,
                       const clean::MailAnswer& answer) {
  std::string out;
  for (const clean::Part& part : answer.parts) {
    if (!is_listed(part)) continue;
    out.append("  添付 / attachment ").append(log::json_string(part.name)).append(" ");
    out.append(log::json_string(part.detected_type.empty() ? part.declared_type : part.detected_type))
        .append(" ");
    out.append(std::to_string(part.size)).append(" B: ");
    out.append(name_of(whole.attachment(sender, item_bytes, part)));
    out.append(reasons(voices, [&](const PolicyConfig& policy) {
      const PartDecision decision = decide_part(policy, sender, recipient, item_bytes, part);
      return std::pair(name_of(decision.action), decision.rule);
    }));
  }
  return out;
}

}  // namespace

std::string explain(const Config& config, std::string_view sender, std::string_view recipient,
                    std::uint64_t item_bytes, const clean::MailAnswer& answer) {
  const RecipientPolicy whole(config, recipient);
  const std::vector<Voice> voices = voices_of(whole);
  std::string out;
  out.append("差出人 / sender: ").append(log::json_string(sender)).append("\n");
  out.append("宛先 / recipient: ").append(log::json_string(recipient)).append("\n");
  out.append("大きさ / size: ").append(std::to_string(item_bytes)).append(" B\n");
  out.append(whose_text(config, whole));
  for (const Voice& voice : voices) {
    if (!voice.name.empty()) out.append("方針 / policy: ").append(voice.name).append("\n");
    out.append(rules_text(voice.policy, sender, recipient, item_bytes));
  }
  out.append("結果 / outcome\n");
  out.append("  判定 / verdict: ").append(name_of(whole.verdict(sender, item_bytes)));
  out.append(reasons(voices, [&](const PolicyConfig& policy) {
    const Decision decision = decide(policy, sender, recipient, item_bytes);
    return std::pair(name_of(decision.verdict), decision.verdict_rule);
  }));
  const Decision first = decide(whole.base(), sender, recipient, item_bytes);
  out.append("  本文 / mail_body: ").append(name_of(first.mail_body));
  out.append(" (").append(source(whole.base(), first.body_rule)).append(")\n");
  return out.append(parts_text(voices, whole, sender, recipient, item_bytes, answer));
}

}  // namespace kiyome::policy
