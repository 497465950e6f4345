// The messages of the file drop box as octets. What comes from another zone or process is refused at its
// first wrong field.
#include "proto/transfer/drop.h"

#include <algorithm>
#include <set>

#include "proto/base/characters.h"
#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "proto/transfer/fields.h"

namespace kiyome::transfer {
namespace {

constexpr std::uint8_t kStages = 5, kProgresses = 9, kVerdicts = 3, kCleanTypes = 4;

template <class E>
E enumerator(Fields& f, std::uint8_t last, const char* rule) {
  const std::uint8_t value = f.in.u8();
  f.require(value >= 1 && value <= last, rule);
  return static_cast<E>(value);
}

std::vector<std::string> recipients(Fields& f) {
  const std::uint32_t number = count(f, limits::kCrossingRecipients, 5, "the number of recipients");
  f.require(number >= 1, "the number of recipients");
  std::vector<std::string> out;
  std::set<std::string_view> known;
  out.reserve(number);  // the views stay good
  for (std::uint32_t i = 0; i < number && !f.in.failed(); ++i) {
    out.emplace_back(f.in.counted(limits::kSmtpPath));
    f.require(is_envelope_address(out.back()) && known.insert(out.back()).second, "a recipient's address");
  }
  return out;
}

std::vector<std::string> approval(Fields& f) {
  const std::uint32_t number = count(f, limits::kCrossingApprovals, 5, "the number of rules");
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < number && !f.in.failed(); ++i) {
    out.push_back(line(f, limits::kCrossingRuleName, "the name of a rule"));
    f.require(!out.back().empty(), "the name of a rule");
  }
  return out;
}

// The file system of whoever picks it up shall see one name, of the type that it is.
bool is_output_name(std::string_view name, CleanFileType type) {
  const std::string_view extension = extension_of(type);
  return name.size() > extension.size() + 1 && is_drop_line(name) &&
         name.find_first_of("/\\") == std::string_view::npos && name.ends_with(extension) &&
         name[name.size() - extension.size() - 1] == '.';
}

std::vector<CleanFile> files(Fields& f) {
  constexpr std::size_t kOctetsMin = 4 + 5 + 1 + 32 + 4;
  const std::uint32_t number = count(f, limits::kCrossingCleanFiles, kOctetsMin, "the number of files");
  std::vector<CleanFile> out;
  std::set<std::string_view> known;
  std::size_t octets = 0;
  out.reserve(number);
  for (std::uint32_t i = 0; i < number && !f.in.failed(); ++i) {
    CleanFile& file = out.emplace_back();
    file.name = f.in.counted(limits::kCleanFileName);
    file.type = enumerator<CleanFileType>(f, kCleanTypes, "an unknown type of clean file");
    if (f.in.failed()) break;
    f.require(is_output_name(file.name, file.type), "the name of a clean file");
    f.require(known.insert(file.name).second, "two clean files of one name");
    take(f, file.sha256);
    const std::string_view content = f.in.counted(limits::kBundleContent - octets);
    octets += content.size();
    if (!f.in.failed()) file.content = content;
  }
  return out;
}

bool files_fit(const DropBundle& bundle) {
  if (bundle.verdict == DropVerdict::clean) return !bundle.files.empty();
  if (bundle.files.empty()) return true;
  return bundle.verdict == DropVerdict::held &&
         std::binary_search(bundle.findings.begin(), bundle.findings.end(), kViewOnly) &&
         std::all_of(bundle.files.begin(), bundle.files.end(),
                     [](const CleanFile& file) { return file.type == CleanFileType::png; });
}

}  // namespace

bool is_drop_line(std::string_view text) {
  return is_line(text) && text.find_first_of("\t\x7f") == std::string_view::npos;
}
bool is_drop_text(std::string_view text) {
  return is_text(text) && text.find('\x7f') == std::string_view::npos;
}

std::string_view extension_of(CleanFileType type) {
  switch (type) {
    case CleanFileType::pdf:
      return "pdf";
    case CleanFileType::text:
      return "txt";
    case CleanFileType::png:
      return "png";
    case CleanFileType::zip:
      return "zip";
  }
  return "";
}

