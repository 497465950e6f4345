#include "proto/smtp/command.h"

#include <array>
#include <charconv>
#include <limits>

#include "proto/base/limits.h"
#include "proto/smtp/address.h"

namespace kiyome::smtp {
namespace {

constexpr std::string_view kMailSyntax = "MAIL FROM:<address>";
constexpr std::string_view kRcptSyntax = "RCPT TO:<address>";

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

bool same(std::string_view a, std::string_view upper_case) {
  if (a.size() != upper_case.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (upper(a[i]) != upper_case[i]) return false;
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

struct Parameter {
  std::string_view keyword, value;
  bool has_value = false;
};

// esmtp-param of RFC 5321 section 4.1.2: keyword, or keyword=value.
std::optional<Parameter> split_parameter(std::string_view word) {
  Parameter out;
  const std::size_t equals = word.find('=');
  out.keyword = word.substr(0, equals);
  if (out.keyword.empty()) return std::nullopt;
  for (const char c : out.keyword)
    if (!((upper(c) >= 'A' && upper(c) <= 'Z') || (c >= '0' && c <= '9') || c == '-')) return std::nullopt;
  if (equals == std::string_view::npos) return out;
  out.has_value = true;
  out.value = word.substr(equals + 1);
  if (out.value.empty() || !acceptable_utf8(out.value)) return std::nullopt;
  return out;
}

// Saturates: a size beyond 64 bits is beyond any limit too.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  return trouble == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max() : value;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

ServerReply unsupported() { return {555, "5.5.4", "Unsupported option"}; }
ServerReply bad_parameter() { return {501, "5.5.4", "Bad or repeated parameter"}; }

// Empty: fine.
std::optional<ServerReply> mail_parameter(const Parameter& parameter, MailArguments& out, unsigned& seen) {
  const auto once = [&](unsigned bit) {
    const bool first = (seen & bit) == 0;
    seen |= bit;
    return first;
  };
  if (same(parameter.keyword, "SIZE")) {
    const auto size = number(parameter.value);
    if (!size || !once(1)) return bad_parameter();
    out.size = *size;
  } else if (same(parameter.keyword, "BODY")) {
    if (!once(2)) return bad_parameter();
    if (!same(parameter.value, "7BIT") && !same(parameter.value, "8BITMIME")) return bad_parameter();
  } else if (same(parameter.keyword, "SMTPUTF8")) {
    if (parameter.has_value || !once(4)) return bad_parameter();
    out.smtputf8 = true;
  } else if (same(parameter.keyword, "RET")) {
    if (!once(8)) return bad_parameter();
    out.ret = same(parameter.value, "FULL") ? 1 : same(parameter.value, "HDRS") ? 2 : 0;
    if (out.ret == 0) return bad_parameter();
  } else if (same(parameter.keyword, "ENVID")) {
    if (!once(16) || parameter.value.empty() || parameter.value.size() > limits::kSmtpEnvid ||
        !valid_xtext(parameter.value))
      return bad_parameter();
    out.envid = parameter.value;
  } else {
    return unsupported();
  }
  return std::nullopt;
}

// "NEVER" alone, or a list of the others.
std::uint8_t parse_notify(std::string_view value) {
  if (same(value, "NEVER")) return 1;
  std::uint8_t out = 0;
  for (;;) {
    const std::string_view word = value.substr(0, value.find(','));
    const std::uint8_t bit = same(word, "SUCCESS")   ? 2
                             : same(word, "FAILURE") ? 4
                             : same(word, "DELAY")   ? 8
                                                     : 0;
    if (bit == 0 || (out & bit) != 0) return 0;
    out = static_cast<std::uint8_t>(out | bit);
    if (word.size() == value.size()) return out;
    value.remove_prefix(word.size() + 1);
  }
}

// RFC 6533 section 3: what is not ASCII becomes \x{HEX}, so that the value travels anywhere. `text` is
// acceptable UTF-8.
std::string utf8_address_xtext(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<std::uint8_t>(text[at]);
    if (first < 0x80) {
      out += text[at++];
      continue;
    }
    const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    std::uint32_t c = first & (0x7fu >> size);
    for (std::size_t i = 1; i < size; ++i) c = c << 6 | (static_cast<std::uint8_t>(text[at + i]) & 0x3fu);
    at += size;
    std::array<char, 8> digits{};
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), c, 16).ptr;
    out += "\\x{";
    for (const char* digit = digits.data(); digit != end; ++digit) out += upper(*digit);
    out += '}';
  }
  return out;
}

std::optional<std::string> parse_orcpt(std::string_view value, bool smtputf8) {
  const std::size_t semicolon = value.find(';');
  if (value.size() > limits::kSmtpOrcpt || semicolon == std::string_view::npos || semicolon == 0)
    return std::nullopt;
  for (const char c : value.substr(0, semicolon))
    if (!((upper(c) >= 'A' && upper(c) <= 'Z') || (c >= '0' && c <= '9') || c == '-')) return std::nullopt;
  std::string address(value.substr(semicolon + 1));
  if (smtputf8 && same(value.substr(0, semicolon), "UTF-8")) address = utf8_address_xtext(address);
  if (address.empty() || !valid_xtext(address)) return std::nullopt;
  return std::string(value.substr(0, semicolon + 1)) + address;
}

// "FROM:" or "TO:" and the path; blanks after the colon are a common fault and harmless.
std::optional<Path> take_keyword_path(std::string_view& argument, std::string_view keyword) {
  if (argument.size() < keyword.size() || !same(argument.substr(0, keyword.size()), keyword))
    return std::nullopt;
  argument.remove_prefix(keyword.size());
  argument = trimmed(argument);
  const Path path = take_path(argument);
  if (!argument.empty() && argument.front() != ' ') {  // something stands right after ">"
    Path broken;
    broken.error = PathError::syntax;
    return broken;
  }
  return path;
}

bool all_digits(std::string_view text) {
  for (const char c : text)
    if (c < '0' || c > '9') return false;
  return !text.empty();
}

bool valid_attribute(std::string_view name, std::string& value) {
  if (value.size() > limits::kSmtpDomain) return false;
  if (same(name, "ADDR") || same(name, "DESTADDR")) {
    if (value.size() > 5 && same(std::string_view(value).substr(0, 5), "IPV6:")) {
      value.erase(0, 5);
      return valid_ipv6(value);
    }
    return valid_ipv4(value);
  }
  if (same(name, "PORT") || same(name, "DESTPORT")) return all_digits(value) && value.size() <= 5;
  if (same(name, "PROTO")) return same(value, "SMTP") || same(value, "ESMTP");
  if (same(name, "NAME") || same(name, "HELO")) {
    if (!valid_helo_name(value)) value.clear();  // what a client called itself is worth no refusal
    return true;
  }
  return acceptable_utf8(value);  // LOGIN, IDENT, SOURCE: read and not used
}

}  // namespace

