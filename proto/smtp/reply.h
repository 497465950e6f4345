// What our SMTP server answers. Every text is our own constant, the configured host name or an item id:
// nothing a peer said is ever repeated, and no version, rule or inner host name appears.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace kiyome::smtp {

// One reply: three digits, an enhanced status (RFC 2034; empty for greetings and HELO, EHLO), the text.
struct ServerReply {
  std::uint16_t code = 0;
  std::string_view status;  // a literal
  std::string text;

  bool positive() const { return code < 400; }
  // A whole line with CRLF.
  std::string line() const {
    std::string out = std::to_string(code);
    out += ' ';
    if (!status.empty()) {
      out += status;
      out += ' ';
    }
    out += text;
    out += "\r\n";
    return out;
  }
  bool operator==(const ServerReply&) const = default;
};

namespace replies {

inline ServerReply queued(const std::string& item_id) { return {250, "2.0.0", "Ok: queued as " + item_id}; }
inline ServerReply trouble() { return {451, "4.3.0", "Temporary local problem, try again later"}; }
inline ServerReply no_space() { return {452, "4.3.1", "Insufficient system storage, try again later"}; }
inline ServerReply too_large() { return {552, "5.3.4", "Message size exceeds fixed limit"}; }
inline ServerReply relaying_denied() { return {554, "5.7.1", "Relaying denied"}; }
inline ServerReply unknown_recipient() { return {550, "5.1.1", "Recipient address rejected: user unknown"}; }
inline ServerReply too_many_recipients() { return {452, "4.5.3", "Too many recipients"}; }
inline ServerReply bare_line_end() { return {521, "5.5.2", "Bare CR, LF or NUL is not accepted"}; }
inline ServerReply timeout(const std::string& hostname) {
  return {421, "4.4.2", hostname + " Timeout, closing"};
}
inline ServerReply too_many_connections(const std::string& hostname) {
  return {421, "4.7.0", hostname + " Too many connections, try again later"};
}
inline ServerReply shutting_down(const std::string& hostname) {
  return {421, "4.3.2", hostname + " Service is stopping, try again later"};
}
inline ServerReply too_many_errors(const std::string& hostname) {
  return {421, "4.7.0", hostname + " Too many errors, closing"};
}
inline ServerReply too_many_commands(const std::string& hostname) {
  return {421, "4.7.0", hostname + " Too many commands, closing"};
}
inline ServerReply bad_sequence(std::string text) { return {503, "5.5.1", std::move(text)}; }
inline ServerReply syntax(std::string text) { return {501, "5.5.4", "Syntax: " + std::move(text)}; }

}  // namespace replies
}  // namespace kiyome::smtp
