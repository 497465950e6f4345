#include "proto/smtp/address.h"

#include <cstdint>

#include "proto/base/limits.h"

namespace kiyome::smtp {
namespace {

bool alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
// RFC 5322 atext, UTF-8 (RFC 6532), and the dot.
bool local_octet(char c) {
  return alphanumeric(c) || high(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
}
bool domain_octet(char c) { return alphanumeric(c) || high(c) || c == '-' || c == '_' || c == '.'; }

bool forbidden(char32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return true;
  if (c >= 0x2028 && c <= 0x202e) return true;  // line and paragraph separator, bidi embedding
  if (c >= 0x2066 && c <= 0x2069) return true;  // bidi isolates
  if (c == 0x200e || c == 0x200f || c == 0x061c) return true;
  if (c == 0xfeff || (c >= 0xfdd0 && c <= 0xfdef)) return true;
  return (c & 0xfffe) == 0xfffe;
}

// One code point from the front; false when it is not well-formed (RFC 3629 section 4).
bool take_code_point(std::string_view& text, char32_t& c) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = octet(0);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xc2 ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
  if (size == 0 || size > text.size()) return false;
  c = size == 1 ? first : first & (0x7f >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xc0) != 0x80) return false;
    c = c << 6 | (octet(i) & 0x3f);
  }
  text.remove_prefix(size);
  if (size == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) return false;
  return size != 4 || (c >= 0x10000 && c < 0x110000);
}

bool valid_domain(std::string_view domain) {
  if (domain.empty() || domain.size() > limits::kSmtpDomain) return false;
  std::size_t label = 0;
  for (const char c : domain) {
    if (!domain_octet(c)) return false;
    if (c != '.') {
      ++label;
      continue;
    }
    if (label == 0) return false;
    label = 0;
  }
  if (label == 0) return false;
  // Label lengths are of A-labels; a U-label's octets are no measure of it.
  std::size_t begin = 0;
  while (begin <= domain.size()) {
    const std::size_t dot = std::min(domain.find('.', begin), domain.size());
    const std::string_view part = domain.substr(begin, dot - begin);
    bool ascii = true;
    for (const char c : part) ascii = ascii && !high(c);
    if (ascii && part.size() > limits::kSmtpLabel) return false;
    begin = dot + 1;
  }
  return true;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

bool valid_literal(std::string_view inside) {
  constexpr std::string_view kTag = "IPv6:";
  if (inside.size() > kTag.size() && same_ignoring_case(inside.substr(0, kTag.size()), kTag))
    return valid_ipv6(inside.substr(kTag.size()));
  return valid_ipv4(inside);
}

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  std::size_t size = 0;
  while (size < text.size() && wanted(text[size])) ++size;
  const std::string_view out = text.substr(0, size);
  text.remove_prefix(size);
  return out;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

// The content of a quoted string after its opening quote, unescaped; false when it is not one.
bool take_quoted(std::string_view& text, std::string& content) {
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return true;
    if (c == '\\') {
      if (text.empty()) return false;
      c = text.front();
      text.remove_prefix(1);
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '<' || c == '>') return false;
    content += c;
  }
  return false;
}

// One spelling for one mailbox: quotes only where needed, escapes only where needed.
std::string canonical_local(std::string_view content) {
  bool plain = !content.empty();
  for (const char c : content) plain = plain && local_octet(c);
  if (plain) return std::string(content);
  std::string out = "\"";
  for (const char c : content) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
  return out;
}

// "@one,@two:" (RFC 5321 section 4.1.1.3: to be accepted and ignored).
bool drop_source_route(std::string_view& text) {
  if (text.empty() || text.front() != '@') return true;
  for (;;) {
    if (!take(text, '@') || !valid_domain(take_while(text, domain_octet))) return false;
    if (take(text, ':')) return true;
    if (!take(text, ',')) return false;
  }
}

bool take_domain(std::string_view& text, std::string& mailbox) {
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !valid_literal(text.substr(1, end - 1))) return false;
    mailbox += text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    return true;
  }
  const std::string_view domain = take_while(text, domain_octet);
  mailbox += domain;
  return valid_domain(domain);
}

bool take_mailbox(std::string_view& text, Path& path) {
  if (!drop_source_route(text)) return false;
  std::string local;
  if (take(text, '"')) {
    if (!take_quoted(text, local)) return false;
  } else {
    local = take_while(text, local_octet);
    if (local.empty()) return false;
  }
  path.mailbox = canonical_local(local);
  if (!take(text, '@')) return true;
  path.has_domain = true;
  path.mailbox += '@';
  return take_domain(text, path.mailbox);
}

}  // namespace

bool acceptable_utf8(std::string_view text) {
  while (!text.empty()) {
    char32_t c = 0;
    if (!take_code_point(text, c) || forbidden(c)) return false;
  }
  return true;
}

Path take_path(std::string_view& text) {
  Path path;
  path.error = PathError::syntax;
  if (!take(text, '<')) return path;
  const std::size_t before = text.size();
  if (take(text, '>')) {
    path.error = PathError::none;
    return path;
  }
  if (!take_mailbox(text, path) || !take(text, '>')) return path;
  if (before - text.size() > limits::kSmtpPath) {
    path.error = PathError::too_long;
    return path;
  }
  for (const char c : path.mailbox) path.utf8 = path.utf8 || high(c);
  if (acceptable_utf8(path.mailbox)) path.error = PathError::none;
  return path;
}

bool valid_helo_name(std::string_view name) {
  if (name.empty() || name.size() > limits::kSmtpDomain) return false;
  for (const char c : name)
    if (c <= 0x20 || c >= 0x7f || std::string_view("<>()@,;\"\\").find(c) != std::string_view::npos)
      return false;
  return true;
}

bool valid_ipv4(std::string_view text) {
  unsigned parts = 0;
  std::size_t at = 0;
  for (;;) {
    unsigned value = 0, digits = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 4) {
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
      ++digits;
    }
    if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && text[at - digits] == '0')) return false;
    if (++parts == 4) return at == text.size();
    if (at == text.size() || text[at++] != '.') return false;
  }
}

bool valid_ipv6(std::string_view text) {
  if (text.size() < 2 || text.size() > 45) return false;
  unsigned groups = 0;
  bool gap = false;
  std::size_t at = 0;
  if (text[0] == ':' && text[1] != ':') return false;
  while (at < text.size()) {
    if (text.substr(at, 2) == "::") {
      if (gap) return false;
      gap = true;
      at += 2;
      continue;
    }
    if (groups > 0 && text[at] == ':' && text[at - 1] != ':' && ++at == text.size()) return false;
    std::size_t digits = 0;
    while (at + digits < text.size() && digits < 5 &&
           std::string_view("0123456789abcdefABCDEF").find(text[at + digits]) != std::string_view::npos)
      ++digits;
    if (at + digits < text.size() && text[at + digits] == '.') {  // the last 32 bits as IPv4
      if (!valid_ipv4(text.substr(at))) return false;
      groups += 2;
      at = text.size();
      break;
    }
    if (digits == 0 || digits > 4) return false;
    at += digits;
    if (++groups > 8) return false;
    if (at < text.size() && text[at] != ':') return false;
  }
  return gap ? groups < 8 : groups == 8;
}

}  // namespace kiyome::smtp
