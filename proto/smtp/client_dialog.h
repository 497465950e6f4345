// The client's side of SMTP without sockets: a mail goes in, commands come out, replies go in, results come
// out. RFC 5321 with PIPELINING (2920), SIZE (1870), SMTPUTF8 (6531), DSN (3461), STARTTLS (3207), enhanced
// status (2034). Trusts the owner's envelope to be an envelope and nothing of the server: what is out of
// order or not SMTP ends the session, and what had no answer then is temporary. Memory: one reply and the
// commands of one envelope.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/smtp/reply_parser.h"

namespace kiyome::smtp {

struct ClientSettings {
  std::string hostname;       // for EHLO
  bool tls_wanted = false;    // STARTTLS when it is offered
  bool tls_required = false;  // … and nothing else without it
};

struct ClientRecipient {
  std::string_view address;
  std::uint8_t notify = 0;  // bits: 1 NEVER, 2 SUCCESS, 4 FAILURE, 8 DELAY; 0 not given
  std::string_view orcpt;   // as given, or empty
};

// Views live until the next begin() or the end of the dialog. The content is 7-bit.
struct ClientMail {
  std::string_view sender;  // empty for <>
  std::uint8_t ret = 0;     // 0 not given, 1 FULL, 2 HDRS
  std::string_view envid;
  std::vector<ClientRecipient> recipients;
  std::uint64_t size = 0;  // octets of the content, before stuffing
};

// What became of one recipient.
struct ClientResult {
  enum class Kind : std::uint8_t { accepted, temporary, permanent } kind = Kind::temporary;
  std::uint16_t code = 0;  // of the reply, 0 when the verdict is our own
  EnhancedStatus status;   // always complete: of the reply, or what stands for its code
  std::string text;        // printable ASCII, for our log
};

struct ClientExtensions {
  bool pipelining = false, smtputf8 = false, dsn = false, starttls = false, size = false;
  std::uint64_t size_max = 0;  // 0: not told
};

struct ClientEvent {
  enum class Kind {
    need_input,  // send output(), then give what comes
    start_tls,   // do the handshake (all input is dropped), then tls_started() or failed()
    ready,       // for begin(), quit() or a pause
    content,     // send output(), then the content through a DotWriter, then content_sent(); meanwhile step()
                 // may be called
    done,        // results() are complete; the session is ready for the next mail
    closed,      // send output() if any, close; results() of a begun mail are complete
  };
};

// Owned by one connection and one thread.
class ClientDialog {
 public:
  explicit ClientDialog(ClientSettings settings);

  // Takes octets from the front of `input` and tells what to do next. Called first with nothing.
  ClientEvent::Kind step(std::string_view& input);
  // Commands not yet sent; the owner removes what it has sent.
  std::string& output() { return output_; }

  void tls_started();
  // In the state ready. Recipients that this server cannot be given have their result at once.
  void begin(ClientMail mail);
  void content_sent();
  // In the state ready: says QUIT; the session ends with the answer, or when the owner has no patience.
  void quit();
  // The connection is gone, a deadline passed, the handshake failed: what has no result is temporary with
  // this status.
  void failed(EnhancedStatus status, std::string_view text);

  // One for each recipient of the mail, in order; complete after done and closed.
  const std::vector<ClientResult>& results() const { return results_; }
  // Why the session ended before it was ready, or, once it was, why it broke.
  const ClientResult& trouble() const { return trouble_; }
  bool was_ready() const { return was_ready_; }
  bool closed() const { return state_ == State::closed; }
  bool secured() const { return tls_; }
  // No reply came since begin(): a server that dropped an idle connection has seen nothing of this mail.
  bool unheard() const { return unheard_; }
  // Whole replies so far: tells progress from dripping.
  std::uint64_t replies() const { return replies_; }
  const ClientExtensions& extensions() const { return extensions_; }

 private:
  enum class State {
    greeting,
    ehlo,
    helo,
    starttls,
    handshake,
    ready,
    envelope,
    content,
    final,
    reset,
    quit,
    closed
  };
  // One of the commands of an envelope whose reply is awaited, by its place: MAIL, RCPT…, DATA.
  enum class Await { mail, rcpt, data };

  void say(std::string_view command);
  void hello(const Reply& reply);
  void read_extensions(const Reply& reply);
  void after_hello();
  void starttls_answered(const Reply& reply);
  void handle(const Reply& reply);
  void greeting(const Reply& reply);

  std::optional<ClientResult> refuse_mail() const;
  std::optional<ClientResult> refuse_recipient(const ClientRecipient& recipient) const;
  void say_envelope();
  void say_mail();
  void say_rcpt(const ClientRecipient& recipient);
  void mail_answered(const Reply& reply);
  void rcpt_answered(const Reply& reply);
  void data_answered(const Reply& reply);
  void final_answered(const Reply& reply);
  void early_answer(const Reply& reply);
  void abandon_transaction();
  void finish_mail();
  void settle_pending(const ClientResult& result);
  void end_session(const ClientResult& why);
  void out_of_order();

  ClientSettings settings_;
  State state_ = State::greeting;
  ReplyParser parser_;
  std::string output_;
  ClientExtensions extensions_;
  bool tls_ = false, was_ready_ = false, unheard_ = true;
  std::uint64_t replies_ = 0;
  ClientResult trouble_;

  // the mail in hand
  ClientMail mail_;
  bool in_mail_ = false;               // between begin() and done
  bool done_pending_ = false;          // done is to be told
  bool utf8_ = false;                  // MAIL bears SMTPUTF8
  std::vector<std::size_t> offered_;   // recipients that are said to the server, by index
  std::vector<std::uint8_t> settled_;  // of every recipient: its result is final
  std::vector<ClientResult> results_;
  Await await_ = Await::mail;
  std::size_t asked_ = 0;    // RCPTs whose reply has come
  std::size_t taken_ = 0;    // RCPTs that were accepted
  bool empty_mail_ = false;  // DATA was let through without a recipient: a lone dot went out
};

// What stands for a reply's status when the server gave none, RFC 3463.
EnhancedStatus status_for_code(std::uint16_t code);

}  // namespace kiyome::smtp
