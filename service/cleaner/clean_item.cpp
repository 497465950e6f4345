#include "service/cleaner/clean_item.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "proto/base/limits.h"
#include "service/cleaner/decide/allowances.h"
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
PartVerdict judge_part(const clean::Part& part, Action wish, const Standing& standing,
                       const clean::MailAnswer& answer, const Documents* documents) {
  PartVerdict out{part.index, wish, part.findings, nullptr};
  if (standing.leaves_out(part.index)) {
    out.action = Action::strip;
    compose::add_finding(out.reasons, Finding::kLeftOut);
    return out;
  }
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
    const auto made = documents->find({part.index, wish, standing.left_out_within(part.index)});
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
  Standing standing;
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
      const Treatment treatment = treat(recipient);
      for (std::size_t i = 0; i < treatment.wishes.size(); ++i) {
        const std::uint32_t part = listed_[i]->index;
        if (!treatment.standing.leaves_out(part) && wants_document(*listed_[i], treatment.wishes[i], answer_))
          out.insert({part, treatment.wishes[i], treatment.standing.left_out_within(part)});
      }
    }
    return {out.begin(), out.end()};
  }

  std::vector<Group> run() {
    std::map<Treatment, std::size_t> known;
    std::vector<Group> groups;
    std::vector<Treatment> treatments;
    for (const std::size_t recipient : recipients()) {
      Treatment treatment = treat(recipient);
      const auto [entry, fresh] = known.try_emplace(treatment, groups.size());
      if (fresh) {
        groups.emplace_back().verdict = treatment.verdict;
        treatments.push_back(std::move(treatment));
      }
      groups[entry->second].recipients.push_back(recipient);
    }
    for (std::size_t i = 0; i < groups.size(); ++i) fill(groups[i], treatments[i]);
    groups = with_links(std::move(groups));
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

  Treatment treat(std::size_t recipient) const {
    const std::string& sender = request_.envelope->sender;
    const policy::RecipientPolicy rules(config_, request_.envelope->recipients[recipient].address);
    Treatment out{rules.verdict(sender, request_.bytes), {}, {}};
    if (request_.standings != nullptr)
      if (const auto found = request_.standings->find(recipient); found != request_.standings->end())
        out.standing = found->second;
    if (out.standing.released && out.verdict == Verdict::held) out.verdict = Verdict::clean;
    if (out.verdict != Verdict::clean) return out;
    for (const clean::Part* part : listed_) {
      const Action wish = allowed_wish(rules, *part, rules.attachment(sender, request_.bytes, *part));
      out.wishes.push_back(out.standing.policy_for(part->index).value_or(wish));
    }
    return out;
  }

  Action allowed_wish(const policy::RecipientPolicy& rules, const clean::Part& part, Action wish) const {
    const std::string_view tenant = rules.tenant() != nullptr ? std::string_view(rules.tenant()->name) : "";
    return with_allowances(wish, request_.allowed, tenant, part);
  }

  // A link is one person's: who can ask for something gets a mail of his own.
  std::vector<Group> with_links(std::vector<Group> groups) const {
    if (request_.links == nullptr || request_.links->empty()) return groups;
    std::vector<Group> out;
    for (Group& group : groups) {
      if (group.verdict != Verdict::clean || group.recipients.size() == 1 || !misses_something(group)) {
        out.push_back(std::move(group));
        continue;
      }
      for (const std::size_t recipient : group.recipients) {
        Group& own = out.emplace_back(group);
        own.recipients = {recipient};
      }
    }
    return out;
  }

  void fill(Group& group, const Treatment& treatment) const {
    group.standing = treatment.standing;
    if (group.verdict == Verdict::held) group.reasons.push_back(Finding::kPolicyVerdictHeld);
    if (group.verdict == Verdict::rejected) group.reasons.push_back(Finding::kPolicyVerdictRejected);
    std::size_t next = 0;
    for (const clean::Part& part : answer_.parts) {
      if (is_body(part)) group.parts.push_back({part.index, Action::text, part.findings, nullptr});
      if (!is_listed(part)) continue;
      const Action wish = treatment.wishes.empty() ? Action::hold : treatment.wishes[next++];
      group.parts.push_back(judge_part(part, wish, treatment.standing, answer_, request_.documents));
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
    input.further = group.standing.further;
    input.further_text = request_.text;
    input.further_ms = request_.now_ms;
    input.received_ms = envelope.received_ms;
    input.client_address = envelope.client_address;
    input.client_helo = envelope.client_helo;
    input.protocol = envelope.protocol;
    if (envelope.recipients.size() == 1) input.only_recipient = envelope.recipients[0].address;
    input.answer = &answer_;
    if (request_.links != nullptr && group.recipients.size() == 1 && misses_something(group)) {
      const auto link = request_.links->find(group.recipients.front());
      if (link != request_.links->end()) input.link = link->second.url;
    }
    for (const PartVerdict& verdict : group.parts) {
      const clean::Part& part = answer_.parts[verdict.part];
      if (is_body(part)) continue;
      compose::PartOutcome outcome{&part, verdict.action, verdict.reasons, nullptr, nullptr, false};
      if (verdict.made != nullptr && !verdict.made->held()) {
        outcome.files = &verdict.made->files;
      } else if (verdict.made == nullptr && verdict.action == Action::text) {
        outcome.text = text_of(answer_, part.index);
      }
      const std::string place = std::to_string(verdict.part);
      const bool told = add_outcome(place, std::move(outcome), verdict.made, group, input.outcomes);
      // A clean ZIP carries the entries' files; they are told all the same.
      if (verdict.made != nullptr) add_entries(place, told, verdict.made->entries, group, input.outcomes);
    }
    if (group.standing.further && group.given.empty()) return;  // nothing is new
    group.mail = compose::clean_mail(input, config_);
    for (const Finding finding : group.mail.findings) compose::add_finding(group.reasons, finding);
    for (const std::string& place : group.standing.left_out)
      if (!is_left_out(place, group)) hold(group, Finding::kHeldByOperator);
    if (group.mail.octets.size() > limits::kBundleContent) hold(group, Finding::kLimitSize);
    if (group.mail.outputs.size() >= limits::kCleanMailParts) hold(group, Finding::kLimitParts);
  }

  // What the gate would refuse: here it is told with its reason, and stops no other mail.
  static void hold(Group& group, Finding why) {
    group.verdict = Verdict::held;
    group.mail = {};
    compose::add_finding(group.reasons, why);
  }

  // A further mail brings, and tells of, what its reader has not got yet; any other one tells of everything.
  static bool add_outcome(const std::string& place, compose::PartOutcome outcome, const document::Made* made,
                          Group& group, std::vector<compose::PartOutcome>& outcomes) {
    const bool further = group.standing.further;
    if (outcome.text != nullptr || (outcome.files != nullptr && !outcome.files->empty())) {
      std::set<std::string> brought{place};
      if (made != nullptr) add_zipped(place, made->entries, brought);
      const std::set<std::string>& had = group.standing.given;
      if (further && std::includes(had.begin(), had.end(), brought.begin(), brought.end())) return false;
      group.given.merge(brought);
    } else if (further) {
      return false;
    }
    outcomes.push_back(std::move(outcome));
    return true;
  }

  static void add_entries(const std::string& place, bool told, const std::vector<document::Entry>& entries,
                          Group& group, std::vector<compose::PartOutcome>& outcomes) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const document::Entry& entry = entries[i];
      const std::string own = place + "/" + std::to_string(i);
      const bool here = add_outcome(own,
                                    {&entry.part, entry.made.action, entry.made.reasons, nullptr,
                                     entry.made.held() ? nullptr : &entry.made.files, told},
                                    &entry.made, group, outcomes);
      add_entries(own, here, entry.made.entries, group, outcomes);
    }
  }

  // What lies in a clean ZIP: entries whose files were taken.
  static void add_zipped(const std::string& place, const std::vector<document::Entry>& entries,
                         std::set<std::string>& out) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const document::Made& made = entries[i].made;
      const std::string own = place + "/" + std::to_string(i);
      if (made.entries.empty() && made.files.empty() && !made.held() && made.action != Action::strip)
        out.insert(own);
      add_zipped(own, made.entries, out);
    }
  }

  const Request& request_;
  const clean::MailAnswer& answer_;
  const Config& config_;
  std::vector<const clean::Part*> listed_;
};

