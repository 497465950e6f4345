// The server's side of SMTP without sockets: octets in, replies and events out. RFC 5321 with PIPELINING,
// SIZE, 8BITMIME, SMTPUTF8, CHUNKING, DSN, ENHANCEDSTATUSCODES, STARTTLS, and XCLIENT and XFORWARD for listed
// peers. Trusts nothing the peer says. Memory: one command line, one envelope, at most
// limits::kSmtpReplyBacklog and a reply of output. Everything that changes after the end of data waits:
// pipelined input is not taken until message_done().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/limits.h"
#include "proto/smtp/command.h"
#include "proto/smtp/dot_reader.h"
#include "proto/smtp/reply.h"

namespace kiyome::smtp {

struct ServerSettings {
  std::string hostname;
  std::uint64_t message_bytes_max = 0;
  std::uint32_t recipients_max = 0;
  std::uint32_t errors_max = 0;
  std::uint32_t commands_max = 0;
  bool starttls = false;  // there is a certificate
  std::uint32_t idle_commands_max = limits::kSmtpIdleCommands;
};

// Who speaks, as far as we know. XCLIENT replaces it; XFORWARD stands beside it for one mail.
struct ServerClient {
  std::string address;  // "192.0.2.1", "2001:db8::1"; empty when a proxy does not know
  std::string name;
  std::string helo;
  bool may_say_client = false;  // XCLIENT and XFORWARD are offered: a property of the real peer
};

struct ServerRecipient {
  std::string address;
  std::uint8_t notify = 0;  // as RcptArguments
  std::string orcpt;
};

struct ServerEnvelope {
  std::string client_address;  // after XCLIENT, XFORWARD
  std::string client_helo;
  std::string_view protocol;  // for Received: RFC 3848, RFC 6531 section 4.3
  std::string sender;         // empty for <>
  std::uint8_t ret = 0;
  std::string envid;
  bool smtputf8 = false;
  std::vector<ServerRecipient> recipients;
};

// What the owner of a dialog decides. Called from within step(), on the same thread; must not block.
class ServerPolicy {
 public:
  virtual ~ServerPolicy() = default;
  // Empty: accepted.
  virtual std::optional<ServerReply> refuse_sender(const ServerClient& client, const MailArguments& mail) = 0;
  virtual std::optional<ServerReply> refuse_recipient(const ServerClient& client,
                                                      const std::string& recipient) = 0;
  // Every reply of 400 and above, before it is sent: for the log.
  virtual void refused(const ServerReply& reply) = 0;
};

struct ServerEvent {
  enum class Kind {
    need_input,         // all input is taken
    flush,              // take output() before more input is taken
    start_tls,          // input is dropped; send output(), do the handshake, then tls_started() or close
    message_begin,      // envelope() is complete; message_octets follow
    message_octets,     // `octets`, decoded; valid until the input changes
    message_abandoned,  // what was begun is void; no message_end follows
    message_end,        // all octets were given: call message_done() now or later
    waiting,            // for message_done(); no input is taken
    close,              // send output(), then close; a begun message is void
  };
  Kind kind;
  std::string_view octets;
};

// Owned by one connection and one thread. `settings` and `policy` outlive it.
class ServerDialog {
 public:
  ServerDialog(const ServerSettings& settings, ServerPolicy& policy, ServerClient client);

  // The greeting, once, before any step().
  void greet();
  // Takes octets from the front of `input`, in order, each once. To be called again until need_input, flush,
  // waiting, start_tls or close.
  ServerEvent step(std::string_view& input);
  // Replies not yet sent; the owner removes what it has sent.
  std::string& output() { return output_; }

  // After start_tls: everything said before is forgotten (RFC 3207 section 4.2).
  void tls_started();
  // After message_end: the answer. Success also forgives earlier errors.
  void message_done(const ServerReply& reply);
  // After message_begin and before message_end: trouble with writing. What still comes of the message is
  // swallowed and answered so.
  void message_failed(const ServerReply& reply);
  // Ends the session with one more reply: timeouts, stop. No effect when it has ended.
  void end(const ServerReply& reply);

  const ServerClient& client() const { return client_; }
  const ServerEnvelope& envelope() const { return envelope_; }
  // Between message_begin (or a refused message's first octet) and the final dot.
  bool in_message() const { return in_message_; }
  bool waiting() const { return state_ == State::waiting; }
  bool closed() const { return state_ == State::closed; }
  bool in_transaction() const { return mail_; }
  // Accepted so far.
  std::uint64_t messages() const { return messages_; }
  // Whole command lines so far: tells progress from dripping.
  std::uint64_t lines() const { return lines_; }

 private:
  enum class State { command, data, chunk, waiting, tls, closed };
  using Kind = ServerEvent::Kind;

  void answer(const ServerReply& reply);
  void answer(std::uint16_t code, std::string_view status, std::string_view text);
  void clear_transaction();
  std::optional<ServerEvent> pending();

  bool take_line(std::string_view& input, std::string_view& line);
  bool extend_line(std::string_view& input, std::string_view& line, std::size_t at);
  void handle_line(std::string_view line);
  void handle(const CommandLine& command);
  void hello(std::string_view name, bool extended);
  void mail(std::string_view argument);
  void rcpt(std::string_view argument);
  void data(std::string_view argument);
  void bdat(std::string_view argument);
  void starttls(std::string_view argument);
  void xclient(std::string_view argument);
  void xforward(std::string_view argument);
  void other(Verb verb);

  void begin_message();
  std::optional<ServerEvent> data_step(std::string_view& input);
  std::optional<ServerEvent> chunk_step(std::string_view& input);
  std::optional<ServerEvent> content(std::string_view octets);
  void finish_message();
  void refuse_message(const ServerReply& reply);
  void bare();

  const ServerSettings& settings_;
  ServerPolicy& policy_;
  ServerClient client_;
  std::optional<ClientAttributes> forwarded_;
  ServerEnvelope envelope_;
  std::size_t envelope_bytes_ = 0;
  State state_ = State::command;
  std::string output_;

  // the command line being read
  std::string line_;
  bool line_cr_ = false;
  bool line_used_ = false;    // line_ was handled and is to be emptied
  std::size_t overlong_ = 0;  // octets of a line that is too long, 0 = it is not
  std::uint64_t lines_ = 0;
  std::uint32_t commands_ = 0;  // since the last accepted message
  std::uint32_t errors_ = 0;
  std::uint32_t idle_commands_ = 0;  // NOOP and the like since the last accepted message
  std::uint64_t messages_ = 0;

  // the session and its transaction
  bool greeted_ = false;   // EHLO or HELO was said
  bool extended_ = false;  // … EHLO
  bool tls_ = false;
  bool mail_ = false;      // MAIL was accepted
  bool chunking_ = false;  // a BDAT was accepted in this transaction

  // the message being read
  DotReader dots_;
  PairReader pairs_;
  bool in_message_ = false;
  bool begin_pending_ = false;  // events to give
  bool abandon_pending_ = false;
  bool end_pending_ = false;
  std::optional<ServerReply> refusal_;  // the message is swallowed and answered so
  std::uint64_t message_bytes_ = 0;
  std::uint64_t swallowed_ = 0;
  std::uint64_t chunk_left_ = 0;
  bool chunk_last_ = false;
};

}  // namespace kiyome::smtp
