#include "service/cleaner/clean_item.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "service/policy/policy.h"

namespace kiyome::cleaner {
namespace {

using clean::Finding;

void add(std::vector<Finding>& to, Finding finding) {
  if (std::find(to.begin(), to.end(), finding) == to.end()) to.push_back(finding);
}

const std::string* text_of(const clean::MailAnswer& answer, std::uint32_t part) {
  for (const clean::PartText& each : answer.part_texts)
    if (each.part == part) return &each.text;
  return nullptr;
}

// What the policy's wish becomes for this part: a wish that cannot be met holds the part, it never passes it
// on.
PartVerdict judge_part(const clean::Part& part, Action wish, const clean::MailAnswer& answer) {
  PartVerdict out{part.index, wish, part.findings};
  const bool held_by_nature = std::any_of(part.findings.begin(), part.findings.end(), [](Finding finding) {
    return clean::info(finding).effect == clean::Effect::part;
  });
  if (wish == Action::strip) {
    add(out.reasons, Finding::kPolicyStrip);
  } else if (wish == Action::hold) {
    add(out.reasons, Finding::kPolicyHold);
  } else if (held_by_nature) {
    out.action = Action::hold;
  } else if (wish == Action::flatten || text_of(answer, part.index) == nullptr) {
    out.action = Action::hold;
    add(out.reasons, Finding::kUnsupportedType);
  }
  return out;
}

// What decides whether two recipients may share one mail.
struct Treatment {
  Verdict verdict = Verdict::clean;
  std::vector<Action> wishes;  // of the listed parts, in order
  auto operator<=>(const Treatment&) const = default;
};

bool is_body(const clean::Part& part) { return part.role == clean::Role::body; }

class Cleaning {
 public:
  Cleaning(const Request& request, const Config& config)
      : request_(request), answer_(*request.answer), config_(config) {
    for (const clean::Part& part : answer_.parts)
      if (is_listed(part)) listed_.push_back(&part);
  }

  std::vector<Group> run() {
    std::vector<std::size_t> recipients = request_.recipients;
    if (recipients.empty()) {
      recipients.resize(request_.envelope->recipients.size());
      std::iota(recipients.begin(), recipients.end(), std::size_t{0});
    }
    std::map<Treatment, std::size_t> known;
    std::vector<Group> groups;
    std::vector<Treatment> treatments;
    for (const std::size_t recipient : recipients) {
      Treatment treatment = treat(request_.envelope->recipients[recipient].address);
      const auto [entry, fresh] = known.try_emplace(treatment, groups.size());
      if (fresh) {
        groups.emplace_back().verdict = treatment.verdict;
        treatments.push_back(std::move(treatment));
      }
      groups[entry->second].recipients.push_back(recipient);
    }
    for (std::size_t i = 0; i < groups.size(); ++i) fill(groups[i], treatments[i]);
    compose_all(groups);
    return groups;
  }

 private:
  Treatment treat(std::string_view recipient) const {
    const std::string& sender = request_.envelope->sender;
    Treatment out{policy::decide(config_.policy, sender, recipient, request_.bytes).verdict, {}};
    if (request_.released && out.verdict == Verdict::held) out.verdict = Verdict::clean;
    if (out.verdict != Verdict::clean) return out;
    for (const clean::Part* part : listed_)
      out.wishes.push_back(
          policy::decide_part(config_.policy, sender, recipient, request_.bytes, *part).action);
    return out;
  }

