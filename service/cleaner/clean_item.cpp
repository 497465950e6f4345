#include "service/cleaner/clean_item.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "proto/base/limits.h"
#include "service/compose/characters.h"
#include "service/document/route.h"
#include "service/policy/policy.h"

namespace kiyome::cleaner {
namespace {

using clean::Finding;

const std::string* text_of(const clean::MailAnswer& answer, std::uint32_t part) {
  for (const clean::PartText& each : answer.part_texts)
    if (each.part == part) return &each.text;
  return nullptr;
}

// Words are the whole of what a text is; a table is laid out in pages unless text was asked for.
bool is_text(const clean::Part& part, Action wish) {
  const document::Route route = document::route_of(part.detected_type);
  return route == document::Route::text || (wish == Action::text && part.detected_type.starts_with("text/"));
}

// Seen by the sanitizer that opens it, which has passwords; all else of this effect holds at once.
bool held_by_nature(const clean::Part& part) {
  return std::any_of(part.findings.begin(), part.findings.end(), [](Finding finding) {
    return clean::info(finding).effect == clean::Effect::part && finding != Finding::kEncrypted;
  });
}

bool is_encrypted(const clean::Part& part) {
  return std::find(part.findings.begin(), part.findings.end(), Finding::kEncrypted) != part.findings.end();
}

bool converts(Action wish) {
  return wish == Action::text || wish == Action::flatten || wish == Action::image;
}

// Whether a document sanitizer has to look at the part.
bool wants_document(const clean::Part& part, Action wish, const clean::MailAnswer& answer) {
  return converts(wish) && part.size > 0 && !held_by_nature(part) &&
         (text_of(answer, part.index) == nullptr || !is_text(part, wish)) &&
         document::route_of(part.detected_type) != document::Route::none;
}

// What the policy's wish becomes for this part: a wish that cannot be met holds the part, it never passes it
// on.
PartVerdict judge_part(const clean::Part& part, Action wish, const clean::MailAnswer& answer,
                       const Documents* documents) {
  PartVerdict out{part.index, wish, part.findings, nullptr};
  if (wish == Action::strip) {
    compose::add_finding(out.reasons, Finding::kPolicyStrip);
    return out;
  }
  if (wish == Action::hold || wish == Action::view) {  // nobody looks at pages in a mail
    out.action = Action::hold;
    compose::add_finding(out.reasons, Finding::kPolicyHold);
    return out;
  }
  if (documents != nullptr) {
    const auto made = documents->find({part.index, wish});
    if (made != documents->end()) {
      out.made = &made->second;
      out.action = made->second.action;
      out.reasons = made->second.reasons;
      return out;
    }
  }
  if (!held_by_nature(part) && !is_encrypted(part) && is_text(part, wish) &&
      text_of(answer, part.index) != nullptr) {
    out.action = Action::text;
    return out;
  }
  out.action = Action::hold;
  if (!held_by_nature(part) && !is_encrypted(part))
    compose::add_finding(out.reasons, Finding::kUnsupportedType);
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

  std::vector<DocumentWish> wanted() const {
    std::set<DocumentWish> out;
    for (const std::size_t recipient : recipients()) {
      const Treatment treatment = treat(request_.envelope->recipients[recipient].address);
      for (std::size_t i = 0; i < treatment.wishes.size(); ++i)
        if (wants_document(*listed_[i], treatment.wishes[i], answer_))
          out.insert({listed_[i]->index, treatment.wishes[i]});
    }
    return {out.begin(), out.end()};
  }

  std::vector<Group> run() {
    std::map<Treatment, std::size_t> known;
    std::vector<Group> groups;
    std::vector<Treatment> treatments;
    for (const std::size_t recipient : recipients()) {
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
  std::vector<std::size_t> recipients() const {
    std::vector<std::size_t> out = request_.recipients;
    if (out.empty()) {
      out.resize(request_.envelope->recipients.size());
      std::iota(out.begin(), out.end(), std::size_t{0});
    }
    return out;
  }

  Treatment treat(std::string_view recipient) const {
    const std::string& sender = request_.envelope->sender;
    const policy::RecipientPolicy rules(config_, recipient);
    Treatment out{rules.verdict(sender, request_.bytes), {}};
    if (request_.released && out.verdict == Verdict::held) out.verdict = Verdict::clean;
    if (out.verdict != Verdict::clean) return out;
    for (const clean::Part* part : listed_)
      out.wishes.push_back(rules.attachment(sender, request_.bytes, *part));
    return out;
  }

  void fill(Group& group, const Treatment& treatment) const {
    if (group.verdict == Verdict::held) group.reasons.push_back(Finding::kPolicyVerdictHeld);
    if (group.verdict == Verdict::rejected) group.reasons.push_back(Finding::kPolicyVerdictRejected);
    std::size_t next = 0;
    for (const clean::Part& part : answer_.parts) {
      if (is_body(part)) group.parts.push_back({part.index, Action::text, part.findings, nullptr});
      if (!is_listed(part)) continue;
      const Action wish = treatment.wishes.empty() ? Action::hold : treatment.wishes[next++];
      group.parts.push_back(judge_part(part, wish, answer_, request_.documents));
    }
    for (const Finding finding : answer_.header.findings) compose::add_finding(group.reasons, finding);
    for (const Finding finding : answer_.body.findings) compose::add_finding(group.reasons, finding);
    for (const Finding finding : answer_.afterwords) compose::add_finding(group.reasons, finding);
    for (const PartVerdict& part : group.parts)
      for (const Finding finding : part.reasons) compose::add_finding(group.reasons, finding);
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
    input.further = request_.further;
    input.received_ms = envelope.received_ms;
    input.client_address = envelope.client_address;
    input.client_helo = envelope.client_helo;
    input.protocol = envelope.protocol;
    if (envelope.recipients.size() == 1) input.only_recipient = envelope.recipients[0].address;
    input.answer = &answer_;
    for (const PartVerdict& verdict : group.parts) {
      const clean::Part& part = answer_.parts[verdict.part];
      if (is_body(part)) continue;
      compose::PartOutcome outcome{&part, verdict.action, verdict.reasons, nullptr, nullptr, false};
      if (verdict.made != nullptr && !verdict.made->held()) {
        outcome.files = &verdict.made->files;
      } else if (verdict.made == nullptr && verdict.action == Action::text) {
        outcome.text = text_of(answer_, part.index);
      }
      input.outcomes.push_back(std::move(outcome));
      // A clean ZIP carries the entries' files; they are told all the same.
      if (verdict.made != nullptr) add_entries(verdict.made->entries, input.outcomes);
    }
    group.mail = compose::clean_mail(input, config_);
    for (const Finding finding : group.mail.findings) compose::add_finding(group.reasons, finding);
    if (group.mail.octets.size() > limits::kBundleContent) hold(group, Finding::kLimitSize);
    if (group.mail.outputs.size() >= limits::kCleanMailParts) hold(group, Finding::kLimitParts);
  }

  // What the gate would refuse: here it is told with its reason, and stops no other mail.
  static void hold(Group& group, Finding why) {
    group.verdict = Verdict::held;
    group.mail = {};
    compose::add_finding(group.reasons, why);
  }

  static void add_entries(const std::vector<document::Entry>& entries,
                          std::vector<compose::PartOutcome>& outcomes) {
    for (const document::Entry& entry : entries) {
      outcomes.push_back({&entry.part, entry.made.action, entry.made.reasons, nullptr,
                          entry.made.held() ? nullptr : &entry.made.files, true});
      add_entries(entry.made.entries, outcomes);
    }
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
      if (clean::info(finding).effect == clean::Effect::item) compose::add_finding(out, finding);
  };
  look(answer.header.findings);
  look(answer.body.findings);
  look(answer.afterwords);
  for (const clean::Part& part : answer.parts) look(part.findings);
  return out;
}

std::vector<DocumentWish> wanted_documents(const Request& request, const Config& config) {
  return Cleaning(request, config).wanted();
}

Documents make_documents(const Request& request, const Config& config,
                         const std::map<std::uint32_t, document::Content>& contents,
                         document::DocumentCleaner& cleaner, const std::vector<std::string>& passwords,
                         document::Budget& budget) {
  Documents out;
  for (const DocumentWish& wanted : wanted_documents(request, config)) {
    const clean::Part& part = request.answer->parts[wanted.part];
    const auto content = contents.find(wanted.part);
    if (content == contents.end() || content->second.sha256() != part.sha256) continue;
    const document::File file{&content->second, part.name, part.detected_type, part.findings};
    out.emplace(wanted, cleaner.clean(file, {wanted.action, passwords, false, {}}, budget));
  }
  return out;
}

std::vector<Group> clean_item(const Request& request, const Config& config) {
  return Cleaning(request, config).run();
}

}  // namespace kiyome::cleaner
