#include "service/http/target.h"

#include <algorithm>

#include "proto/base/characters.h"
#include "proto/base/limits.h"

namespace kiyome::http {
namespace {

constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
constexpr std::string_view kPathAlso = "!$&'()*+,;=:@/%";  // RFC 3986 section 3.3
constexpr std::string_view kQueryNever = "\"<>#\\";        // browsers leave the other ones as they are

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A text that may stand in a path or a query once it is decoded.
bool sound(std::string_view text) {
  return is_line(text) && text.find('\t') == std::string_view::npos &&
         text.find('\x7f') == std::string_view::npos;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      if (text.size() - at < 3) return std::nullopt;
      const int high = hex(text[at + 1]), low = hex(text[at + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high << 4 | low);
      at += 2;
    } else {
      out += text[at] == '+' && plus_is_blank ? ' ' : text[at];
    }
  }
  if (!sound(out)) return std::nullopt;
  return out;
}

std::optional<std::string> read_path(std::string_view raw) {
  for (const char c : raw)
    if (kUnreserved.find(c) == std::string_view::npos && kPathAlso.find(c) == std::string_view::npos)
      return std::nullopt;
  if (raw.empty() || raw[0] != '/') return std::nullopt;
  std::string out;
  std::size_t segments = 0;
  while (!raw.empty()) {
    raw.remove_prefix(1);  // the slash
    const std::size_t end = std::min(raw.find('/'), raw.size());
    const auto segment = decode(raw.substr(0, end), false);
    raw.remove_prefix(end);
    if (!segment || ++segments > limits::kHttpSegments) return std::nullopt;
    if (segment->find_first_of("/\\") != std::string::npos || *segment == "." || *segment == "..")
      return std::nullopt;
    if (segment->empty() && !raw.empty()) return std::nullopt;
    out += "/" + *segment;
  }
  return out;
}

std::optional<std::map<std::string, std::string>> read_query(std::string_view raw) {
  std::map<std::string, std::string> out;
  std::size_t fields = 0;
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view field = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (++fields > limits::kHttpQueryFields) return std::nullopt;
    if (field.empty()) continue;
    const std::size_t equals = std::min(field.find('='), field.size());
    const auto name = decode(field.substr(0, equals), true);
    const auto value = decode(field.substr(std::min(equals + 1, field.size())), true);
    if (!name || !value) return std::nullopt;
    out.emplace(*name, *value);
  }
  return out;
}

}  // namespace

std::optional<Target> read_target(std::string_view target) {
  for (const char c : target)
    if (c <= ' ' || c >= 0x7f) return std::nullopt;
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string_view raw_query = target.substr(std::min(mark + 1, target.size()));
  if (raw_query.find_first_of(kQueryNever) != std::string_view::npos) return std::nullopt;
  auto path = read_path(target.substr(0, mark));
  auto query = read_query(raw_query);
  if (!path || !query) return std::nullopt;
  return Target{std::move(*path), std::move(*query)};
}

}  // namespace kiyome::http
