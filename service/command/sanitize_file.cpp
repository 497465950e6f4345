#include "service/command/sanitize_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "proto/clean/codec.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/cleaner/clean_item.h"
#include "service/cleaner/file_item.h"
#include "service/cleaner/report.h"
#include "service/compose/utf8.h"
#include "service/document/mail_reading.h"
#include "service/document/password_words.h"
#include "service/document/scan.h"
#include "service/gate/verify.h"
#include "service/policy/policy.h"

namespace kiyome::command {

namespace {

namespace fs = std::filesystem;
using clean::Finding;

constexpr std::size_t kReadOctets = 256u << 10;

// A file's octets go from the disk into the sandbox and nowhere else.
document::Content content_of(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_errno(path);
  document::Content content;
  std::string buffer(kReadOctets, '\0');
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(path);
    if (count == 0) break;
    content.append(std::string_view(buffer).substr(0, static_cast<std::size_t>(count)));
  }
  content.seal();
  return content;
}

// `stem` and what follows it, as one file name: a stem that is too long for that is cut.
std::string file_name(std::string_view stem, std::string_view end) {
  constexpr std::size_t kFileSystemName = 255;
  const std::size_t room = kFileSystemName - std::min(end.size() + NewFile::kMark.size(), kFileSystemName);
  return std::string(compose::cut_at_character(stem, room)).append(end);
}

// A name that says it is a mail is believed (a mail may look like anything); else the content decides.
bool is_mail_name(const std::string& path) { return path.ends_with(".eml") || path.ends_with(".EML"); }

store::Envelope envelope_of(const clean::MailAnswer& answer, std::int64_t received_ms) {
  store::Envelope envelope;
  envelope.id = new_item_id();
  envelope.received_ms = received_ms;
  envelope.client_address = "127.0.0.1";
  envelope.client_helo = "localhost";
  envelope.protocol = "ESMTP";
  if (!answer.header.from.empty()) envelope.sender = answer.header.from.front().address;
  for (const clean::Address& each : answer.header.to)
    if (envelope.recipients.empty() && !each.address.empty())
      envelope.recipients.push_back({0, each.address, 0, {}});
  if (envelope.recipients.empty()) envelope.recipients.push_back({});
  return envelope;
}

void add(std::vector<Finding>& to, const std::vector<Finding>& some) {
  for (const Finding finding : some)
    if (std::find(to.begin(), to.end(), finding) == to.end()) to.push_back(finding);
}

}  // namespace

struct FileSanitizer::Written {
  std::string path, type, octets;
  std::uint32_t pages = 0;
};

// Everything known about one file while it is worked on.
struct FileSanitizer::Case {
  explicit Case(const std::string& file) : path(file), content(content_of(file)) {}

  const std::string path;
  const document::Content content;
  Steady::time_point began = Steady::now();
  std::optional<clean::MailAnswer> answer;
  std::map<std::uint32_t, document::Content> contents;  // of the parts of a mail
  std::string type = "application/octet-stream";
  bool held = false, rejected = false;
  std::vector<Finding> reasons;
  std::string parts = "[]";  // JSON
  std::string outputs;       // JSON, without the brackets
  std::string names;         // of the outputs, to be told
  double parse_ms = 0, render_ms = 0, compose_ms = 0;

  void hold(Finding why) {
    held = true;
    add(reasons, {why});
  }
  std::string name() const { return fs::path(path).filename().string(); }
  // … as a sandbox and a title take it; empty when it is none in our language (Shift_JIS, a line end).
  std::string plain_name() const {
    std::string out = name();
    return clean::is_clean_line(out) && out.size() <= limits::kCleanName ? out : std::string();
  }
};

Outcome FileSanitizer::sanitize(const std::string& path) {
  Case one(path);
  if (is_mail_name(path)) scan(one);
  if (!one.held) look(one);
  if (one.held) return told(one);
  if (!is_mail_name(path) && cleaner::is_one_file(*one.answer)) {
    clean_file(one);  // scans it, and what lies within
    return told(one);
  }
  if (!is_mail_name(path)) scan(one);
  if (!one.held) clean_mail(one);
  return told(one);
}

// A whole mail, for its texts go by no other scan.
void FileSanitizer::scan(Case& one) const {
  std::string name;
  if (const auto why =
          document::held_by_scan(config_.scan, one.content.descriptor(), one.content.size(), name))
    one.hold(*why);
}

// The mail sanitizer tells what it is, and opens it when it is a mail.
void FileSanitizer::look(Case& one) {
  clean::JobOptions options;
  options.any_file = !is_mail_name(one.path);
  options.part_texts = options.contents = policy::passes_documents(config_);
  options.name = one.plain_name();
  document::MailReading reading =
      document::read_mail(sanitizers_.get(document::Kind::mail), one.content.descriptor(), one.content.size(),
                          options, config_.cleaner);
  one.parse_ms = reading.end.milliseconds;
  if (!reading.end.good()) {
    if (is_mail_name(one.path)) one.type = "message/rfc822";
    return one.hold(*reading.end.failure);
  }
  one.contents = std::move(reading.contents);
  one.answer = std::move(reading.answer);
}

