#include "service/document/document_cleaner.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/compose/characters.h"
#include "service/document/cleaning.h"
#include "service/document/cut_note.h"
#include "service/document/my_number.h"
#include "service/document/route.h"
#include "service/document/scan.h"

namespace kiyome::document {

using clean::Finding;

namespace {

std::uint64_t memory_of(Kind kind) {
  switch (kind) {
    case Kind::mail:
      return limits::kMailJobMemory;
    case Kind::archive:
      return limits::kArchiveJobMemory;
    case Kind::office:
      return limits::kOfficeJobMemory;
    case Kind::pdf:
      return limits::kPdfJobMemory;
    case Kind::image:
      return limits::kImageJobMemory;
  }
  return limits::kMailJobMemory;
}

bool has(const std::vector<Finding>& findings, Finding finding) {
  return std::find(findings.begin(), findings.end(), finding) != findings.end();
}

// Of a job that may not have been begun.
std::vector<Finding> notes_of(const PageSink* sink) {
  return sink != nullptr ? sink->findings() : std::vector<Finding>();
}

}  // namespace

Made held(std::vector<Finding> reasons, Finding why) {
  Made out;
  out.reasons = std::move(reasons);
  compose::add_finding(out.reasons, why);
  return out;
}

Finding reason_of(Finding failure) {
  switch (failure) {
    case Finding::kSanitizerTimeout:
      return Finding::kLimitTime;
    case Finding::kSanitizerMemory:
      return Finding::kLimitMemory;
    case Finding::kSanitizerCrashed:
    case Finding::kSanitizerAnswer:
      return Finding::kConversionFailed;
    default:
      return failure;
  }
}

bool holds(Finding finding) {
  return clean::info(finding).effect != clean::Effect::note && finding != Finding::kEncrypted;
}

Made Cleaning::clean(const File& file, unsigned depth) {
  if (std::optional<Made> refused = held_at_once(file)) return std::move(*refused);
  Made made = by_route(file, depth);
  for (const Finding finding : file.findings)
    if (finding != Finding::kEncrypted) compose::add_finding(made.reasons, finding);
  return made;
}

std::optional<Made> Cleaning::held_at_once(const File& file) const {
  Made refused;
  refused.reasons = file.findings;
  if (const auto why =
          held_by_scan(config_.scan, file.content->descriptor(), file.content->size(), refused.malware)) {
    compose::add_finding(refused.reasons, *why);
    return refused;
  }
  if (std::any_of(file.findings.begin(), file.findings.end(), holds)) return refused;
  if (has(file.findings, Finding::kTypeMismatch) && config_.documents.hold_mismatch)
    return held(std::move(refused.reasons), Finding::kPolicyHold);
  if (file.content->size() > config_.documents.bytes_max)
    return held(std::move(refused.reasons), Finding::kLimitSize);
  return std::nullopt;
}

Made Cleaning::by_route(const File& file, unsigned depth) {
  switch (route_of(file.type)) {
    case Route::text:
      return text(file);
    case Route::mail:
      return opened(file, Kind::mail, depth);
    case Route::archive:
      return opened(file, Kind::archive, depth);
    case Route::office:  // the text of a table is the table
      return wish_.action == Action::text &&
                     (file.type == "text/csv" || file.type == "text/tab-separated-values")
                 ? text(file)
                 : through_office(file);
    case Route::pdf:
      return drawn(file, Kind::pdf, *file.content);
    case Route::image:
      return drawn(file, Kind::image, *file.content);
    case Route::none:
      break;
  }
  if (has(file.findings, Finding::kEncrypted)) return held({}, Finding::kEncrypted);
  const bool unknown = file.type.empty() || file.type == "application/octet-stream";
  return held({}, unknown ? Finding::kUnknownType : Finding::kUnsupportedType);
}

bool Cleaning::stays_a_picture(const File& file) const {
  return wish_.action == Action::image && route_of(file.type) == Route::image;
}

// Black and white needs more dots to look as well.
std::uint16_t Cleaning::dpi_for(const File& file) const {
  const auto dpi = static_cast<std::uint16_t>(config_.documents.dpi);
  return config_.documents.compact && !stays_a_picture(file) ? std::max(dpi, limits::kCompactDpi) : dpi;
}

clean::JobOptions Cleaning::options_for(const File& file) const {
  clean::JobOptions options;
  options.any_file = true;
  options.part_texts = true;
  options.dpi = dpi_for(file);
  options.pixels = wish_.action != Action::text;
  options.words = wish_.action == Action::text || config_.documents.text_layer || wish_.personal_numbers;
  options.pages_max = config_.documents.pages_max;
  options.first_page = config_.documents.first_page;
  options.show_hidden = config_.documents.hidden == Unseen::show;
  options.show_comments = config_.documents.comments == Unseen::show;
  options.accept_changes = config_.documents.changes == Changes::accept;
  options.fit_width = config_.documents.fit_width;
  options.type = file.type;
  options.name = file.name;
  options.passwords = wish_.passwords;
  return options;
}

workers::Bounds Cleaning::bounds_for(Kind kind, std::uint64_t size) const {
  workers::Bounds bounds;
  bounds.wall_ms = config_.documents.seconds * 1000;
  // LibreOffice says nothing before it is done.
  if (kind != Kind::office) bounds.progress_ms = config_.documents.no_progress_seconds * 1000;
  bounds.cpu_seconds = config_.documents.seconds;
  bounds.memory_bytes = memory_of(kind) + 2 * size;
  return bounds;
}

// A deadline that has passed would only pass again.
workers::JobEnd Cleaning::run(Kind kind, const Content& content, const clean::JobOptions& options,
                              const std::function<clean::Reader&()>& fresh, Made& made) {
  workers::JobEnd end;
  end.failure = Finding::kSanitizerTimeout;
  for (unsigned attempt = 0; attempt < limits::kJobAttempts && budget_.milliseconds > 0; ++attempt) {
    end = sanitizers_.get(kind).run(content.descriptor(), options, bounds_for(kind, content.size()), fresh());
    made.render_ms += end.milliseconds;
    budget_.milliseconds -= end.milliseconds;
    if (end.unavailable) throw TemporaryFailure(std::string("no sanitizer is ready: ") + name_of(kind));
    if (!workers::worth_another_try(end) || *end.failure == Finding::kSanitizerTimeout) break;
    log::warning("document sanitizer failed", {{"kind", name_of(kind)},
                                               {"why", clean::slug(*end.failure)},
                                               {"signal", std::int64_t{end.signal}},
                                               {"exit", std::int64_t{end.exit_code}},
                                               {"attempt", std::int64_t{attempt + 1}}});
  }
  return end;
}

std::unique_ptr<PageSink> Cleaning::sink_for(const File& file) const {
  if (wish_.action == Action::text) return text_pages(budget_.written);
  if (stays_a_picture(file)) return picture_pages(budget_.written);
  return pdf_pages({config_.documents.text_layer, file.name, config_.documents.compact}, budget_.written);
}

// What the item may still write, less these files.
bool Cleaning::pays_for(const Made& made) {
  std::uint64_t octets = 0;
  for (const compose::CleanFile& file : made.files) octets += file.octets.size();
  if (octets > budget_.written) return false;
  budget_.written -= octets;
  return true;
}

Made Cleaning::drawn(const File& file, Kind kind, const Content& content, const PageSink* before) {
  clean::JobOptions options = options_for(file);
  if (before != nullptr) options.first_page = 1;  // it has left out the others
  Made made;
  std::unique_ptr<PageSink> sink;
  std::optional<PictureMaker> pictures;
  std::optional<WatchedPages> watched;
  std::optional<clean::DocumentReader> reader;
  const auto paged = [&] {
    if (wish_.paged) wish_.paged(budget_.pages + sink->pages());
  };
  const auto fresh = [&]() -> clean::Reader& {
    sink = sink_for(file);
    pictures.emplace(wish_.action == Action::text ? PictureWish() : wish_.pictures, pictures_);
    return reader.emplace(watched.emplace(*sink, *pictures, paged, wish_.personal_numbers));
  };
  try {
    workers::JobEnd end = run(kind, content, options, fresh, made);
    // A long document in colour that is only too large at kCompactDpi.
    if (!end.good() && *end.failure == Finding::kLimitPixels && options.dpi > config_.documents.dpi) {
      options.dpi = static_cast<std::uint16_t>(config_.documents.dpi);
      end = run(kind, content, options, fresh, made);
    }
    if (end.good()) end = tell_cut(before, *sink, options.dpi, made);
    if (!end.good()) return held(notes_of(sink.get()), reason_of(*end.failure));
    made.files = sink->finish(file.name);
  } catch (const TooLarge&) {
    return held(notes_of(sink.get()), Finding::kLimitExpanded);
  }
  made.reasons = sink->findings();
  if (watched->found_number()) compose::add_finding(made.reasons, Finding::kMyNumber);
  budget_.pages += sink->pages();
  if (sink->pages() == 0) return held(std::move(made.reasons), Finding::kConversionFailed);
  if (!pays_for(made)) return held(std::move(made.reasons), Finding::kLimitExpanded);
  pictures->finish(pictures_);
  made.compose_ms = sink->milliseconds() + pictures->milliseconds();
  made.render_ms -= std::min(made.render_ms, made.compose_ms);
  if (made.files.empty()) return held(std::move(made.reasons), Finding::kNoText);
  made.action = wish_.action;
  return made;
}

// Says on a last page, in words and pixels, that pages were left out. A sandbox draws it, for it has fonts.
workers::JobEnd Cleaning::tell_cut(const PageSink* before, PageSink& sink, std::uint16_t dpi, Made& made) {
  const bool cut_before = before != nullptr && has(before->findings(), Finding::kPagesCut);
  if (!(cut_before || has(sink.findings(), Finding::kPagesCut)) || sink.pages() == 0) return {};
  const CutNote note{config_.documents.first_page, sink.pages(),
                     cut_before ? before->claimed() : sink.claimed()};
  if (wish_.action == Action::text) {
    sink.line(note.text());
    return {};
  }
  Content content;
  content.append(note.pdf());
  content.seal();
  clean::JobOptions options;
  options.dpi = dpi;
  options.pixels = true;
  options.words = config_.documents.text_layer;
  std::optional<OnePage> page;
  std::optional<clean::DocumentReader> reader;
  const auto fresh = [&]() -> clean::Reader& { return reader.emplace(page.emplace()); };
  workers::JobEnd end = run(Kind::pdf, content, options, fresh, made);
  if (end.good()) page->into(sink);
  return end;
}

// Two sandboxes: what LibreOffice makes of a document is as hostile as the document.
Made Cleaning::through_office(const File& file) {
  Made made;
  std::optional<Content> other;
  std::unique_ptr<PageSink> sink;
  std::optional<clean::DocumentReader> reader;
  const auto fresh = [&]() -> clean::Reader& {
    sink = other_form(other.emplace());
    return reader.emplace(*sink);
  };
  const workers::JobEnd end = run(Kind::office, *file.content, options_for(file), fresh, made);
  if (!end.good()) return held(notes_of(sink.get()), reason_of(*end.failure));
  sink->finish(file.name);
  if (other->size() == 0) return held(sink->findings(), Finding::kConversionFailed);
  Made out = drawn(file, Kind::pdf, *other, sink.get());
  for (const Finding finding : sink->findings()) compose::add_finding(out.reasons, finding);
  out.render_ms += made.render_ms;
  return out;
}

void Cleaning::note_numbers(Made& made) const {
  if (wish_.personal_numbers && has_my_number(made.files.back().octets))
    compose::add_finding(made.reasons, Finding::kMyNumber);
}

Made Cleaning::text(const File& file) {
  Made made;
  std::optional<clean::AnswerReader> reader;
  const auto fresh = [&]() -> clean::Reader& { return reader.emplace(file.content->size()); };
  const workers::JobEnd end = run(Kind::mail, *file.content, options_for(file), fresh, made);
  if (!end.good()) return held({}, reason_of(*end.failure));
  clean::MailAnswer answer = reader->take_answer();
  if (answer.part_texts.size() != 1) return held({}, Finding::kUnsupportedType);
  made.reasons = std::move(answer.parts.front().findings);
  const auto why = std::find_if(made.reasons.begin(), made.reasons.end(), holds);
  if (why != made.reasons.end()) return held(made.reasons, reason_of(*why));
  made.files.push_back({file.name, "text/plain", std::move(answer.part_texts.front().text), 0});
  note_numbers(made);
  if (!pays_for(made)) return held(std::move(made.reasons), Finding::kLimitExpanded);
  made.action = Action::text;
  return made;
}

Made DocumentCleaner::clean(const File& file, const Wish& wish, Budget& budget) {
  Cleaning cleaning(sanitizers_, config_, wish, budget);
  Made made = cleaning.clean(file, 0);
  if (!made.held()) made.pictures = cleaning.take_pictures();
  return made;
}

}  // namespace kiyome::document
