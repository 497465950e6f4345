// See archive.h.
#include "sanitizers/archive/archive.h"

#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <clocale>
#include <cwchar>
#include <memory>

#include "proto/base/limits.h"
#include "sanitizers/archive/library_walk.h"
#include "sanitizers/archive/lzh_walk.h"
#include "sanitizers/archive/survey.h"
#include "sanitizers/archive/zip_crypto.h"
#include "sanitizers/archive/zip_walk.h"
#include "sanitizers/text/text.h"
#include "sanitizers/type/digest.h"
#include "sanitizers/type/table.h"
#include "sanitizers/type/type.h"

namespace kiyome::sanitizer::archive {
namespace {

using clean::Finding;

void say_content(std::uint32_t part, std::string_view octets, const Say& say) {
  for (std::size_t at = 0; at < octets.size(); at += limits::kCleanChunk)
    say(clean::PartContent{part, std::string(octets.substr(at, limits::kCleanChunk))});
}

// The second walk: says the octets of what the first one found whole.
class Delivery : public Visitor {
 public:
  Delivery(const std::vector<Found>& found, const Say& say) : found_(found), say_(say) {}

  Wish entry(const EntryHead&) override {
    if (next_ == found_.size()) return Wish::stop;
    const Found& found = found_[next_++];
    left_ = found.part.size;
    if (!found.whole || left_ == 0) return Wish::pass_over;
    if (!found.kept) return Wish::octets;
    say_content(found.part.index, found.octets, say_);
    return Wish::pass_over;
  }
  bool octets(std::string_view some) override {
    if (some.size() > left_) {
      differs_ = true;
      return false;
    }
    left_ -= some.size();
    say_content(found_[next_ - 1].part.index, some, say_);
    return true;
  }
  void end_of_entry(std::optional<Finding> trouble) override { differs_ = differs_ || trouble || left_ != 0; }

  bool complete() const { return next_ == found_.size() && !differs_; }

 private:
  const std::vector<Found>& found_;
  const Say& say_;
  std::size_t next_ = 0;
  std::uint64_t left_ = 0;
  bool differs_ = false;  // the archive was read otherwise than the first time
};

bool is_zip(std::string_view type) {
  const type::TypeInfo* const info = type::find_type(type);
  return info != nullptr && info->zip();
}

std::unique_ptr<Walk> walk_for(std::string_view octets, std::string_view type,
                               const clean::JobOptions& options) {
  if (is_zip(type)) return zip_walk(octets, options.passwords);
  if (type == "application/x-lzh-compressed") return lzh_walk(octets);
  return library_walk(octets, type, options.name);
}

clean::Part archive_part(std::string_view octets, const clean::JobOptions& options,
                         std::vector<Finding> notes) {
  clean::Part part;
  part.role = clean::Role::container;
  part.span = {0, octets.size()};
  part.size = octets.size();
  part.sha256 = type::sha256(octets);
  type::Detected detected = type::detect(octets, options.name, "");
  part.detected_type = std::move(detected.type);
  part.findings = std::move(notes);
  // Encrypted entries say so themselves: the archive as such was opened.
  for (const Finding finding : detected.findings)
    if (finding != Finding::kEncrypted &&
        std::find(part.findings.begin(), part.findings.end(), finding) == part.findings.end())
      part.findings.push_back(finding);
  return part;
}

void refuse(Finding finding, const Say& say) {
  say(clean::Refusal{finding});
  say(clean::End{});
}

void say_contents(Walk& walk, const std::vector<Found>& found, const Say& say) {
  const auto at_hand = [](const Found& one) { return one.kept || !one.whole || one.part.size == 0; };
  if (std::all_of(found.begin(), found.end(), at_hand)) {
    for (const Found& one : found)
      if (one.whole) say_content(one.part.index, one.octets, say);
    return say(clean::End{});
  }
  Delivery delivery(found, say);
  walk.walk(delivery);
  if (!delivery.complete()) return refuse(Finding::kDamagedPart, say);
  say(clean::End{});
}

}  // namespace

void warm_up() {
  // libarchive turns UTF-16 names into the locale's charset: only for UTF-8 it does so by itself. Times of
  // entries are local, and the C library would look for the zone's file.
  setenv("TZ", "UTC0", 1);
  std::setlocale(LC_CTYPE, "C.UTF-8");
  wchar_t wide[4];
  std::mbstowcs(wide, "\xe3\x81\x82", 4);
  struct tm day {};
  day.tm_year = 126;
  day.tm_mday = 1;
  (void)mktime(&day);
  text::warm_up();
  type::warm_up();
  warm_up_zip_crypto();
}

void read_archive(std::string_view octets, const clean::JobOptions& options, const Say& say) {
  if (octets.size() > limits::kMessageBytes) return refuse(Finding::kLimitSize, say);
  const std::string type = options.type.empty() ? type::detect(octets, options.name, "").type : options.type;
  const std::unique_ptr<Walk> walk = walk_for(octets, type, options);
  if (!walk) return refuse(Finding::kUnsupportedType, say);
  Survey survey(walk->has_directory());
  WalkEnd end = walk->walk(survey);
  if (survey.refusal()) return refuse(*survey.refusal(), say);
  if (end.refusal) return refuse(*end.refusal, say);
  survey.name_entries();
  say(clean::MailHeader{});
  say(archive_part(octets, options, std::move(end.notes)));
  for (Found& found : survey.found()) {
    found.part.span = {0, octets.size()};
    say(found.part);
  }
  say(clean::BodyText{});
  if (options.contents) return say_contents(*walk, survey.found(), say);
  say(clean::End{});
}

}  // namespace kiyome::sanitizer::archive
