// One file that did not come in a mail: of the drop box, or by hand. From what the mail sanitizer said of it
// and the policy to clean files. `kiyome sanitize` and the cleaner role share this, so what an operator tries
// is what the drop box does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "proto/transfer/drop.h"
#include "service/base/config.h"
#include "service/cleaner/clean_item.h"
#include "service/document/output_files.h"

namespace kiyome::cleaner {

// What the sanitizer says of a file that is no mail.
bool is_one_file(const clean::MailAnswer& answer);

struct FileRequest {
  const document::Content* content = nullptr;
  const clean::MailAnswer* answer = nullptr;  // of the mail sanitizer with `any_file`
  std::string name;                           // a clean line, perhaps empty
  Action action = Action::flatten;            // the policy's wish
  document::Wish wish;                        // whose action and pictures are not looked at
  bool pictures = false;  // previews of what is clean; and `view` is possible, which is a hold without
};
// The file as one part, and what became of it.
struct CleanedFile {
  clean::Part part;
  document::Made made;  // `view`: pictures of its pages, and no files
  std::vector<clean::Finding> reasons;
};
// The policy's wish for one recipient; strip means flatten, for there is nothing to strip it from.
Action wish_for(const Config& config, std::string_view sender, std::string_view recipient,
                const clean::Part& part);
// The file as the policy and the report know it: a mail is one file here, its parts lie within it.
clean::Part part_of_file(const document::Content& content, const clean::MailAnswer& answer,
                         const std::string& name);
// Throws TemporaryFailure when no sanitizer is to be had.
CleanedFile clean_file(const FileRequest& request, document::DocumentCleaner& cleaner,
                       document::Budget& budget);

// ---- of the drop box ----
// How all recipients together are treated: the strictest of them counts, for they share one file.
struct DropTreatment {
  Verdict verdict = Verdict::clean;
  Action action = Action::flatten;
};
// `allowed`: of its sender.
DropTreatment treat_drop(const Config& config, const store::Envelope& envelope, const clean::Part& part,
                         const Standing& standing = {}, std::span<const store::Allowed> allowed = {});

// What a file came to, ready to be written down.
struct DropOutcome {
  Verdict verdict = Verdict::held;
  std::vector<clean::Finding> reasons;
  std::string type;                         // by content, perhaps empty
  std::uint32_t pages = 0;                  // made
  std::vector<document::OutputFile> files;  // when clean; of what may only be viewed, pictures of its pages
  std::vector<std::string> previews;        // clean PNGs, of the first pages of what is clean
};
// Takes the files out of `cleaned`, with a name for each; held when nothing came of it, or too much.
DropOutcome outcome_of(CleanedFile& cleaned, const Config& config);
std::string drop_name(const store::Drop& drop);  // the file's name without its folders, a clean line

// What crosses. `config` says who has to approve; `released`: an operator let go what was held. Every text is
// made clean, so that the gate takes it.
transfer::DropBundle drop_bundle(const store::Original& original, std::uint16_t part, DropOutcome outcome,
                                 bool released, const Config& config);

}  // namespace kiyome::cleaner
