#include "service/cleaner/file_item.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/compose/characters.h"
#include "service/compose/utf8.h"
#include "service/policy/approval.h"
#include "service/policy/policy.h"

namespace kiyome::cleaner {
namespace {

using clean::Finding;

constexpr std::string_view kMailType = "message/rfc822";

// From the strictest to the mildest: pages say more than words, a picture's own pixels more than a page.
int rank(Action action) {
  switch (action) {
    case Action::hold:
      return 0;
    case Action::text:
      return 1;
    case Action::strip:
    case Action::flatten:
      return 2;
    case Action::image:
      return 3;
  }
  return 0;
}
int rank(Verdict verdict) { return verdict == Verdict::rejected ? 0 : verdict == Verdict::held ? 1 : 2; }

transfer::CleanFileType type_of(std::string_view clean_type) {
  if (clean_type == "text/plain") return transfer::CleanFileType::text;
  if (clean_type == "image/png") return transfer::CleanFileType::png;
  if (clean_type == "application/zip") return transfer::CleanFileType::zip;
  return transfer::CleanFileType::pdf;
}

std::string cut_line(std::string_view text, std::size_t max) {
  std::vector<Finding> ignored;
  return std::string(compose::cut_at_character(compose::clean_line(text, ignored), max));
}

// A name of at most kCleanFileName octets that ends in `end`; "x.pdf" is not called "x.pdf.pdf".
std::string joined_name(std::string_view stem, std::string_view end) {
  std::vector<Finding> ignored;
  std::string name = compose::clean_file_name(stem, "d", ignored);
  name.resize(name.size() - 2);
  const std::string_view extension = end.substr(end.rfind('.'));
  if (name.size() > extension.size() &&
      compose::lower(std::string_view(name).substr(name.size() - extension.size())) == extension)
    name.resize(name.size() - extension.size());
  const std::string_view room = compose::without_name_end(
      compose::cut_at_character(compose::without_name_end(name), limits::kCleanFileName - end.size()));
  return std::string(room.empty() ? std::string_view("ファイル") : room).append(end);
}

std::vector<std::uint16_t> codes_of(const std::vector<Finding>& findings) {
  std::vector<std::uint16_t> out;
  for (const Finding finding : findings) out.push_back(static_cast<std::uint16_t>(finding));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string> approvals(const transfer::DropBundle& bundle, const std::vector<Finding>& findings,
                                   const Config& config) {
  std::vector<std::string> out;
  for (const std::string& name : policy::approvals_for(config, {bundle.sender, bundle.recipients, bundle.type,
                                                                bundle.bytes, bundle.importance, findings})) {
    out.push_back(cut_line(name, limits::kCrossingRuleName));
    if (out.back().empty()) out.back() = "承認 (approval)";
  }
  return out;
}

}  // namespace

bool is_one_file(const clean::MailAnswer& answer) {
  return answer.header == clean::MailHeader{} && answer.parts.size() == 1 &&
         answer.parts[0].role == clean::Role::attachment && answer.parts[0].declared_type.empty();
}

Action wish_for(const PolicyConfig& policy, std::string_view sender, std::string_view recipient,
                const clean::Part& part) {
  const Action wish = policy::decide_part(policy, sender, recipient, part.size, part).action;
  return wish == Action::strip ? Action::flatten : wish;
}

clean::Part part_of_file(const document::Content& content, const clean::MailAnswer& answer,
                         const std::string& name) {
  clean::Part out;
  if (is_one_file(answer)) {
    out = answer.parts.front();
  } else {
    out.detected_type = kMailType;
    out.size = content.size();
    out.sha256 = content.sha256();
    // What holds a whole mail holds the file.
    out.findings = item_holds(answer);
  }
  out.name = name;
  return out;
}

CleanedFile clean_file(const FileRequest& request, document::DocumentCleaner& cleaner,
                       document::Budget& budget) {
  CleanedFile out;
  out.part = part_of_file(*request.content, *request.answer, request.name);
  if (request.action == Action::hold) {
    out.made.reasons = out.part.findings;
    compose::add_finding(out.made.reasons, Finding::kPolicyHold);
  } else {
    document::Wish wish = request.wish;
    wish.action = request.action;
    out.made = cleaner.clean({request.content, request.name, out.part.detected_type, out.part.findings}, wish,
                             budget);
  }
  out.reasons = out.made.reasons;
  return out;
}

DropTreatment treat_drop(const PolicyConfig& policy, const store::Envelope& envelope, const clean::Part& part,
                         bool released) {
  DropTreatment out{Verdict::clean, Action::image};
  for (const transfer::Recipient& recipient : envelope.recipients) {
    const Verdict verdict = policy::decide(policy, envelope.sender, recipient.address, part.size).verdict;
    if (rank(verdict) < rank(out.verdict)) out.verdict = verdict;
    const Action action = wish_for(policy, envelope.sender, recipient.address, part);
    if (rank(action) < rank(out.action)) out.action = action;
  }
  // A person who saw it has decided: what policy holds passes, as pages.
  if (released && out.verdict == Verdict::held) out.verdict = Verdict::clean;
  if (released && out.action == Action::hold) out.action = Action::flatten;
  return out;
}

std::string drop_name(const store::Drop& drop) {
  const std::string_view whole = drop.file_name;
  const std::size_t slash = whole.find_last_of("/\\");
  return cut_line(
      slash == std::string_view::npos || slash + 1 == whole.size() ? whole : whole.substr(slash + 1),
      limits::kCleanName);
}

DropOutcome outcome_of(CleanedFile& cleaned, const Config& config) {
  DropOutcome out;
  out.reasons = cleaned.reasons;
  out.type = cleaned.part.detected_type;
  const std::string& name = cleaned.part.name;
  if (!cleaned.made.held())
    out.files = document::output_files(cleaned.made, {name, name, "", false, joined_name},
                                       config.notice.break_links, out.reasons);
  std::uint64_t octets = 0;
  for (const document::OutputFile& file : out.files) octets += file.octets.size();
  const auto hold = [&](Finding why) {
    compose::add_finding(out.reasons, why);
    out.files.clear();
  };
  // What the gate would refuse is held with its reason.
  if (octets > limits::kBundleContent) hold(Finding::kLimitSize);
  if (out.files.size() > limits::kCrossingCleanFiles) hold(Finding::kLimitEntries);
  if (out.files.empty() && out.reasons.empty()) hold(Finding::kConversionFailed);
  out.verdict = out.files.empty() ? Verdict::held : Verdict::clean;
  return out;
}

transfer::DropBundle drop_bundle(const store::Original& original, std::uint16_t part, DropOutcome outcome,
                                 const Config& config) {
  const store::Envelope& envelope = original.envelope;
  const store::Drop& drop = *envelope.drop;
  std::vector<Finding> ignored;
  transfer::DropBundle out;
  out.id = envelope.id;
  out.part = part;
  out.submission = drop.submission;
  out.number = drop.number;
  out.count = drop.count;
  out.sender = envelope.sender;
  out.sender_name = cut_line(drop.sender_name, limits::kCrossingPerson);
  for (const transfer::Recipient& recipient : envelope.recipients)
    out.recipients.push_back(recipient.address);
  out.title = cut_line(drop.title, limits::kCrossingTitle);
  out.message =
      compose::cut_at_character(compose::clean_text(drop.message, ignored), limits::kCrossingMessage);
  out.importance = cut_line(drop.importance, limits::kCrossingImportance);
  out.name = cut_line(drop.file_name, limits::kCrossingFileName);
  out.type = cut_line(outcome.type, limits::kCleanType);
  out.bytes = original.size;
  out.sha256 = original.sha256;
  out.verdict = outcome.verdict == Verdict::clean      ? transfer::DropVerdict::clean
                : outcome.verdict == Verdict::rejected ? transfer::DropVerdict::rejected
                                                       : transfer::DropVerdict::held;
  out.findings = codes_of(outcome.reasons);
  out.policy = policy::fingerprint(config);
  if (outcome.verdict != Verdict::clean) return out;
  out.approval = approvals(out, outcome.reasons, config);
  for (document::OutputFile& file : outcome.files)
    out.files.push_back(
        {std::move(file.name), type_of(file.type), sha256(file.octets), std::move(file.octets)});
  return out;
}

}  // namespace kiyome::cleaner
