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

// `path` is absolute. `filter_options` only for table text.
Opened open_document(const std::string& path, const OfficeType& type, const std::string& filter_options,
                     const std::vector<std::string>& passwords);

enum class Kind : std::uint8_t { text, sheets, slides, drawing };
Kind kind_of(const uno::Reference<css::lang::XComponent>& document);

// How many pages it prints on; 0 when it cannot be told.
std::uint32_t page_count(const uno::Reference<css::lang::XComponent>& document, Kind kind);

// Writes the first `pages` pages. false when LibreOffice cannot, or there is none.
bool write_pdf(const uno::Reference<css::lang::XComponent>& document, Kind kind, const std::string& path,
               std::uint32_t pages);

// Writes it by another filter: for the warm-up.
bool write_as(const uno::Reference<css::lang::XComponent>& document, std::string_view filter,
              const std::string& path, std::string_view password);

void close_document(const uno::Reference<css::lang::XComponent>& document);

}  // namespace kiyome::sanitizer::office
