// Look-ups in the table of types. It is small: they are linear, once or twice per attachment.
#include "sanitizers/type/table.h"

#include <algorithm>
#include <iterator>

namespace kiyome::sanitizer::type {
namespace {

constexpr TypeInfo kTypes[] = {
#define TYPE(type, traits, extensions, aliases) {type, traits, extensions, aliases},
#include "sanitizers/type/types.def"
#undef TYPE
};

constexpr std::string_view kExecutableExtensions =
#include "sanitizers/type/executable_extensions.def"
    ;

constexpr std::string_view kNoClaims[] = {
    "application/octet-stream",   "application/octetstream",    "application/octect-stream",
    "application/binary",         "application/x-binary",       "application/x-download",
    "application/download",       "application/force-download", "application/x-force-download",
    "application/unknown",        "application/x-unknown",      "application/x-unknown-content-type",
    "application/unknown-type",   "binary/octet-stream",        "application/save",
    "application/x-octet-stream", "application/data",           "application/attachment",
    "application/x-file",         "application/file",           "unknown/unknown",
    "multipart/form-data",        "application/x-trash",        "application/macbinary",
    "application/applefile",      "application/x-macbinary",    "multipart/appledouble"};

bool among(std::string_view words, std::string_view word) {
  if (word.empty() || word.find(' ') != std::string_view::npos) return false;
  for (std::size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

std::string lowered(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

}  // namespace

std::span<const TypeInfo> all_types() { return kTypes; }

const TypeInfo* find_type(std::string_view media_type) {
  for (const TypeInfo& type : kTypes)
    if (type.type == media_type) return &type;
  for (const TypeInfo& type : kTypes)
    if (among(type.aliases, media_type)) return &type;
  return nullptr;
}

bool has_extension(const TypeInfo& type, std::string_view extension) {
  return among(type.extensions, extension);
}

bool known_extension(std::string_view extension) {
  return std::any_of(std::begin(kTypes), std::end(kTypes),
                     [&](const TypeInfo& type) { return has_extension(type, extension); });
}

bool executable_extension(std::string_view extension) { return among(kExecutableExtensions, extension); }

std::string bare_type(std::string_view declared) {
  declared = declared.substr(0, declared.find_first_of(";,"));
  std::string out;
  for (const char c : lowered(declared.substr(0, 255)))
    if (c > ' ' && c < 0x7f && c != '"') out += c;
  const std::size_t slash = out.find('/');
  return slash == std::string::npos || slash == 0 || slash + 1 == out.size() ? std::string() : out;
}

std::string extension_of(std::string_view name) {
  if (const std::size_t slash = name.find_last_of("/\\"); slash != std::string_view::npos)
    name.remove_prefix(slash + 1);
  // An alternate data stream of NTFS: "a.exe::$DATA" opens a.exe.
  if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) name = name.substr(0, colon);
  while (!name.empty() &&
         (name.back() == '.' || name.back() == ' ' || name.back() == '\t' || name.back() == '\n'))
    name.remove_suffix(1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.size() - dot > 32) return {};
  std::string extension;
  for (const char c : lowered(name.substr(dot + 1)))
    if (c != '"' && c != ' ') extension += c;
  return extension;
}

bool is_no_claim(std::string_view media_type) {
  return media_type.empty() ||
         std::find(std::begin(kNoClaims), std::end(kNoClaims), media_type) != std::end(kNoClaims);
}

}  // namespace kiyome::sanitizer::type
