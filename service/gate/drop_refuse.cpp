// Why a file of the drop box is not taken: its texts by the characters of the clean output grammar, names of
// files as the grammar has them, each clean file by the verifier of its type. Everything here was chosen by a
// peer.
#include <algorithm>
#include <set>

#include "proto/clean/findings.h"
#include "service/base/digest.h"
#include "service/gate/drop_view.h"
#include "service/gate/intake.h"
#include "service/gate/verify.h"
#include "service/gate/verify_characters.h"
#include "service/gate/verify_values.h"

namespace kiyome::gate {
namespace {

using transfer::CleanFile;
using transfer::CleanFileType;
using transfer::DropVerdict;

bool is_uuid_v7(const ItemId& id) { return (id.bytes[6] >> 4) == 7 && (id.bytes[8] >> 6) == 2; }

// Characters as in clean text, lines parted by LF. These words are shown as text on a page, where no desktop
// acts on a reference and no line is ours; a mail that bears them is proved as a whole (own_mail.h).
Checked check_message(std::string_view text) {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    bool wide_backslash = false;
    if (Checked bad = check_characters(line, Tab::allowed, wide_backslash)) return bad;
    at = end + 1;
  }
  return std::nullopt;
}
Checked check_line(std::string_view line) {
  bool wide_backslash = false;
  return check_characters(line, Tab::refused, wide_backslash);
}

std::string_view extension(CleanFileType type) {
  switch (type) {
    case CleanFileType::pdf:
      return ".pdf";
    case CleanFileType::text:
      return ".txt";
    case CleanFileType::png:
      return ".png";
    case CleanFileType::zip:
      return ".zip";
  }
  return "";
}

std::optional<Violation> verify(const CleanFile& file) {
  switch (file.type) {
    case CleanFileType::pdf:
      return verify_pdf(file.content);
    case CleanFileType::text:
      return verify_text(file.content);
    case CleanFileType::png:
      return verify_png(file.content);
    case CleanFileType::zip:
      return verify_zip(file.content);
  }
  return Violation{0, "unknown type of file"};
}

// What is clean bears files. What is held bears none, but for pictures of the pages of what policy only lets
// people look at.
bool files_fit(const transfer::DropBundle& bundle) {
  const std::vector<std::uint16_t>& findings = bundle.findings;
  switch (bundle.verdict) {
    case DropVerdict::clean:
      return !bundle.files.empty();
    case DropVerdict::held:
      return bundle.files.empty() ||
             (std::find(findings.begin(), findings.end(),
                        static_cast<std::uint16_t>(clean::Finding::kViewOnly)) != findings.end() &&
              std::all_of(bundle.files.begin(), bundle.files.end(),
                          [](const CleanFile& file) { return file.type == CleanFileType::png; }));
    case DropVerdict::rejected:
      return bundle.files.empty();
  }
  return false;
}

// The words around the files; empty: fine.
std::string wrong_words(const transfer::DropBundle& bundle) {
  if (!is_uuid_v7(bundle.id) || !is_uuid_v7(bundle.submission)) return "id that is none";
  const std::pair<const char*, const std::string*> lines[] = {{"sender's name", &bundle.sender_name},
                                                              {"title", &bundle.title},
                                                              {"importance", &bundle.importance},
                                                              {"name", &bundle.name},
                                                              {"type", &bundle.type},
                                                              {"sender", &bundle.sender}};
  for (const auto& [what, line] : lines)
    if (const Checked bad = check_line(*line)) return std::string(what) + ": " + bad->reason;
  for (const std::string& recipient : bundle.recipients)
    if (const Checked bad = check_line(recipient)) return std::string("recipient: ") + bad->reason;
  for (const std::string& rule : bundle.approval)
    if (const Checked bad = check_line(rule)) return std::string("name of a rule: ") + bad->reason;
  if (const Checked bad = check_message(bundle.message)) return std::string("message: ") + bad->reason;
  if (!files_fit(bundle)) return "files and verdict contradict each other";
  if (bundle.files.empty() && !bundle.approval.empty()) return "nothing to be approved";
  return {};
}

}  // namespace

std::optional<Refusal> refuse(const transfer::DropBundle& bundle) {
  using Reason = transfer::RefusalReason;
  const auto because = [&](Reason reason, std::uint64_t offset, std::string why) {
    return Refusal{{bundle.id, bundle.part, reason, offset}, std::move(why)};
  };
  if (std::string why = wrong_words(bundle); !why.empty())
    return because(Reason::envelope, 0, std::move(why));
  std::set<std::string> names;
  for (const CleanFile& file : bundle.files) {
    if (sha256(file.content) != file.sha256) return because(Reason::digest, 0, "digest");
    if (const Checked bad = check_file_name(file.name, extension(file.type)))
      return because(Reason::envelope, bad->offset, bad->reason);
    if (!names.insert(lower(file.name)).second) return because(Reason::envelope, 0, "two files of one name");
  }
  for (const CleanFile& file : bundle.files)
    if (const std::optional<Violation> violation = verify(file))
      return because(Reason::grammar, violation->offset, violation->reason);
  return std::nullopt;
}

std::optional<std::string> refuse(const transfer::Door& door) {
  if (!is_uuid_v7(door.id)) return "the item id is no UUIDv7";
  std::vector<std::string_view> lines{door.sender, door.subject};
  for (const transfer::DoorPart& part : door.parts) {
    lines.push_back(part.name);
    lines.push_back(part.type);
  }
  for (const std::string_view line : lines)
    if (const Checked bad = check_line(line)) return "a line of a door holds what no clean line does";
  return std::nullopt;
}

}  // namespace kiyome::gate
