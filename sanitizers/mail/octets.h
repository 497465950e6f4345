// Small questions about octets that every reader of this room asks. ASCII only, no locale. Inputs are
// hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace kiyome::sanitizer::mail {

inline bool is_wsp(char c) { return c == ' ' || c == '\t'; }
inline bool is_line_end(char c) { return c == '\r' || c == '\n'; }
inline bool is_space(char c) { return is_wsp(c) || is_line_end(c) || c == '\v' || c == '\f'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
inline bool is_alpha(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
inline bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
inline bool is_eight_bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }

inline int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

inline std::string lowered(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = lower(c);
  return out;
}

// `lower_case` is given in lower case.
inline bool same_text(std::string_view s, std::string_view lower_case) {
  if (s.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < s.size(); ++i)
    if (lower(s[i]) != lower_case[i]) return false;
  return true;
}

inline bool begins_with(std::string_view s, std::string_view lower_case) {
  return s.size() >= lower_case.size() && same_text(s.substr(0, lower_case.size()), lower_case);
}

inline bool ends_with(std::string_view s, std::string_view lower_case) {
  return s.size() >= lower_case.size() && same_text(s.substr(s.size() - lower_case.size()), lower_case);
}

inline std::string_view trimmed(std::string_view s) {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

inline bool has_eight_bit(std::string_view s) {
  for (const char c : s)
    if (is_eight_bit(c)) return true;
  return false;
}

// Whether all of `s` is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view s);

// Cuts `s` to at most `max` octets without splitting a UTF-8 character.
void cut_utf8(std::string& s, std::size_t max);

// One line of `octets` that begins at `begin`: its text is [begin, end), the next line begins at `next`. A
// line ends with LF, CRLF, CR, or several CR and a LF (files that went through broken gateways). At most
// `window` octets are looked at; a longer line is given in pieces, `whole` is false for all but the last.
struct Line {
  std::size_t begin = 0, end = 0, next = 0;
  bool whole = true;
};
inline Line line_at(std::string_view octets, std::size_t begin, std::size_t window = 1u << 16) {
  const std::size_t left = octets.size() - begin;
  const std::size_t span = left < window ? left : window;
  const char* base = octets.data() + begin;
  // In growing steps, so that a file without any LF does not cost a whole window a line.
  std::size_t from = 0;
  for (std::size_t step = 256; from < span; step *= 4) {
    const std::size_t chunk = span - from < step ? span - from : step;
    const void* lf = std::memchr(base + from, '\n', chunk);
    const std::size_t until =
        lf == nullptr ? from + chunk : static_cast<std::size_t>(static_cast<const char*>(lf) - base);
    const void* cr = std::memchr(base + from, '\r', until - from);
    if (cr == nullptr && lf != nullptr) return {begin, begin + until, begin + until + 1, true};
    if (cr != nullptr) {
      const std::size_t first = static_cast<std::size_t>(static_cast<const char*>(cr) - base);
      std::size_t p = first;
      while (p < span && base[p] == '\r') ++p;
      if (p < span && base[p] == '\n') return {begin, begin + first, begin + p + 1, true};
      return {begin, begin + first, begin + first + 1, true};
    }
    from += chunk;
  }
  return {begin, begin + span, begin + span, span == left};
}

}  // namespace kiyome::sanitizer::mail
