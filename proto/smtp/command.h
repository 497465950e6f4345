// The command grammar of the SMTP server: RFC 5321 section 4.1 with SIZE (1870), 8BITMIME (6152), SMTPUTF8
// (6531), CHUNKING (3030), DSN (3461), STARTTLS (3207), and XCLIENT and XFORWARD as Postfix defines them.
// Trusts nothing: a line is whatever stood before CR LF, without CR, LF and NUL, at most
// limits::kSmtpCommandLine octets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "proto/smtp/reply.h"

namespace kiyome::smtp {

enum class Verb {
  ehlo,
  helo,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  vrfy,
  help,
  quit,
  starttls,
  xclient,
  xforward,
  known,    // a command of other servers: EXPN, AUTH, ETRN, TURN …
  foreign,  // not SMTP: a browser or a script speaks to the wrong port
  unknown,
};

struct CommandLine {
  Verb verb = Verb::unknown;
  std::string_view argument;  // without the blank before and the blanks after it; points into the line
};
CommandLine split_command(std::string_view line);

template <class T>
using Parsed = tl::expected<T, ServerReply>;  // or what to answer

struct MailArguments {
  std::string sender;      // empty for <>
  std::uint64_t size = 0;  // SIZE=, 0 when not given; a number too large to hold is the largest
  bool smtputf8 = false;
  std::uint8_t ret = 0;  // RFC 3461: 0 not given, 1 FULL, 2 HDRS
  std::string envid;     // xtext as sent
};
Parsed<MailArguments> parse_mail(std::string_view argument);

struct RcptArguments {
  std::string recipient;    // "postmaster" may stand alone
  std::uint8_t notify = 0;  // bits: 1 NEVER, 2 SUCCESS, 4 FAILURE, 8 DELAY; 0 not given
  std::string orcpt;        // "rfc822;xtext", in ASCII
};
Parsed<RcptArguments> parse_rcpt(std::string_view argument, bool smtputf8);

struct BdatArguments {
  std::uint64_t size = 0;
  bool last = false;
};
// Without a value the chunk's length is not known, and what follows cannot be told apart from commands.
std::optional<BdatArguments> parse_bdat(std::string_view argument);

// XCLIENT and XFORWARD attributes, decoded. Unset: not given. Empty: given as [UNAVAILABLE] or [TEMPUNAVAIL].
struct ClientAttributes {
  std::optional<std::string> name, address, port, protocol, helo;
};
Parsed<ClientAttributes> parse_client_attributes(std::string_view argument);

// RFC 3461 section 4: printable ASCII, "+" only before two upper-case hexadecimal digits; no control
// characters behind them. Gives the decoded octets through `decoded` when it is not null.
bool valid_xtext(std::string_view text, std::string* decoded = nullptr);

}  // namespace kiyome::smtp