std::vector<std::string> FileSanitizer::passwords_for(const document::PasswordWords& words) const {
  return document::passwords_to_try(
      {.given = passwords_, .configured = config_.documents.passwords, .remembered = {}}, words);
}

void FileSanitizer::clean_mail(Case& one) {
  one.type = "message/rfc822";
  const auto composing = Steady::now();
  const clean::MailAnswer& answer = *one.answer;
  const store::Envelope envelope = envelope_of(answer, unix_ms_now());
  cleaner::Request request;
  request.envelope = &envelope;
  request.bytes = one.content.size();
  request.answer = &answer;
  document::Budget budget(config_.documents);
  const std::vector<std::string> passwords =
      passwords_for(document::password_words(answer.header.subject.value_or(""), answer.body.text));
  const cleaner::Documents made =
      cleaner::make_documents(request, config_, one.contents, documents_, passwords, budget);
  for (const auto& [wish, done] : made) one.render_ms += done.render_ms;
  request.documents = &made;
  const cleaner::Group group = cleaner::clean_item(request, config_).front();
  one.parts = cleaner::parts_json(answer, group);
  one.compose_ms = milliseconds_since(composing) - one.render_ms;
  const std::vector<Finding> holds = cleaner::item_holds(answer);
  one.held = !holds.empty() || group.verdict != Verdict::clean;
  one.rejected = holds.empty() && group.verdict == Verdict::rejected;
  one.reasons = holds.empty() ? group.reasons : holds;
  if (one.held) return;
  std::vector<Written> files;
  files.push_back(
      {(fs::path(folder_) / file_name(one.name(), ".eml")).string(), one.type, group.mail.octets, 0});
  write_all_of(one, files);
}

void FileSanitizer::clean_file(Case& one) {
  cleaner::FileRequest request;
  request.content = &one.content;
  request.answer = &*one.answer;
  request.name = one.plain_name();
  request.wish.passwords = passwords_for({});
  request.action =
      cleaner::wish_for(config_, "", "", cleaner::part_of_file(one.content, *one.answer, request.name));
  document::Budget budget(config_.documents, limits::kFileWritten);
  cleaner::CleanedFile cleaned = cleaner::clean_file(request, documents_, budget);
  if (!cleaned.part.detected_type.empty()) one.type = cleaned.part.detected_type;
  one.parts = "[" + cleaner::file_json(cleaned.part, cleaned.made) + "]";
  one.render_ms = cleaned.made.render_ms;
  one.compose_ms = cleaned.made.compose_ms;
  one.reasons = cleaned.reasons;

  const document::OutputNaming naming{one.name(), request.name, one.name() + ".", true, file_name};
  std::vector<Written> files;
  for (document::OutputFile& file :
       document::output_files(cleaned.made, naming, config_.notice.break_links, one.reasons))
    files.push_back(
        {(fs::path(folder_) / file.name).string(), file.type, std::move(file.octets), file.pages});
  one.held = cleaned.made.held() || files.empty();
  if (!one.held) write_all_of(one, files);
}

// All are proved before one is written.
bool FileSanitizer::write_all_of(Case& one, std::vector<Written>& files) {
  for (const Written& file : files) {
    // A text that begins like a mail is a text for all that.
    const auto violation =
        file.type == "text/plain" ? gate::verify_text(file.octets) : gate::verify_file(file.octets);
    if (violation) {
      log::error(
          "own output refused",
          {{"file", file.path}, {"offset", std::int64_t(violation->offset)}, {"why", violation->reason}});
      one.hold(Finding::kVerifyRefused);
      return false;
    }
  }
  for (const Written& file : files) {
    NewFile written(file.path, 0644);
    written.write(file.octets);
    written.replace();
    if (!one.outputs.empty()) one.outputs += ',';
    one.outputs += fmt::format(R"({{"path":{},"sha256":"{}","bytes":{},"type":"{}","pages":{}}})",
                               log::json_string(file.path), hex(sha256(file.octets)), file.octets.size(),
                               file.type, file.pages);
    one.names += " " + file.path;
  }
  return true;
}

Outcome FileSanitizer::told(const Case& one) const {
  Outcome out;
  // An archive is clean when some of its entries are; that others are held is told by the exit code, too.
  out.held =
      one.held || std::find(one.reasons.begin(), one.reasons.end(), Finding::kEntryHeld) != one.reasons.end();
  out.line = fmt::format(
      R"({{"input":{},"sha256":"{}","type":{},"verdict":"{}","reasons":{},"outputs":[{}],"parts":{},"ms":{{"total":{:.2f},"parse":{:.2f},"render":{:.2f},"compose":{:.2f}}}}})",
      log::json_string(one.path), hex(one.content.sha256()), log::json_string(one.type),
      one.rejected ? "rejected"
      : one.held   ? "held"
                   : "clean",
      cleaner::reasons_json(one.reasons), one.outputs, one.parts, milliseconds_since(one.began), one.parse_ms,
      one.render_ms, one.compose_ms);
  out.told = one.path + (one.rejected ? ": rejected" : one.held ? ": held" : ": clean" + one.names);
  if (one.held)
    for (const Finding reason : one.reasons) out.told.append(" ").append(clean::slug(reason));
  return out;
}

}  // namespace kiyome::command
