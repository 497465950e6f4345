// Opening a document, with a password if it wants one. The engine is the one that trusts nothing here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"
#include "sanitizers/pdf/handles.h"

namespace kiyome::sanitizer::pdf {

struct Opened {
  Document document;  // empty when refused
  clean::Finding refusal = clean::Finding::kDamagedPart;
  bool password_used = false;
};

// `octets` must outlive the document. Tries no password first, then each in order.
Opened open_document(std::string_view octets, const std::vector<std::string>& passwords);

// The document's title as a line, or empty.
std::string title_of(FpdfDocument* document);

}  // namespace kiyome::sanitizer::pdf
