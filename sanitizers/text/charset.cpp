// Charset names: one sorted table of what mail programs write.
#include "sanitizers/text/charset.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace kiyome::sanitizer::text {

const char* const kSingleOctetNames[] = {"CP1252",      "ISO-8859-2",  "ISO-8859-3",   "ISO-8859-4",
                                         "ISO-8859-5",  "ISO-8859-6",  "ISO-8859-7",   "ISO-8859-8",
                                         "CP1254",      "ISO-8859-10", "CP874",        "ISO-8859-13",
                                         "ISO-8859-14", "ISO-8859-15", "ISO-8859-16",  "CP1250",
                                         "CP1251",      "CP1253",      "CP1255",       "CP1256",
                                         "CP1257",      "CP1258",      "KOI8-R",       "KOI8-U",
                                         "KOI8-T",      "MACINTOSH",   "MAC-CYRILLIC", "MAC-CENTRALEUROPE",
                                         "CP437",       "CP737",       "CP775",        "CP850",
                                         "CP852",       "CP855",       "CP857",        "CP858",
                                         "CP860",       "CP861",       "CP862",        "CP863",
                                         "CP864",       "CP865",       "CP866",        "CP869",
                                         "CP1125",      "VISCII",      "TCVN",         "ARMSCII-8",
                                         "GEORGIAN-PS", "PT154",       "HP-ROMAN8",    "CP1124",
                                         "MIK"};

const char* const kMultiOctetNames[] = {"GB18030", "BIG5-HKSCS", "UHC", "EUC-TW", "JOHAB", "EUC-JISX0213"};

std::size_t single_octet_count() { return std::size(kSingleOctetNames); }
std::size_t multi_octet_count() { return std::size(kMultiOctetNames); }

namespace {

struct Alias {
  std::string_view name;
  Charset charset;
};

// Sorted by name. ISO-8859-1, -9 and -11 mean their Windows supersets, as every mail program and the WHATWG
// agree.
constexpr Alias kAliases[] = {
#include "sanitizers/text/charset_aliases.def"
};

constexpr bool sorted() {
  for (std::size_t i = 1; i < std::size(kAliases); ++i)
    if (!(kAliases[i - 1].name < kAliases[i].name)) return false;
  return true;
}
static_assert(sorted());

// Longer than every alias; what is longer is no name.
constexpr std::size_t kNameLength = 64;

}  // namespace

std::string core_name(std::string_view declared) {
  std::string name;
  for (const char raw : declared) {
    const char c = raw >= 'A' && raw <= 'Z' ? static_cast<char>(raw + 32) : raw == '_' ? '-' : raw;
    if (c == '"' || c == '\'' || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\\' || c == '<') {
      continue;
    }
    if (c == ';' || c == ',' || c == '*' || c == '>' || c == '/') break;
    if (c == '=') {  // "charset=utf-8" written into the value once more
      name.clear();
      continue;
    }
    if (name.size() == kNameLength) break;
    name += c;
  }
  return name;
}

Charset charset_of(std::string_view declared) {
  const std::string name = core_name(declared);
  if (name.empty()) return {Scheme::undeclared, 0};
  const auto* found = std::lower_bound(std::begin(kAliases), std::end(kAliases), name,
                                       [](const Alias& a, const std::string& n) { return a.name < n; });
  if (found == std::end(kAliases) || found->name != name) return {Scheme::unknown, 0};
  return found->charset;
}

}  // namespace kiyome::sanitizer::text