  void fill(Group& group, const Treatment& treatment) const {
    if (group.verdict == Verdict::held) group.reasons.push_back(Finding::kPolicyVerdictHeld);
    if (group.verdict == Verdict::rejected) group.reasons.push_back(Finding::kPolicyVerdictRejected);
    std::size_t next = 0;
    for (const clean::Part& part : answer_.parts) {
      if (is_body(part)) group.parts.push_back({part.index, Action::text, part.findings});
      if (!is_listed(part)) continue;
      const Action wish = treatment.wishes.empty() ? Action::hold : treatment.wishes[next++];
      group.parts.push_back(judge_part(part, wish, answer_));
    }
    for (const Finding finding : answer_.header.findings) add(group.reasons, finding);
    for (const Finding finding : answer_.body.findings) add(group.reasons, finding);
    for (const Finding finding : answer_.afterwords) add(group.reasons, finding);
    for (const PartVerdict& part : group.parts)
      for (const Finding finding : part.reasons) add(group.reasons, finding);
  }

  void compose_all(std::vector<Group>& groups) const {
    const auto leaving = std::count_if(groups.begin(), groups.end(),
                                       [](const Group& group) { return group.verdict == Verdict::clean; });
    std::uint16_t ordinal = request_.first_ordinal;
    const bool several = leaving > 1 || ordinal > 1;
    for (Group& group : groups) {
      if (group.verdict != Verdict::clean) continue;
      group.ordinal = ordinal++;
      compose_one(group, several);
    }
  }

  void compose_one(Group& group, bool several) const {
    const store::Envelope& envelope = *request_.envelope;
    compose::MailInput input;
    input.id = envelope.id;
    input.part = group.ordinal;
    input.parts_total = several ? static_cast<std::uint16_t>(group.ordinal + 1) : std::uint16_t{1};
    input.received_ms = envelope.received_ms;
    input.client_address = envelope.client_address;
    input.client_helo = envelope.client_helo;
    input.protocol = envelope.protocol;
    if (envelope.recipients.size() == 1) input.only_recipient = envelope.recipients[0].address;
    input.answer = &answer_;
    for (const PartVerdict& verdict : group.parts) {
      const clean::Part& part = answer_.parts[verdict.part];
      if (is_body(part)) continue;
      input.outcomes.push_back({&part, verdict.action, verdict.reasons,
                                verdict.action == Action::text ? text_of(answer_, part.index) : nullptr});
    }
    group.mail = compose::clean_mail(input, config_);
    for (const Finding finding : group.mail.findings) add(group.reasons, finding);
  }

  const Request& request_;
  const clean::MailAnswer& answer_;
  const Config& config_;
  std::vector<const clean::Part*> listed_;
};

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(),
                     [&](std::string_view head) { return text.starts_with(head); });
}

}  // namespace

bool is_listed(const clean::Part& part) {
  // A sanitizer's word that something is mere decoration or framing counts only where the content's type
  // agrees, and never for what runs when it is opened.
  const bool runs =
      std::find(part.findings.begin(), part.findings.end(), Finding::kExecutable) != part.findings.end();
  switch (part.role) {
    case clean::Role::container:
    case clean::Role::body:
      return false;
    case clean::Role::alternative:
      return runs || !starts_with_any(part.detected_type, {"text/"});
    case clean::Role::decoration:
      return runs || !starts_with_any(part.detected_type, {"image/"});
    case clean::Role::framing:
      return runs || (part.size > 0 &&
                      !starts_with_any(part.detected_type, {"text/", "application/pkcs7", "application/pgp",
                                                            "application/x-pkcs7"}));
    case clean::Role::attachment:
    case clean::Role::inline_image:
      return true;
  }
  return true;
}

std::vector<Finding> item_holds(const clean::MailAnswer& answer) {
  std::vector<Finding> out;
  const auto look = [&](const std::vector<Finding>& findings) {
    for (const Finding finding : findings)
      if (clean::info(finding).effect == clean::Effect::item) add(out, finding);
  };
  look(answer.header.findings);
  look(answer.body.findings);
  look(answer.afterwords);
  for (const clean::Part& part : answer.parts) look(part.findings);
  return out;
}

std::vector<Group> clean_item(const Request& request, const Config& config) {
  return Cleaning(request, config).run();
}

}  // namespace kiyome::cleaner