// Depth is bounded by documents.depth_max.
bool holds_any(const document::Made& made) {
  return made.held() || std::any_of(made.entries.begin(), made.entries.end(),
                                    [](const document::Entry& entry) { return holds_any(entry.made); });
}

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

bool is_left_out(std::string_view place, const Group& group) {
  const auto verdict = std::find_if(group.parts.begin(), group.parts.end(), [&](const PartVerdict& each) {
    return each.part == part_of_place(place);
  });
  if (verdict == group.parts.end()) return false;
  if (verdict->action == Action::strip || verdict->action == Action::hold) return true;
  const document::Made* made = verdict->made;
  while (made != nullptr && place.find('/') != std::string_view::npos) {
    place.remove_prefix(place.find('/') + 1);
    const std::size_t entry = part_of_place(place);
    made = entry < made->entries.size() ? &made->entries[entry].made : nullptr;
    if (made != nullptr && (made->held() || made->action == Action::strip)) return true;
  }
  return false;
}

bool misses_something(const Group& group) {
  return std::any_of(group.parts.begin(), group.parts.end(), [](const PartVerdict& part) {
    return part.action == Action::strip || part.action == Action::hold ||
           (part.made != nullptr && holds_any(*part.made));
  });
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
    document::Wish wish{wanted.action, passwords, false, {}};
    wish.left_out = wanted.left_out;
    out.emplace(wanted, cleaner.clean(file, wish, budget));
  }
  return out;
}

std::vector<Group> clean_item(const Request& request, const Config& config) {
  return Cleaning(request, config).run();
}

}  // namespace kiyome::cleaner