void payload(ByteWriter& w, const DropBundle& bundle) {
  put(w, bundle.id);
  w.u16(bundle.part);
  put(w, bundle.submission);
  w.u32(bundle.number);
  w.u32(bundle.count);
  w.counted(bundle.sender);
  w.counted(bundle.sender_name);
  w.u32(static_cast<std::uint32_t>(bundle.recipients.size()));
  for (const std::string& recipient : bundle.recipients) w.counted(recipient);
  w.counted(bundle.title);
  w.counted(bundle.message);
  w.counted(bundle.importance);
  w.counted(bundle.name);
  w.counted(bundle.type);
  w.u64(bundle.bytes);
  w.raw(bundle.sha256);
  w.u8(static_cast<std::uint8_t>(bundle.verdict));
  put_findings(w, bundle.findings);
  w.u32(static_cast<std::uint32_t>(bundle.approval.size()));
  for (const std::string& rule : bundle.approval) w.counted(rule);
  w.raw(bundle.policy);
  w.u32(static_cast<std::uint32_t>(bundle.files.size()));
  for (const CleanFile& file : bundle.files) {
    w.counted(file.name);
    w.u8(static_cast<std::uint8_t>(file.type));
    w.raw(file.sha256);
    w.counted(file.content);
  }
}

DropBundle drop_bundle(Fields& f) {
  DropBundle out;
  out.id = item_id(f.in);
  out.part = f.in.u16();
  f.require(out.part >= 1, "parts count from 1");
  out.submission = item_id(f.in);
  out.number = f.in.u32();
  out.count = f.in.u32();
  f.require(out.number >= 1 && out.number <= out.count && out.count <= limits::kCrossingFiles,
            "the number of the file");
  out.sender = f.in.counted(limits::kSmtpPath);
  f.require(out.sender.empty() || is_envelope_address(out.sender), "the sender's address");
  out.sender_name = line(f, limits::kCrossingPerson, "the sender's name");
  out.recipients = recipients(f);
  out.title = line(f, limits::kCrossingTitle, "the title");
  out.message = f.in.counted(limits::kCrossingMessage);
  f.require(is_drop_text(out.message), "the message");
  out.importance = line(f, limits::kCrossingImportance, "the importance");
  out.name = line(f, limits::kCrossingFileName, "the name of the file");
  out.type = line(f, limits::kCleanType, "the type of the file");
  out.bytes = f.in.u64();
  f.require(out.bytes <= limits::kMessageBytes, "the size of the file");
  take(f, out.sha256);
  out.verdict = enumerator<DropVerdict>(f, kVerdicts, "an unknown verdict");
  out.findings = findings(f);
  out.approval = approval(f);
  take(f, out.policy);
  out.files = files(f);
  f.require(files_fit(out),
            "what is clean has files, what may only be viewed pictures, and nothing else has");
  f.require(!out.files.empty() || out.approval.empty(), "only what has files can be approved");
  return out;
}

void payload(ByteWriter& w, const DropResult& result) {
  put(w, result.id);
  w.u16(result.part);
  w.u32(result.recipient);
  w.u8(static_cast<std::uint8_t>(result.stage));
}
DropResult drop_result(Fields& f) {
  DropResult out;
  out.id = item_id(f.in);
  out.part = f.in.u16();
  f.require(out.part >= 1, "parts count from 1");
  out.recipient = f.in.u32();
  f.require(out.recipient < limits::kCrossingRecipients, "a recipient beyond any bundle");
  out.stage = enumerator<DropStage>(f, kStages, "an unknown stage");
  return out;
}

void payload(ByteWriter& w, const DropResultTaken& taken) {
  payload(w, DropResult{taken.id, taken.part, taken.recipient, taken.stage});
}
DropResultTaken drop_result_taken(Fields& f) {
  const DropResult result = drop_result(f);
  return {result.id, result.part, result.recipient, result.stage};
}

void payload(ByteWriter& w, const DropState& state) {
  put(w, state.id);
  w.u8(static_cast<std::uint8_t>(state.state));
  w.u32(state.pages);
  put_findings(w, state.findings);
  w.u32(state.pictures);
}
DropState drop_state(Fields& f) {
  DropState out;
  out.id = item_id(f.in);
  out.state = enumerator<DropProgress>(f, kProgresses, "an unknown state");
  out.pages = f.in.u32();
  out.findings = findings(f);
  out.pictures = f.in.u32();
  f.require(out.pictures <= limits::kPreviewPages, "the number of previews");
  return out;
}

void payload(ByteWriter& w, const AskPicture& ask) {
  put(w, ask.id);
  w.u32(ask.page);
}
AskPicture ask_picture(Fields& f) {
  AskPicture out;
  out.id = item_id(f.in);
  out.page = f.in.u32();
  f.require(out.page >= 1 && out.page <= limits::kPreviewPages, "the number of the page");
  return out;
}

void payload(ByteWriter& w, const Picture& picture) {
  payload(w, AskPicture{picture.id, picture.page});
  w.counted(picture.octets);
}
Picture picture(Fields& f) {
  const AskPicture asked = ask_picture(f);
  return {asked.id, asked.page, std::string(f.in.counted(limits::kPictureOctets))};
}

}  // namespace kiyome::transfer
