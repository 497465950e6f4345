// Small questions about octets of CSS. Hostile input.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::sanitizer::text::css {

inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

inline std::string_view trim(std::string_view s) {
  while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_blank(s.back())) s.remove_suffix(1);
  return s;
}

inline std::string lowered(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = lower(c);
  return out;
}

inline bool mentions_remote(std::string_view css) {
  for (std::size_t at = css.find("url("); at != std::string_view::npos; at = css.find("url(", at + 4)) {
    std::string_view rest = css.substr(at + 4, 16);
    while (!rest.empty() && (is_blank(rest[0]) || rest[0] == '"' || rest[0] == '\'')) rest.remove_prefix(1);
    if (rest.starts_with("http") || rest.starts_with("//")) return true;
  }
  return false;
}

inline std::string without_comments(std::string_view css) {
  std::string out;
  std::size_t at = 0;
  while (at < css.size()) {
    const std::size_t open = std::min(css.find("/*", at), css.size());
    out.append(css, at, open - at);
    if (open == css.size()) break;
    const std::size_t close = css.find("*/", open + 2);
    at = close == std::string_view::npos ? css.size() : close + 2;
    out += ' ';
  }
  return out;
}

}  // namespace kiyome::sanitizer::text::css
