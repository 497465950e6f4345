// A decision as it is said: by a browser or a program in JSON, and as a proposal keeps it until a second
// person has agreed.
#include <array>
#include <utility>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "service/cleaner/decide/decisions.h"
#include "service/cleaner/report.h"

namespace kiyome::cleaner {
namespace {

constexpr std::array<std::pair<DecisionKind, std::string_view>, 8> kKinds{{
    {DecisionKind::release, "release"},
    {DecisionKind::retry, "retry"},
    {DecisionKind::clean_again, "clean-again"},
    {DecisionKind::without_part, "without-part"},
    {DecisionKind::reject, "reject"},
    {DecisionKind::remove, "delete"},
    {DecisionKind::hold, "hold"},
    {DecisionKind::allow, "allow"},
}};
constexpr std::size_t kTypeGlob = 100;    // characters
constexpr std::size_t kSender = 320;      // of a mail address
constexpr std::int64_t kAllowDays = 366;  // nobody remembers longer what he allowed

std::optional<Action> policy_of(std::string_view name) {
  for (const Action each : {Action::strip, Action::text, Action::flatten, Action::image})
    if (name == name_of(each)) return each;
  return std::nullopt;
}

// What a kind needs, and what has no meaning with it.
void check(const Decision& decision, http::JsonObject& json) {
  const DecisionKind kind = decision.kind;
  const auto only = [&](bool given, bool fits, const char* name) {
    if (given && !fits) json.wrong(name);
  };
  only(decision.policy.has_value(), kind == DecisionKind::clean_again, "policy");
  only(!decision.passwords.empty(), kind == DecisionKind::clean_again, "passwords");
  only(!decision.part.empty(),
       kind == DecisionKind::clean_again || kind == DecisionKind::without_part || kind == DecisionKind::allow,
       "part");
  only(decision.notice, kind == DecisionKind::reject, "notice");
  only(!decision.recipients.empty(), kind != DecisionKind::allow && kind != DecisionKind::hold, "recipients");
  only(!decision.part_type.empty() || !decision.sender.empty() || decision.days != 0,
       kind == DecisionKind::allow, "part_type");
  only(!decision.text.empty(), kind == DecisionKind::clean_again || kind == DecisionKind::reject, "text");
  if (kind == DecisionKind::clean_again && !decision.policy && decision.passwords.empty())
    json.wrong("policy");
  if (kind == DecisionKind::without_part && decision.part.empty()) json.wrong("part");
  if (!decision.part.empty() && !is_place(decision.part)) json.wrong("part");
  if (kind == DecisionKind::allow && decision.days == 0) json.wrong("days");
  if (kind == DecisionKind::allow && decision.reason.empty()) json.wrong("reason");
  for (const std::string& each : decision.passwords)
    if (each.size() > limits::kJobPassword || !clean::is_clean_line(each)) json.wrong("passwords");
}

}  // namespace

std::string_view name_of(DecisionKind kind) {
  for (const auto& [each, name] : kKinds)
    if (each == kind) return name;
  return "release";
}

std::optional<DecisionKind> decision_kind_of(std::string_view name) {
  for (const auto& [kind, each] : kKinds)
    if (each == name) return kind;
  return std::nullopt;
}

Decision read_decision(http::JsonObject& json) {
  Decision out;
  if (const auto kind = decision_kind_of(json.text("kind", 20)))
    out.kind = *kind;
  else
    json.wrong("kind");
  out.reason = json.optional_lines("reason", limits::kReviewReason);
  for (const std::int64_t each : json.integers("recipients", limits::kSmtpRecipients, 0, UINT32_MAX))
    out.recipients.push_back(static_cast<std::uint32_t>(each));
  out.part = json.optional_text("part", 64);
  out.notice = json.optional_boolean("notice", false);
  if (const std::string name = json.optional_text("policy", 20); !name.empty()) {
    out.policy = policy_of(name);
    if (!out.policy) json.wrong("policy");
  }
  out.passwords = json.texts("passwords", limits::kUnlockPasswords, limits::kJobPassword, 0);
  out.part_type = json.optional_text("part_type", kTypeGlob);
  out.sender = json.optional_text("sender", kSender);
  out.days = json.optional_integer("days", 0, kAllowDays);
  out.text = json.optional_lines("text", limits::kReviewReason);
  check(out, json);
  return out;
}

std::string decision_json(const Decision& decision) {
  http::JsonText out;
  out.begin_object().member("kind", name_of(decision.kind)).member("reason", decision.reason);
  if (!decision.recipients.empty()) {
    out.key("recipients").begin_array();
    for (const std::uint32_t each : decision.recipients) out.value(each);
    out.end_array();
  }
  if (!decision.part.empty()) out.member("part", decision.part);
  if (decision.notice) out.member("notice", true);
  if (decision.policy) out.member("policy", name_of(*decision.policy));
  if (!decision.part_type.empty()) out.member("part_type", decision.part_type);
  if (!decision.sender.empty()) out.member("sender", decision.sender);
  if (decision.days != 0) out.member("days", decision.days);
  if (!decision.text.empty()) out.member("text", decision.text);
  return out.end_object().take();
}

Decision decision_of(std::string_view json) {
  http::JsonDocument document(json);
  Decision out = read_decision(document.object());
  document.done();
  return out;
}

}  // namespace kiyome::cleaner
