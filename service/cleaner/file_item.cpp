#include "service/cleaner/file_item.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/cleaner/decide/allowances.h"
#include "service/compose/characters.h"
#include "service/compose/utf8.h"
#include "service/policy/approval.h"
#include "service/policy/policy.h"

namespace kiyome::cleaner {
namespace {

using clean::Finding;

constexpr std::string_view kMailType = "message/rfc822";

constexpr document::PictureWish kPreview{limits::kPreviewPages, limits::kPreviewSide, limits::kPreviewOctets};
// All of them are one bundle.
constexpr document::PictureWish kView{limits::kViewPages, limits::kViewSide, limits::kItemWritten};

transfer::CleanFileType type_of(std::string_view clean_type) {
  if (clean_type == "text/plain") return transfer::CleanFileType::text;
  if (clean_type == "image/png") return transfer::CleanFileType::png;
  if (clean_type == "application/zip") return transfer::CleanFileType::zip;
  return transfer::CleanFileType::pdf;
}

// Cleaned once more when it was cut: behind a joiner something must follow.
std::string cut_line(std::string_view text, std::size_t max) {
  std::vector<Finding> ignored;
  const std::string line = compose::clean_line(text, ignored);
  return compose::clean_line(compose::cut_at_character(line, max), ignored);
}
std::string cut_text(std::string_view text, std::size_t max) {
  std::vector<Finding> ignored;
  const std::string lines = compose::clean_text(text, ignored);
  return compose::clean_text(compose::cut_at_character(lines, max), ignored);
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
                                   bool released, const Config& config) {
  std::vector<std::string> out;
  const policy::DroppedFile file{bundle.sender,     bundle.recipients, bundle.type, bundle.bytes,
                                 bundle.importance, findings,          released};
  for (const std::string& name : policy::approvals_for(config, file)) {
    out.push_back(cut_line(name, limits::kCrossingRuleName));
    if (out.back().empty()) out.back() = "承認 (approval)";
  }
  return out;
}

// The pages of what lies within count among those of the whole.
void forget_files(document::Made& made) {
  made.files.clear();
  for (document::Entry& entry : made.entries) forget_files(entry.made);
}

void keep_pictures_only(document::Made& made) {
  forget_files(made);
  if (made.held() || made.pictures.pages.empty()) {
    made.action = Action::hold;
    compose::add_finding(made.reasons, Finding::kPolicyHold);
    return;
  }
  made.action = Action::view;
  compose::add_finding(made.reasons, Finding::kViewOnly);
  if (made.pictures.cut) compose::add_finding(made.reasons, Finding::kPagesCut);
}

// "STEM 1.png", "STEM 2.png" … in page order.
std::vector<document::OutputFile> page_files(std::vector<std::string>& pages, const std::string& name) {
  std::vector<document::OutputFile> out;
  for (std::string& page : pages)
    out.push_back(
        {joined_name(name, " " + std::to_string(out.size() + 1) + ".png"), "image/png", std::move(page), 1});
  return out;
}

}  // namespace

bool is_one_file(const clean::MailAnswer& answer) {
  return answer.header == clean::MailHeader{} && answer.parts.size() == 1 &&
         answer.parts[0].role == clean::Role::attachment && answer.parts[0].declared_type.empty();
}

Action wish_for(const Config& config, std::string_view sender, std::string_view recipient,
                const clean::Part& part) {
  return policy::RecipientPolicy(config, recipient).file(sender, part);
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
  const bool view = request.action == Action::view;
  if (request.action == Action::hold || (view && !request.pictures)) {
    out.made.reasons = out.part.findings;
    compose::add_finding(out.made.reasons, Finding::kPolicyHold);
  } else {
    document::Wish wish = request.wish;
    wish.action = view ? Action::flatten : request.action;
    if (request.pictures) wish.pictures = view ? kView : kPreview;
    out.made = cleaner.clean({request.content, request.name, out.part.detected_type, out.part.findings}, wish,
                             budget);
    if (view) keep_pictures_only(out.made);
  }
  out.reasons = out.made.reasons;
  return out;
}

DropTreatment treat_drop(const Config& config, const store::Envelope& envelope, const clean::Part& part,
                         const Standing& standing, std::span<const store::Allowed> allowed) {
  DropTreatment out{Verdict::clean, Action::image};
  for (const transfer::Recipient& recipient : envelope.recipients) {
    const policy::RecipientPolicy rules(config, recipient.address);
    const std::string_view tenant = rules.tenant() != nullptr ? std::string_view(rules.tenant()->name) : "";
    out.verdict = policy::stricter(out.verdict, rules.verdict(envelope.sender, part.size));
    out.action = policy::stricter(out.action,
                                  with_allowances(rules.file(envelope.sender, part), allowed, tenant, part));
  }
  // A person who saw it has decided: what policy holds passes, as pages.
  if (standing.released && out.verdict == Verdict::held) out.verdict = Verdict::clean;
  if (standing.released && (out.action == Action::hold || out.action == Action::view))
    out.action = Action::flatten;
  if (const auto wish = standing.policy_for(0)) out.action = *wish == Action::strip ? Action::flatten : *wish;
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
  const bool view = cleaned.made.action == Action::view;
  if (view)
    out.files = page_files(cleaned.made.pictures.pages, name);
  else if (!cleaned.made.held())
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
  out.verdict = out.files.empty() || view ? Verdict::held : Verdict::clean;
  if (out.verdict == Verdict::clean) out.previews = std::move(cleaned.made.pictures.pages);
  return out;
}

transfer::DropBundle drop_bundle(const store::Original& original, std::uint16_t part, DropOutcome outcome,
                                 bool released, const Config& config) {
  const store::Envelope& envelope = original.envelope;
  const store::Drop& drop = *envelope.drop;
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
  out.message = cut_text(drop.message, limits::kCrossingMessage);
  out.importance = cut_line(drop.importance, limits::kCrossingImportance);
  out.name = cut_line(drop.file_name, limits::kCrossingFileName);
  out.type = cut_line(outcome.type, limits::kCleanType);
  out.bytes = original.size;
  out.sha256 = original.sha256;
  out.verdict = outcome.verdict == Verdict::clean      ? transfer::DropVerdict::clean
                : outcome.verdict == Verdict::rejected ? transfer::DropVerdict::rejected
                                                       : transfer::DropVerdict::held;
  // Said to whoever approves or picks up, and to the gate, whose rules ask for it, too.
  if (released) compose::add_finding(outcome.reasons, Finding::kReleased);
  out.findings = codes_of(outcome.reasons);
  out.policy = policy::fingerprint(config);
  if (outcome.files.empty()) return out;
  out.approval = approvals(out, outcome.reasons, released, config);
  for (document::OutputFile& file : outcome.files)
    out.files.push_back(
        {std::move(file.name), type_of(file.type), sha256(file.octets), std::move(file.octets)});
  return out;
}

}  // namespace kiyome::cleaner
