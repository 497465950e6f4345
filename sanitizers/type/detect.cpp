// detect(): content first, then what the sender claims about it.
#include <algorithm>

#include "sanitizers/type/magic_database.h"
#include "sanitizers/type/ole.h"
#include "sanitizers/type/sealed.h"
#include "sanitizers/type/signatures.h"
#include "sanitizers/type/table.h"
#include "sanitizers/type/textual.h"
#include "sanitizers/type/type.h"
#include "sanitizers/type/zip.h"

namespace kiyome::sanitizer::type {
namespace {

using clean::Finding;

constexpr std::string_view kUnknown = "application/octet-stream";

struct Content {
  std::string type{kUnknown};
  bool encrypted = false;
};

Content by_content(std::string_view octets, std::string_view extension) {
  if (const std::string_view type = signature_type(octets); !type.empty()) {
    Content content{std::string(type), false};
    if (type == "application/zip") {
      ZipLook look = look_into_zip(octets);
      return {std::move(look.type), look.encrypted};
    }
    if (type == "application/x-ole-storage") {
      OleLook look = look_into_ole(octets);
      return {std::move(look.type), look.encrypted};
    }
    if (type == "application/pdf") content.encrypted = pdf_is_encrypted(octets);
    if (type == "application/x-7z-compressed") content.encrypted = seven_zip_is_encrypted(octets);
    if (type == "application/vnd.rar") content.encrypted = rar_is_encrypted(octets);
    if (type == "application/vnd.fujixerox.docuworks" && extension == "xbd") content.type += ".binder";
    return content;
  }
  if (const DerLook der = look_at_der(octets); !der.type.empty())
    return {std::string(der.type), der.encrypted};
  if (const std::string_view text = textual_type(octets, extension); !text.empty())
    return {std::string(text), text == "application/pgp-encrypted"};
  if (const std::string magic = magic_type(octets); !magic.empty() && magic != kUnknown) {
    const TypeInfo* known = find_type(magic);
    // Its word for a text would contradict our own look; unknown names are kept as they are.
    if (known != nullptr && !known->text_like()) return {std::string(known->type), false};
    if (known == nullptr && !magic.starts_with("text/")) return {magic, false};
  }
  return {};
}

// ---- the claims ----

// Office programs of one house are declared for each other's files.
std::string_view family(const TypeInfo& info) {
  struct Family {
    std::string_view word, name;
  };
  constexpr Family kFamilies[] = {{"word", "word"},
                                  {"msword", "word"},
                                  {"rtf", "word"},
                                  {"excel", "excel"},
                                  {"spreadsheetml", "excel"},
                                  {"powerpoint", "slides"},
                                  {"presentationml", "slides"},
                                  {"visio", "visio"},
                                  {"pgp", "pgp"},
                                  {"pkcs7", "pkcs"},
                                  {"pkix", "pkcs"},
                                  {"pem", "pkcs"},
                                  {"pkcs12", "pkcs"},
                                  {"docuworks", "docuworks"}};
  for (const Family& one : kFamilies)
    if (info.type.find(one.word) != std::string_view::npos) return one.name;
  return {};
}

bool declaration_fits(const TypeInfo& declared, const TypeInfo* found, std::string_view found_type) {
  if (found == nullptr) return !declared.sure();
  if (&declared == found) return true;
  if (declared.text_like() && found->text_like() && !found->executable()) return true;
  // Windows declares CSV as what opens it.
  if (declared.type == "application/vnd.ms-excel" && found->type.starts_with("text/") && found->text_like())
    return !found->executable();
  if (declared.type == "application/zip" && found->zip()) return true;
  if (declared.type == "application/x-ole-storage" && found->ole()) return true;
  if (!family(declared).empty() && family(declared) == family(*found)) return true;
  // A sealed document is still declared as what it was.
  if (found_type == "application/x-ms-encrypted-package" && (declared.zip() || declared.ole())) return true;
  if (declared.type == "application/gzip" && found_type == "application/x-tar") return true;
  // Signed mail and PGP may carry what they sign under their own name.
  return declared.type == "message/rfc822" && found->text_like() && !found->executable();
}

bool extension_fits(std::string_view extension, const TypeInfo* found, std::string_view found_type) {
  if (found != nullptr && has_extension(*found, extension)) return true;
  bool claimed = false, claimed_surely = false, claimed_text = false, claimed_office = false;
  for (const TypeInfo& info : all_types()) {
    if (!has_extension(info, extension)) continue;
    claimed = true;
    claimed_surely = claimed_surely || info.sure();
    claimed_text = claimed_text || (info.text_like() && !info.executable());
    claimed_office = claimed_office || ((info.zip() || info.ole()) && !info.executable());
  }
  if (!claimed) return true;
  if (found == nullptr) return !claimed_surely;
  if (claimed_text && found->text_like() && !found->executable()) return true;
  return found_type == "application/x-ms-encrypted-package" && claimed_office && extension != "zip";
}

}  // namespace

void warm_up() { load_magic(); }

Detected detect(std::string_view octets, std::string_view name, std::string_view declared) {
  const std::string extension = extension_of(name);
  Content content = by_content(octets, extension);
  const TypeInfo* found = content.type == kUnknown ? nullptr : find_type(content.type);
  Detected out;
  out.type = found != nullptr ? std::string(found->type) : content.type;
  out.text_like = found != nullptr && found->text_like();
  const bool runs = (found != nullptr && found->executable()) || executable_extension(extension);
  if (runs) out.findings.push_back(Finding::kExecutable);
  if (content.encrypted) out.findings.push_back(Finding::kEncrypted);
  const std::string claim = bare_type(declared);
  const TypeInfo* claimed = is_no_claim(claim) ? nullptr : find_type(claim);
  const bool fits = octets.empty() || ((claimed == nullptr || declaration_fits(*claimed, found, out.type)) &&
                                       (extension.empty() || extension_fits(extension, found, out.type)));
  if (!fits) out.findings.push_back(Finding::kTypeMismatch);
  return out;
}

}  // namespace kiyome::sanitizer::type
