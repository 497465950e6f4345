#include "sanitizers/pdf/notes.h"

#include <algorithm>
#include <cstring>

#include "proto/base/limits.h"
#include "sanitizers/pdf/handles.h"

namespace kiyome::sanitizer::pdf {
namespace {

using clean::Finding;

// Names of ISO 32000-1 sections 12.6 and 7.7.2 that stand for something that happens.
constexpr std::string_view kActions[] = {"/JavaScript", "/JS",         "/AA",    "/Launch", "/URI",
                                         "/SubmitForm", "/ImportData", "/GoToR", "/GoToE",  "/RichMedia",
                                         "/Rendition",  "/Movie",      "/XFA"};

// Annotations that carry something else than what they show; numbers of fpdf_annot.h.
constexpr int kLink = 2, kPopup = 16, kFileAttachment = 17, kSound = 18, kMovie = 19, kScreen = 21,
              kThreeD = 25, kRichMedia = 26;

void note(std::vector<Finding>& notes, Finding finding) {
  if (std::find(notes.begin(), notes.end(), finding) == notes.end()) notes.push_back(finding);
}

bool ends_name(std::string_view rest) {
  return rest.empty() ||
         std::string_view(" \t\r\n\f/[]<>(){}%").find(rest.front()) != std::string_view::npos ||
         rest.front() == '\0';
}

// "/OFF [ 5 0 R": layers that a reader does not show, ISO 32000-1 section 8.11.4.3.
bool hides_a_layer(std::string_view rest) {
  constexpr std::string_view kName = "/OFF", kBlanks = " \t\r\n";
  if (rest.substr(0, kName.size()) != kName) return false;
  rest = rest.substr(kName.size(), 16);
  const std::size_t open = rest.find_first_not_of(kBlanks);
  if (open == std::string_view::npos || rest[open] != '[') return false;
  const std::size_t first = rest.find_first_not_of(kBlanks, open + 1);
  return first != std::string_view::npos && rest[first] >= '0' && rest[first] <= '9';
}

// "/OpenAction << …" or "5 0 R": an array is only a place in the document to begin with, section 12.3.2.
bool acts_when_opened(std::string_view rest) {
  constexpr std::string_view kName = "/OpenAction", kBlanks = " \t\r\n";
  if (rest.substr(0, kName.size()) != kName) return false;
  const std::size_t value = rest.find_first_not_of(kBlanks, kName.size());
  return value != std::string_view::npos && rest[value] != '[';
}

bool names_an_action(std::string_view rest) {
  return acts_when_opened(rest) ||
         std::any_of(std::begin(kActions), std::end(kActions), [rest](std::string_view name) {
           return rest.substr(0, name.size()) == name && ends_name(rest.substr(name.size()));
         });
}

// A whole file ends with its mark (ISO 32000-1 section 7.5.5). The engine mends a file that does not, and
// pages or pictures that stood in the rest are blank then. A mark may stand before what was added to the
// file.
bool breaks_off(std::string_view octets) {
  constexpr std::string_view kMark = "%%EOF";
  const std::size_t mark = octets.rfind(kMark);
  return mark == std::string_view::npos || octets.find(" obj", mark) != std::string_view::npos;
}

}  // namespace

std::vector<Finding> notes_on_document(std::string_view octets, FpdfDocument* document) {
  std::vector<Finding> out;
  bool actions = false, layers = false;
  std::size_t at = 0;
  while (!(actions && layers) && (at = octets.find('/', at)) != std::string_view::npos) {
    const std::string_view rest = octets.substr(at++, 64);
    actions = actions || names_an_action(rest);
    layers = layers || hides_a_layer(rest);
  }
  if (actions) note(out, Finding::kActionsRemoved);
  if (layers) note(out, Finding::kHiddenContent);
  if (breaks_off(octets)) note(out, Finding::kPageDamaged);
  if (engine().FPDFDoc_GetAttachmentCount(document) > 0) note(out, Finding::kEmbeddedRemoved);
  if (engine().FPDF_GetSignatureCount(document) > 0) note(out, Finding::kSigned);
  if (engine().FPDF_GetFormType(document) != 0) note(out, Finding::kFormRemoved);
  return out;
}

PageNotes notes_on_page(FpdfPage* page) {
  PageNotes out;
  const int count = std::min(engine().FPDFPage_GetAnnotCount(page), limits::kPdfAnnotations);
  for (int i = 0; i < count; ++i) {
    const Annotation annotation(engine().FPDFPage_GetAnnot(page, i));
    if (annotation == nullptr) continue;
    const int kind = engine().FPDFAnnot_GetSubtype(annotation.get());
    out.shows_annotations = out.shows_annotations || (kind != kLink && kind != kPopup);
    if (kind == kFileAttachment) note(out.findings, Finding::kEmbeddedRemoved);
    if (kind == kLink || kind == kSound || kind == kMovie || kind == kScreen || kind == kThreeD ||
        kind == kRichMedia || engine().FPDFAnnot_HasKey(annotation.get(), "A") != 0 ||
        engine().FPDFAnnot_HasKey(annotation.get(), "AA") != 0)
      note(out.findings, Finding::kActionsRemoved);
  }
  return out;
}

}  // namespace kiyome::sanitizer::pdf
