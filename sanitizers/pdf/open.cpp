#include "sanitizers/pdf/open.h"

#include "proto/base/limits.h"
#include "sanitizers/pdf/characters.h"

namespace kiyome::sanitizer::pdf {

Opened open_document(std::string_view octets, const std::vector<std::string>& passwords) {
  Opened out;
  std::size_t tried = 0;
  const auto attempt = [&](const char* password) {
    out.document.reset(engine().FPDF_LoadMemDocument64(octets.data(), octets.size(), password));
    if (out.document != nullptr) return true;
    const unsigned long error = engine().FPDF_GetLastError();
    const bool locked = error == kFpdfPasswordError || error == kFpdfSecurityError;
    out.refusal = locked ? clean::Finding::kEncrypted : clean::Finding::kDamagedPart;
    return error != kFpdfPasswordError;  // another password would not help
  };
  if (attempt(nullptr)) return out;
  for (const std::string& password : passwords) {
    if (++tried > limits::kJobPasswords) break;
    if (!attempt(password.c_str())) continue;
    out.password_used = out.document != nullptr;
    break;
  }
  return out;
}

std::string title_of(FpdfDocument* document) {
  // Four UTF-16 octets become at most as many of UTF-8; a longer title is cut anyway.
  constexpr unsigned long kMost = 4 * limits::kCleanName;
  const unsigned long size = engine().FPDF_GetMetaText(document, "Title", nullptr, 0);
  if (size < 2 || size > limits::kPdfTitle) return {};
  std::string octets(size, '\0');
  if (engine().FPDF_GetMetaText(document, "Title", octets.data(), size) != size) return {};
  octets.resize(std::min<std::size_t>(size, kMost));
  return line_of_utf16(octets);
}

}  // namespace kiyome::sanitizer::pdf
