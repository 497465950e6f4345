// File names of what leaves (GRAMMAR.md section 4.3). The sender's name is hostile text.
#include <array>

#include "proto/base/limits.h"
#include "service/compose/characters.h"
#include "service/compose/compose.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

using clean::Finding;

// Not allowed in names by Windows, or standing for such a character to a person or a converter.
bool is_forbidden(char32_t c) {
  switch (c) {
    case '"':
    case '*':
    case '/':
    case ':':
    case '<':
    case '>':
    case '?':
    case '\\':
    case '|':
    case 0xFF02:
    case 0xFF0A:
    case 0xFF0F:
    case 0xFF1A:
    case 0xFF1C:
    case 0xFF1E:
    case 0xFF1F:
    case 0xFF3C:
    case 0xFF5C:
    case 0xFE68:
    case 0xA5:
    case 0xFFE5:
      return true;
    default:
      return false;
  }
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  return true;
}

// Windows opens a device for these, whatever follows the first dot.
bool is_device(std::string_view name) {
  name = name.substr(0, name.find('.'));
  name = without_name_end(name);  // Windows passes over blanks there, and so do kind readers of other blanks
  for (const std::string_view device : {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"})
    if (equals_ignoring_case(name, device)) return true;
  if (name.size() < 4 ||
      (!equals_ignoring_case(name.substr(0, 3), "COM") && !equals_ignoring_case(name.substr(0, 3), "LPT")))
    return false;
  const std::string_view number = name.substr(3);
  return (number.size() == 1 && number[0] >= '0' && number[0] <= '9') || number == "¹" || number == "²" ||
         number == "³";
}

// Without a path: what stands after the last separator, unless nothing does.
std::string_view without_path(std::string_view name) {
  const std::size_t last = name.find_last_of("/\\");
  return last == std::string_view::npos || last + 1 == name.size() ? name : name.substr(last + 1);
}

std::string without_forbidden(std::string_view name) {
  std::string out;
  for (std::size_t at = 0; at < name.size();) {
    const CodePoint c = code_point_at(name, at);
    if (is_forbidden(c.value))
      out += '_';
    else
      out.append(name, at, c.length);
    at += c.length;
  }
  return out;
}

std::string_view without_front(std::string_view name) {
  while (!name.empty()) {
    const CodePoint c = code_point_at(name, 0);
    if (!is_blank(c.value) && c.value != '.' && c.value != '-' && c.value != '~') break;
    name.remove_prefix(c.length);
  }
  return name;
}

std::string_view without_extension(std::string_view name, std::string_view dotted) {
  const bool has =
      name.size() > dotted.size() && equals_ignoring_case(name.substr(name.size() - dotted.size()), dotted);
  return has ? name.substr(0, name.size() - dotted.size()) : name;
}

}  // namespace

std::string_view without_name_end(std::string_view name) {
  for (;;) {
    std::size_t length = 0;
    for (const std::string_view end : {".", " ", "\xC2\xA0", "\xE3\x80\x80", "\xE2\x80\x8C", "\xE2\x80\x8D"})
      if (name.ends_with(end)) length = end.size();
    if (length == 0) return name;
    name.remove_suffix(length);
  }
}

std::string clean_file_name(std::string_view utf8, std::string_view extension,
                            std::vector<Finding>& findings) {
  if (extension.starts_with('.')) extension.remove_prefix(1);
  const std::string dotted = std::string(".").append(extension);
  const std::string line = clean_line(utf8, findings);
  const std::string allowed = without_forbidden(without_path(line));
  std::string_view rest = without_extension(without_front(without_name_end(allowed)), dotted);
  rest =
      without_name_end(cut_at_character(without_name_end(rest), limits::kCleanFileName - dotted.size() - 1));
  std::string stem(rest.empty() ? std::string_view("添付") : rest);
  if (is_device(stem)) stem = std::string("_").append(stem);
  if (stem != without_extension(utf8, dotted)) add_finding(findings, Finding::kNameChanged);
  return stem + dotted;
}

}  // namespace kiyome::compose
