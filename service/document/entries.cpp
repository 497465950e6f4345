// What lies within a file: the entries of an archive, the text and the parts of a mail. Each goes the way of
// its own type, under the item's one budget.
#include <algorithm>
#include <map>
#include <utility>

#include "service/compose/characters.h"
#include "service/document/cleaning.h"
#include "service/document/mail_text.h"
#include "service/document/zip_of_entries.h"

namespace kiyome::document {

using clean::Finding;

namespace {

// The item has used up what it may: leaves a reader's sink and, through Pool::run, ends the job.
struct OverBudget {};

bool is_file(const clean::Part& part) {
  return part.role == clean::Role::attachment || part.role == clean::Role::inline_image;
}

std::optional<Finding> hold_of(const clean::MailAnswer& answer) {
  const auto first = [](const std::vector<Finding>& findings) -> std::optional<Finding> {
    for (const Finding finding : findings)
      if (clean::info(finding).effect == clean::Effect::item) return finding;
    return std::nullopt;
  };
  for (const clean::Part& part : answer.parts)
    if (const auto finding = first(part.findings)) return finding;
  if (const auto finding = first(answer.body.findings)) return finding;
  return first(answer.header.findings);
}

}  // namespace

Made Cleaning::opened(const File& file, Kind kind, unsigned depth) {
  if (depth >= config_.documents.depth_max) return held({}, Finding::kLimitNesting);
  Made made;
  std::map<std::uint32_t, Content> contents;
  std::uint64_t taken = 0;
  const auto keep = [&](std::uint32_t part, std::string_view octets) {
    if (octets.size() > budget_.expanded - taken) throw OverBudget{};
    taken += octets.size();
    contents[part].append(octets);
  };
  std::optional<clean::AnswerReader> reader;
  const auto fresh = [&]() -> clean::Reader& {
    contents.clear();
    taken = 0;
    return reader.emplace(file.content->size(), keep);
  };
  clean::JobOptions options = options_for(file);
  options.contents = true;
  try {
    const workers::JobEnd end = run(kind, *file.content, options, fresh, made);
    if (!end.good()) return held({}, reason_of(*end.failure));
  } catch (const OverBudget&) {
    return held({}, Finding::kLimitExpanded);
  }
  budget_.expanded -= taken;

  clean::MailAnswer answer = reader->take_answer();
  answer.part_texts = {};  // large, and told again by each part's own job
  if (const auto why = hold_of(answer)) return held({}, *why);
  const clean::Part& whole = answer.parts.front();
  if (is_file(whole)) return held(whole.findings, Finding::kUnsupportedType);  // not what it was taken for
  made.reasons = whole.findings;
  if (std::any_of(whole.findings.begin(), whole.findings.end(), holds))
    return held(whole.findings, whole.findings.front());
  if (kind == Kind::mail) {
    made.files.push_back({file.name, "text/plain", mail_text(answer), 0});
    note_numbers(made);
  }
  if (!pays_for(made)) return held(std::move(made.reasons), Finding::kLimitExpanded);
  for (const clean::Part& part : answer.parts) {
    if (!is_file(part)) continue;
    const auto content = contents.find(part.index);
    if (content != contents.end()) content->second.seal();
    const std::string place = place_ + std::to_string(made.entries.size());
    made.entries.push_back(
        {part, entry(part, content == contents.end() ? nullptr : &content->second, place, depth)});
    contents.erase(part.index);
    if (made.entries.back().made.held()) compose::add_finding(made.reasons, Finding::kEntryHeld);
  }
  if (made.entries.empty() && made.files.empty())
    return held(std::move(made.reasons), Finding::kEmptyArchive);
  made.action = wish_.action;
  if (kind == Kind::archive && depth == 0 && config_.documents.archive == ArchiveForm::zip)
    if (std::optional<compose::CleanFile> zip =
            zip_of(made.entries, {file.name, config_.notice.break_links}, made.reasons))
      made.files.push_back(std::move(*zip));
  return made;
}

Made Cleaning::entry(const clean::Part& part, const Content* content, const std::string& place,
                     unsigned depth) {
  if (wish_.left_out.contains(place)) {
    Made out;
    out.action = Action::strip;
    out.reasons = part.findings;
    compose::add_finding(out.reasons, Finding::kLeftOut);
    return out;
  }
  if (budget_.entries == 0) return held(part.findings, Finding::kLimitEntries);
  --budget_.entries;
  const bool said = std::any_of(part.findings.begin(), part.findings.end(), [](Finding finding) {
    return clean::info(finding).effect != clean::Effect::note;
  });
  if (part.size == 0 && !said) {
    Made empty;
    empty.action = Action::text;
    empty.reasons = part.findings;
    empty.files.push_back({part.name, "text/plain", "", 0});
    return empty;
  }
  if (content == nullptr) {  // the sanitizer says why
    Made out;
    out.reasons = part.findings;
    if (!said) compose::add_finding(out.reasons, Finding::kConversionFailed);
    return out;
  }
  if (content->size() != part.size || content->sha256() != part.sha256)
    return held(part.findings, Finding::kConversionFailed);
  const std::string outer = std::exchange(place_, place + "/");
  Made made = clean({content, part.name, part.detected_type, part.findings}, depth + 1);
  place_ = outer;
  return made;
}

}  // namespace kiyome::document
