// A file of the drop box on its way through the cleaner. It goes to a document worker at once; whatever comes
// of it crosses as a DropBundle, also that it is held, so that sender and recipients see why.
#include <algorithm>

#include "service/base/clock.h"
#include "service/cleaner/locked_parts.h"
#include "service/cleaner/processor_job.h"
#include "service/compose/characters.h"

namespace kiyome::cleaner {
namespace {

using clean::Finding;

// For the report and for what is locked: the file as the one part of an item.
clean::MailAnswer told_as_item(const clean::Part& part) {
  clean::MailAnswer out;
  out.parts.push_back(part);
  out.parts.front().index = 0;
  out.parts.front().parent = -1;
  return out;
}

std::vector<std::string> passwords_of(const store::Drop& drop, const Work& work, const Config& config) {
  std::vector<std::string> given = work.order ? work.order->passwords : std::vector<std::string>();
  if (!drop.password.empty()) given.push_back(drop.password);
  return document::passwords_to_try(
      {.given = std::move(given), .configured = config.documents.passwords, .remembered = {}}, {});
}

// The same order once more makes no other file.
bool is_new_order(const Work& work, const std::vector<store::Standing>& before) {
  if (!work.order || (!work.order->policy && work.order->left_out.empty())) return false;
  if (before.empty()) return true;
  const Standing standing = standing_of(before.front());
  return (work.order->policy && standing.policy_for(0) != work.order->policy) ||
         (!work.order->left_out.empty() && !standing.left_out.contains(work.order->left_out));
}

// Whether what was to stay out was found and did: were it at another place, it would go along.
bool stays_out(const Standing& standing, const CleanedFile& file) {
  Group group;
  group.parts.push_back({0, file.made.action, file.reasons, &file.made});
  return std::all_of(standing.left_out.begin(), standing.left_out.end(),
                     [&](const std::string& place) { return is_left_out(place, group); });
}

}  // namespace

// At most one word about pages every kDropToldMs; the first and, with the verdict, the last are always told.
std::function<void(std::uint32_t)> Processor::paged(const ItemId& id) {
  return [this, id, told = Steady::now()](std::uint32_t pages) mutable {
    const auto now = Steady::now();
    if (pages > 1 && now - told < std::chrono::milliseconds(limits::kDropToldMs)) return;
    told = now;
    parts_.progress({id, transfer::DropProgress::cleaning, pages, {}});
  };
}

void Processor::sanitize_drop(Job& job, Work& work) {
  const store::Envelope& envelope = job.original.envelope;
  if (!work.documents) {
    parts_.attempts.lay_aside(work.where.id);
    return parts_.queue.to_documents(std::move(work), envelope.sender);
  }
  if (!work.again()) parts_.progress({envelope.id, transfer::DropProgress::cleaning, 0, {}});
  const document::Content content(std::move(job.original.content), job.original.size, job.original.sha256);
  clean::JobOptions options;
  options.any_file = true;
  options.name = drop_name(*envelope.drop);
  if (parse(job, work, content.descriptor(), options)) {
    const auto began = Steady::now();
    clean_drop(job, work, content);
    job.compose_ms = milliseconds_since(began);
  }
  submit(std::move(job), work);
}

void Processor::clean_drop(Job& job, const Work& work, const document::Content& content) {
  const store::Envelope& envelope = job.original.envelope;
  FileRequest request;
  request.content = &content;
  request.answer = &*job.answer;
  request.name = drop_name(*envelope.drop);
  const clean::Part part = part_of_file(content, *job.answer, request.name);
  if (!job.allowed.empty()) prove_sender(job);
  // All recipients share the file, and how it stands.
  const Standing standing = job.standings.empty() ? Standing{} : job.standings.begin()->second;
  const DropTreatment treatment = treat_drop(*job.config, envelope, part, standing, job.allowed);
  job.outcome.type = part.detected_type;
  job.file = std::make_unique<CleanedFile>();
  job.file->part = part;
  job.file->reasons = part.findings;
  if (treatment.verdict != Verdict::clean) {
    job.outcome.verdict = treatment.verdict;
    job.outcome.reasons = part.findings;
    compose::add_finding(job.outcome.reasons, treatment.verdict == Verdict::held
                                                  ? Finding::kPolicyVerdictHeld
                                                  : Finding::kPolicyVerdictRejected);
  } else {
    document::DocumentCleaner cleaner(parts_.sanitizers, *job.config);
    document::Budget budget(job.config->documents);
    request.action = treatment.action;
    request.pictures = true;
    request.wish.passwords = passwords_of(*envelope.drop, work, *job.config);
    request.wish.personal_numbers = true;
    request.wish.left_out = standing.left_out_within(0);
    if (!work.again()) request.wish.paged = paged(envelope.id);
    *job.file = clean_file(request, cleaner, budget);
    const bool found = stays_out(standing, *job.file);
    job.outcome = outcome_of(*job.file, *job.config);
    if (!found) {
      job.outcome.verdict = Verdict::held;
      job.outcome.files.clear();
      job.outcome.previews.clear();
      compose::add_finding(job.outcome.reasons, Finding::kHeldByOperator);
    }
    job.outcome.pages = budget.pages;
  }
  Group group;
  group.verdict = job.outcome.verdict;
  group.recipients = job.recipients;
  group.reasons = job.outcome.reasons;
  group.parts.push_back({0, job.file->made.action, job.file->reasons, &job.file->made});
  group.standing = standing;
  if (group.verdict == Verdict::clean) group.given = {"0"};
  job.answer = told_as_item(job.file->part);
  job.groups = {std::move(group)};
  // Who has the file is sent it anew when something is open now that was not, or when somebody ordered
  // another form of it.
  const Group& made = job.groups.front();
  if (!job.decided.unlocked) return;
  const bool opens = opens_any(parts_.items.drop_places(envelope.id), made);
  if (made.verdict == Verdict::clean && (opens || is_new_order(work, parts_.items.standings(envelope.id))))
    return;
  job.why = made.reasons;
  job.groups.clear();
}

// `work` is the caller's until the store has taken the decision.
void Processor::submit_drop(Job job, Work& work) {
  store::DecidedItem& decided = job.decided;
  const store::Envelope& envelope = job.original.envelope;
  std::vector<transfer::AnyBundle> leaving;
  keep_standings(job);
  if (job.decided.released || job.decided.unlocked)
    for (const Group& group : job.groups)
      if (group.verdict != Verdict::clean)
        for (const Finding reason : group.reasons) compose::add_finding(job.why, reason);
  decided.subject = envelope.drop->title.empty() ? envelope.drop->file_name : envelope.drop->title;
  for (const Group& group : job.groups) {
    store::DecidedGroup& out = decided.groups.emplace_back();
    out.verdict = group.verdict;
    out.reasons = group.reasons;
    for (const std::size_t each : group.recipients) out.recipients.push_back(envelope.recipients[each].index);
    if (job.answer) decided.drop_places = locked_places(group, *job.answer);
    decided.drop_pages = job.outcome.pages;
    decided.drop_pictures = std::move(job.outcome.previews);
    decided.drop = drop_bundle(job.original, job.first_ordinal, std::move(job.outcome),
                               group.standing.released, *job.config);
    leaving.push_back(*decided.drop);
  }
  write_down(std::move(job), work, std::move(leaving));
}

}  // namespace kiyome::cleaner
