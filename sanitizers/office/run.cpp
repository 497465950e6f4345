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
#include "sanitizers/office/reveal.h"
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
  bool has(Finding finding) const { return std::find(all_.begin(), all_.end(), finding) != all_.end(); }
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
bool say_pdf(Answer& answer, clean::Document document) {
  const int file = open(kPdf, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const off_t size = lseek(file, 0, SEEK_END);
  if (size <= 0 || static_cast<std::uint64_t>(size) > limits::kConvertedOctets) return false;
  answer.put(std::move(document));
  std::string chunk;
  for (off_t at = 0; at < size; at += static_cast<off_t>(chunk.size())) {
    chunk.resize(std::min<std::size_t>(limits::kCleanChunk, static_cast<std::size_t>(size - at)));
    if (pread(file, chunk.data(), chunk.size(), at) != static_cast<ssize_t>(chunk.size())) return false;
    answer.put(clean::Converted{chunk});
  }
  close(file);
  return true;
}

struct Pages {
  std::uint32_t count = 0;  // 0: not known
  std::uint32_t first = 1, last = 1;
};

// Which pages are written; notes when there are more.
Pages pages_to_write(const Opened& opened, Kind kind, const clean::JobOptions& options, Findings& findings) {
  std::uint32_t most = options.pages_max == 0 ? limits::kDocumentPages : options.pages_max;
  std::uint32_t count = page_count(opened.document, kind, options.show_hidden);
  if (kind == Kind::sheets && count > limits::kSheetPages) {
    fit_to_width(opened.document, Fit::all);
    count = page_count(opened.document, kind);
    most = std::min(most, limits::kSheetPages);
  }
  const std::uint32_t last = options.first_page + most - 1;  // both are at most kDocumentPages
  if (count > last || options.first_page > 1) findings.add(Finding::kPagesCut);
  return {std::min(count, limits::kDocumentPages), options.first_page, last};
}

// What it hides is told, and shown where policy says so.
void look_for_hidden(const Opened& opened, Kind kind, const clean::JobOptions& options, Findings& findings) {
  if (options.accept_changes && kind == Kind::text) accept_changes(opened.document);
  const Hidden hidden = hidden_in(opened.document, kind);
  if (hidden.content || hidden.changes) {
    const bool shown = options.show_hidden && hidden.content;
    if (shown) findings.add(Finding::kHiddenShown);
    if (!shown || hidden.changes) findings.add(Finding::kHiddenContent);
  }
  if (hidden.comments && !options.show_comments) findings.add(Finding::kHiddenContent);
  if (hidden.bubbles) findings.add(Finding::kHiddenContent);
  if (options.show_hidden && hidden.content) {
    show_hidden(opened.document, kind);
    if (kind != Kind::slides && hidden_in(opened.document, kind).content)
      findings.add(Finding::kHiddenContent);  // a protected workbook keeps its sheets
  }
  if (options.show_comments && hidden.comments) show_comments(opened.document, kind);
}

clean::Document document_of(const Pages& pages, Findings& findings) {
  return {findings.has(Finding::kPagesCut) ? pages.count : 0, "", findings.take()};
}

// Encryption that LibreOffice does not know looks like damage to it.
Finding why_not_read(std::string_view input) {
  const bool encrypted = type::look_into_ole(input).encrypted || type::look_into_zip(input).encrypted;
  return encrypted ? Finding::kEncrypted : Finding::kDamagedPart;
}

void convert(std::string_view input, const OfficeType& type, const clean::JobOptions& options,
             Answer& answer) {
  Findings findings;
  const std::vector<Finding> package = look_into_package(input, type.package);
  const std::string path = std::string(kFolder) + "/" + file_name(options.name, type.extension);
  TableText table;
  if (is_table_text(type)) {
    table = table_text(input, type.extension == "tsv");
    findings.add(table.findings);
    input = table.utf8;
  }
  mkdir(kFolder, 0700);
  if (!write_input(path, input)) return refuse(answer, Finding::kLimitExpanded);

  const bool changing = options.show_hidden || options.show_comments || options.accept_changes;
  const Opened opened = open_document(path, type, {table.filter_options, options.passwords, changing});
  if (opened.outcome == Opened::Outcome::encrypted) return refuse(answer, Finding::kEncrypted);
  if (opened.outcome == Opened::Outcome::damaged) return refuse(answer, why_not_read(input));
  if (opened.password_used) findings.add(Finding::kPasswordUsed);
  unlink(path.c_str());
  const Kind kind = kind_of(opened.document);
  // The package tells of comments; what is hidden else only the document does.
  for (const Finding finding : package)
    if (finding != Finding::kHiddenContent || !options.show_comments) findings.add(finding);
  if (kind == Kind::text) keep_dates(opened.document);
  look_for_hidden(opened, kind, options, findings);
  bool cells_cut = false;
  if (kind == Kind::sheets) {
    if (is_table_text(type)) say_pages_in_japanese(opened.document);
    if (options.fit_width) fit_to_width(opened.document, Fit::without_setup);
    cells_cut = cut_absurd_sheets(opened.document);
  }
  if (cells_cut) findings.add(Finding::kPagesCut);
  Pages pages = pages_to_write(opened, kind, options, findings);
  if (cells_cut) pages.count = 0;  // how many there would have been
  const bool whole = !findings.has(Finding::kPagesCut);
  const bool notes = options.show_comments && kind == Kind::slides;
  if (notes && !whole) findings.add(Finding::kHiddenContent);
  const PdfForm form{pages.first, pages.last, whole, options.show_hidden, notes};
  if (!write_pdf(opened.document, kind, kPdf, form)) return refuse(answer, Finding::kConversionFailed);
  if (!say_pdf(answer, document_of(pages, findings))) return refuse(answer, Finding::kConversionFailed);
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