CommandLine split_command(std::string_view line) {
  static constexpr std::pair<std::string_view, Verb> kVerbs[] = {
      {"EHLO", Verb::ehlo},       {"HELO", Verb::helo},         {"MAIL", Verb::mail},
      {"RCPT", Verb::rcpt},       {"DATA", Verb::data},         {"BDAT", Verb::bdat},
      {"RSET", Verb::rset},       {"NOOP", Verb::noop},         {"VRFY", Verb::vrfy},
      {"HELP", Verb::help},       {"QUIT", Verb::quit},         {"STARTTLS", Verb::starttls},
      {"XCLIENT", Verb::xclient}, {"XFORWARD", Verb::xforward}, {"EXPN", Verb::known},
      {"AUTH", Verb::known},      {"ETRN", Verb::known},        {"TURN", Verb::known},
      {"ATRN", Verb::known},      {"SEND", Verb::known},        {"SOML", Verb::known},
      {"SAML", Verb::known},      {"BURL", Verb::known},        {"GET", Verb::foreign},
      {"POST", Verb::foreign},    {"PUT", Verb::foreign},       {"CONNECT", Verb::foreign},
      {"OPTIONS", Verb::foreign}, {"HEAD", Verb::foreign},      {"USER-AGENT:", Verb::foreign},
      {"HOST:", Verb::foreign},
  };
  std::string_view rest = line;
  while (!rest.empty() && (rest.back() == ' ' || rest.back() == '\t')) rest.remove_suffix(1);
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  for (const auto& [name, verb] : kVerbs)
    if (same(word, name)) return {verb, trimmed(rest)};
  return {Verb::unknown, {}};
}

bool valid_xtext(std::string_view text, std::string* decoded) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c < 0x21 || c > 0x7e || c == '=') return false;
    if (c == '+') {
      if (text.size() - i < 3 || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return false;
      c = static_cast<char>(hex(text[i + 1]) << 4 | hex(text[i + 2]));
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
      i += 2;
    }
    if (decoded != nullptr) *decoded += c;
  }
  return true;
}

