// The path grammar of MAIL and RCPT (RFC 5321 section 4.1.2, RFC 6531 section 3.3). Trusts nothing; linear,
// no recursion.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::smtp {

enum class PathError {
  none,
  syntax,
  too_long,
};

struct Path {
  PathError error = PathError::none;
  std::string mailbox;  // "local@domain" in one canonical form, or empty for <>, or the local part alone
  bool has_domain = false;
  bool utf8 = false;  // needs SMTPUTF8
};

// Takes one path in angle brackets from the front of `text`. A source route is read and dropped. Quotes that
// a local part does not need are removed. Wider than the RFC where real mailboxes are: dots may lead, trail
// or repeat in a local part (Japanese mobile carriers gave such addresses out). Narrower: no angle brackets
// even in quotes, no address literal but IPv4 and IPv6.
Path take_path(std::string_view& text);

// A name as in EHLO: printable ASCII without spaces and without what could end a path or a comment; at most
// 255 octets.
bool valid_helo_name(std::string_view name);

bool valid_ipv4(std::string_view text);
bool valid_ipv6(std::string_view text);

// Well-formed UTF-8 without C0, DEL, C1, line separators, bidi controls, U+FEFF or noncharacters.
bool acceptable_utf8(std::string_view text);

}  // namespace kiyome::smtp
