// One document within LibreOffice: opened from a file of /tmp, looked at, written as PDF. UNO's exceptions
// stay in here.
#pragma once

#include <com/sun/star/lang/XComponent.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "sanitizers/office/content/types.h"
#include "sanitizers/office/uno.h"

namespace kiyome::sanitizer::office {

struct Opened {
  enum class Outcome { good, damaged, encrypted } outcome = Outcome::damaged;
  uno::Reference<css::lang::XComponent> document;
  bool password_used = false;
};

struct Opening {
  std::string filter_options;  // only for table text
  std::vector<std::string> passwords;
  bool changing = false;  // reveal.h is to change it: much cannot be changed in a document opened to be read
};
// `path` is absolute.
Opened open_document(const std::string& path, const OfficeType& type, const Opening& how);

enum class Kind : std::uint8_t { text, sheets, slides, drawing };
Kind kind_of(const uno::Reference<css::lang::XComponent>& document);

// How many pages it prints on; 0 when it cannot be told.
std::uint32_t page_count(const uno::Reference<css::lang::XComponent>& document, Kind kind,
                         bool hidden_slides = false);

struct PdfForm {
  std::uint32_t first = 1, last = 1;  // pages; of slides those that are shown
  bool whole = false;                 // there are no others
  bool hidden_slides = false;
  bool notes = false;  // the speaker's, behind the slides; only of a whole presentation
};
// false when LibreOffice cannot, or there is no page.
bool write_pdf(const uno::Reference<css::lang::XComponent>& document, Kind kind, const std::string& path,
               const PdfForm& form);

// Writes it by another filter: for the warm-up.
bool write_as(const uno::Reference<css::lang::XComponent>& document, std::string_view filter,
              const std::string& path, std::string_view password);

void close_document(const uno::Reference<css::lang::XComponent>& document);

}  // namespace kiyome::sanitizer::office
