// Content lines.
#include "sanitizers/text/content_lines.h"

#include <algorithm>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::text {
namespace {

std::string upper(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// The next physical line from `at`, which moves behind its end.
std::string_view next_line(std::string_view s, std::size_t& at) {
  const std::size_t end = std::min(s.find_first_of("\r\n", at), s.size());
  const std::string_view line = s.substr(at, end - at);
  at = end;
  if (at < s.size()) at += s[at] == '\r' && at + 1 < s.size() && s[at + 1] == '\n' ? 2 : 1;
  return line;
}

// ";NAME=value" or ";WORD", values perhaps in quotes.
void read_parameters(std::string_view s, ContentLine& line) {
  std::size_t at = 0;
  while (at < s.size() && line.parameters.size() < limits::kContentParameters) {
    std::size_t end = at;
    bool quoted = false;
    for (; end < s.size() && (quoted || s[end] != ';'); ++end) quoted = quoted != (s[end] == '"');
    const std::string_view one = s.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = one.find('=');
    std::string value(trim(equals == std::string_view::npos ? one : one.substr(equals + 1)));
    value.erase(std::remove(value.begin(), value.end(), '"'), value.end());
    if (equals == std::string_view::npos && value.empty()) continue;
    line.parameters.emplace_back(
        equals == std::string_view::npos ? "TYPE" : upper(trim(one.substr(0, equals))), value);
  }
}

bool read(std::string_view s, ContentLine& line) {
  std::size_t colon = 0;
  bool quoted = false;
  for (; colon < s.size() && (quoted || s[colon] != ':'); ++colon) quoted = quoted != (s[colon] == '"');
  if (colon == s.size()) colon = s.find(':');  // a quote that never closes
  if (colon == std::string_view::npos) return false;
  const std::string_view head = s.substr(0, colon);
  const std::size_t semicolon = std::min(head.find(';'), head.size());
  std::string_view name = trim(head.substr(0, semicolon));
  if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos) name.remove_prefix(dot + 1);
  if (name.empty() || name.size() > 64) return false;
  line.name = upper(name);
  if (semicolon < head.size()) read_parameters(head.substr(semicolon + 1), line);
  line.value.assign(s.substr(colon + 1));
  return true;
}

bool is_quoted_printable(std::string_view logical) {
  const std::string head = upper(logical.substr(0, std::min<std::size_t>(logical.find(':'), 200)));
  return head.find("QUOTED-PRINTABLE") != std::string::npos;
}

}  // namespace

std::string_view ContentLine::parameter(std::string_view wanted) const {
  for (const auto& [key, said] : parameters)
    if (key == wanted) return said;
  return {};
}

std::string unfolded(std::string_view octets, bool card) {
  std::string out;
  out.reserve(octets.size());
  if (octets.find('\0') != std::string_view::npos) return out.assign(octets);
  for (std::size_t at = 0; at < octets.size();) {
    const std::string_view rest = octets.substr(at);
    const std::size_t line_end = rest.starts_with("\r\n") ? 2 : rest.starts_with('\n') ? 1 : 0;
    const char next = line_end != 0 && line_end < rest.size() ? rest[line_end] : '\0';
    const bool soft = card && out.ends_with('=');
    if ((next == ' ' || next == '\t') && !soft) {
      at += line_end + 1;
      continue;
    }
    const std::size_t kept = std::max<std::size_t>(line_end, 1);
    out.append(rest.substr(0, kept));
    at += kept;
  }
  return out;
}

std::vector<ContentLine> content_lines(std::string_view s, bool card) {
  std::vector<ContentLine> lines;
  std::size_t at = 0;
  std::string logical;
  while (at < s.size() && lines.size() < limits::kContentLines) {
    logical.assign(next_line(s, at));
    const bool soft = card && is_quoted_printable(logical);
    while (at < s.size()) {
      if (soft && logical.ends_with('=')) {
        logical.pop_back();
        logical.append(next_line(s, at));
      } else if (s[at] == ' ' || s[at] == '\t') {
        logical.append(next_line(s, at).substr(1));
      } else {
        break;
      }
    }
    ContentLine line;
    if (read(logical, line)) lines.push_back(std::move(line));
  }
  return lines;
}

std::string unescaped(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\\' || i + 1 == value.size()) {
      out += value[i];
      continue;
    }
    ++i;
    out += value[i] == 'n' || value[i] == 'N' ? '\n' : value[i];
  }
  return out;
}

std::vector<std::string_view> split_escaped(std::string_view value, char separator) {
  std::vector<std::string_view> out;
  std::size_t from = 0;
  for (std::size_t i = 0; i < value.size() && out.size() < limits::kContentParameters; ++i) {
    if (value[i] == '\\') {
      ++i;
    } else if (value[i] == separator) {
      out.push_back(value.substr(from, i - from));
      from = i + 1;
    }
  }
  out.push_back(value.substr(from));
  return out;
}

void write_field(std::string& out, std::string_view label, std::string_view value) {
  while (!value.empty() && (value.back() == '\n' || value.back() == ' ')) value.remove_suffix(1);
  while (!value.empty() && (value.front() == '\n' || value.front() == ' ')) value.remove_prefix(1);
  if (value.empty()) return;
  out.append(label).append(": ");
  std::size_t at = 0;
  while (at < value.size()) {
    const std::size_t end = std::min(value.find('\n', at), value.size());
    if (at != 0 && end > at) out += "  ";
    out.append(value, at, end - at) += '\n';
    at = end + 1;
  }
}

}  // namespace kiyome::sanitizer::text
