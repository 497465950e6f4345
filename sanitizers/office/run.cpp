#include "sanitizers/office/run.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "sanitizers/office/content/file_name.h"
#include "sanitizers/office/content/package.h"
#include "sanitizers/office/content/table_text.h"
#include "sanitizers/office/content/types.h"
#include "sanitizers/office/document.h"
#include "sanitizers/office/inspect.h"
#include "sanitizers/office/sheets.h"
#include "sanitizers/type/ole.h"
#include "sanitizers/type/zip.h"

namespace kiyome::sanitizer::office {
namespace {

using clean::Finding;

constexpr char kFolder[] = "/tmp/job";  // apart from what LibreOffice has in /tmp
constexpr char kPdf[] = "/tmp/converted.pdf";

class Findings {
 public:
  void add(Finding finding) {
    if (std::find(all_.begin(), all_.end(), finding) == all_.end()) all_.push_back(finding);
  }
  void add(const std::vector<Finding>& findings) {
    for (const Finding finding : findings) add(finding);
  }
  std::vector<Finding> take() { return std::move(all_); }

 private:
  std::vector<Finding> all_;
};

void refuse(Answer& answer, Finding finding) {
  answer.put(clean::Refusal{finding});
  answer.put(clean::End{});
}

// What LibreOffice reads is a file of the job's own /tmp: a stream would escape some of its checks.
bool write_input(const std::string& path, std::string_view octets) {
  const int file = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return false;
  while (!octets.empty()) {
    const ssize_t count = write(file, octets.data(), octets.size());
    if (count <= 0) break;
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
  close(file);
  return octets.empty();
}

// Says the PDF in chunks. false when there is none, or not a whole one.
bool say_pdf(Answer& answer, std::vector<Finding> findings) {
  const int file = open(kPdf, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const off_t size = lseek(file, 0, SEEK_END);
  if (size <= 0 || static_cast<std::uint64_t>(size) > limits::kConvertedOctets) return false;
  answer.put(clean::Document{0, "", std::move(findings)});
  std::string chunk;
  for (off_t at = 0; at < size; at += static_cast<off_t>(chunk.size())) {
    chunk.resize(std::min<std::size_t>(limits::kCleanChunk, static_cast<std::size_t>(size - at)));
    if (pread(file, chunk.data(), chunk.size(), at) != static_cast<ssize_t>(chunk.size())) return false;
    answer.put(clean::Converted{chunk});
  }
  close(file);
  return true;
}

// How many pages are written; notes when there are more.
std::uint32_t pages_to_write(const Opened& opened, Kind kind, std::uint32_t pages_max, Findings& findings) {
  std::uint32_t most = pages_max == 0 ? limits::kDocumentPages : pages_max;
  std::uint32_t count = page_count(opened.document, kind);
  if (kind == Kind::sheets && count > limits::kSheetPages) {
    fit_to_width(opened.document);
    count = page_count(opened.document, kind);
    most = std::min(most, limits::kSheetPages);
  }
  if (count > most) findings.add(Finding::kPagesCut);
  return most;
}

// Encryption that LibreOffice does not know looks like damage to it.
Finding why_not_read(std::string_view input) {
  const bool encrypted = type::look_into_ole(input).encrypted || type::look_into_zip(input).encrypted;
  return encrypted ? Finding::kEncrypted : Finding::kDamagedPart;
}

void convert(std::string_view input, const OfficeType& type, const clean::JobOptions& options,
             Answer& answer) {
  Findings findings;
  findings.add(look_into_package(input, type.package));
  const std::string path = std::string(kFolder) + "/" + file_name(options.name, type.extension);
  TableText table;
  if (is_table_text(type)) {
    table = table_text(input, type.extension == "tsv");
    findings.add(table.findings);
    input = table.utf8;
  }
  mkdir(kFolder, 0700);
  if (!write_input(path, input)) return refuse(answer, Finding::kLimitExpanded);

  const Opened opened = open_document(path, type, table.filter_options, options.passwords);
  if (opened.outcome == Opened::Outcome::encrypted) return refuse(answer, Finding::kEncrypted);
  if (opened.outcome == Opened::Outcome::damaged) return refuse(answer, why_not_read(input));
  if (opened.password_used) findings.add(Finding::kPasswordUsed);
  unlink(path.c_str());
  const Kind kind = kind_of(opened.document);
  if (kind == Kind::sheets && cut_absurd_sheets(opened.document)) findings.add(Finding::kPagesCut);
  if (holds_hidden(opened.document, kind)) findings.add(Finding::kHiddenContent);
  const std::uint32_t pages = pages_to_write(opened, kind, options.pages_max, findings);
  if (!write_pdf(opened.document, kind, kPdf, pages)) return refuse(answer, Finding::kConversionFailed);
  if (!say_pdf(answer, findings.take())) return refuse(answer, Finding::kConversionFailed);
  answer.put(clean::End{});
}

}  // namespace

void run(std::string_view input, const clean::JobOptions& options, Answer& answer) {
  const OfficeType* const type = find_office_type(options.type);
  if (type == nullptr) return refuse(answer, Finding::kUnsupportedType);
  if (input.empty())
    return refuse(answer, Finding::kDamagedPart);  // LibreOffice would make a new document of it
  convert(input, *type, options, answer);
}

}  // namespace kiyome::sanitizer::office