Parsed<MailArguments> parse_mail(std::string_view argument) {
  const auto path = take_keyword_path(argument, "FROM:");
  if (!path) return tl::unexpected(replies::syntax(std::string(kMailSyntax)));
  if (path->error == PathError::too_long)
    return tl::unexpected(ServerReply{501, "5.1.7", "Sender address too long"});
  if (path->error != PathError::none || (!path->mailbox.empty() && !path->has_domain))
    return tl::unexpected(ServerReply{501, "5.1.7", "Bad sender address syntax"});
  MailArguments out;
  out.sender = path->mailbox;
  unsigned seen = 0;
  for (std::string_view word = take_word(argument); !word.empty(); word = take_word(argument)) {
    const auto parameter = split_parameter(word);
    if (!parameter) return tl::unexpected(bad_parameter());
    if (const auto refusal = mail_parameter(*parameter, out, seen)) return tl::unexpected(*refusal);
  }
  if (path->utf8 && !out.smtputf8) return tl::unexpected(ServerReply{553, "5.6.7", "Address needs SMTPUTF8"});
  return out;
}

Parsed<RcptArguments> parse_rcpt(std::string_view argument, bool smtputf8) {
  const auto path = take_keyword_path(argument, "TO:");
  if (!path) return tl::unexpected(replies::syntax(std::string(kRcptSyntax)));
  if (path->error == PathError::too_long)
    return tl::unexpected(ServerReply{501, "5.1.3", "Recipient address too long"});
  const bool alone = !path->has_domain && same(path->mailbox, "POSTMASTER");  // RFC 5321 section 4.5.1
  if (path->error != PathError::none || (!path->has_domain && !alone))
    return tl::unexpected(ServerReply{501, "5.1.3", "Bad recipient address syntax"});
  if (path->utf8 && !smtputf8) return tl::unexpected(ServerReply{553, "5.6.7", "Address needs SMTPUTF8"});
  RcptArguments out;
  out.recipient = alone ? "postmaster" : path->mailbox;
  for (std::string_view word = take_word(argument); !word.empty(); word = take_word(argument)) {
    const auto parameter = split_parameter(word);
    if (!parameter) return tl::unexpected(bad_parameter());
    if (same(parameter->keyword, "NOTIFY")) {
      const std::uint8_t notify = parse_notify(parameter->value);
      if (notify == 0 || out.notify != 0) return tl::unexpected(bad_parameter());
      out.notify = notify;
    } else if (same(parameter->keyword, "ORCPT")) {
      const auto orcpt = parse_orcpt(parameter->value, smtputf8);
      if (!orcpt || !out.orcpt.empty()) return tl::unexpected(bad_parameter());
      out.orcpt = *orcpt;
    } else {
      return tl::unexpected(unsupported());
    }
  }
  return out;
}

std::optional<BdatArguments> parse_bdat(std::string_view argument) {
  BdatArguments out;
  const auto size = number(take_word(argument));
  if (!size) return std::nullopt;
  out.size = *size;
  const std::string_view word = take_word(argument);
  if (!word.empty() && !same(word, "LAST")) return std::nullopt;
  out.last = !word.empty();
  if (!take_word(argument).empty()) return std::nullopt;
  return out;
}

Parsed<ClientAttributes> parse_client_attributes(std::string_view argument) {
  const ServerReply refusal = replies::syntax("NAME=value");
  ClientAttributes out;
  bool any = false;
  for (std::string_view word = take_word(argument); !word.empty(); word = take_word(argument)) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return tl::unexpected(refusal);
    const std::string_view name = word.substr(0, equals);
    std::string value;
    if (!valid_xtext(word.substr(equals + 1), &value)) return tl::unexpected(refusal);
    if (same(value, "[UNAVAILABLE]") || same(value, "[TEMPUNAVAIL]")) value.clear();
    if (!value.empty() && !valid_attribute(name, value)) return tl::unexpected(refusal);
    any = true;
    if (same(name, "NAME"))
      out.name = value;
    else if (same(name, "ADDR"))
      out.address = value;
    else if (same(name, "PORT"))
      out.port = value;
    else if (same(name, "PROTO"))
      out.protocol = value;
    else if (same(name, "HELO"))
      out.helo = value;
    else if (!same(name, "LOGIN") && !same(name, "DESTADDR") && !same(name, "DESTPORT") &&
             !same(name, "IDENT") && !same(name, "SOURCE"))
      return tl::unexpected(refusal);
  }
  if (!any) return tl::unexpected(refusal);
  return out;
}

}  // namespace kiyome::smtp
