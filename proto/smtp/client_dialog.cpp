// The session: greeting, EHLO and HELO, STARTTLS, the order of replies, the end. client_envelope.cpp has the
// mail.
#include "proto/smtp/client_dialog.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "proto/base/check.h"
#include "proto/smtp/client_words.h"

namespace kiyome::smtp {
namespace {

bool same_word(std::string_view a, std::string_view upper) {
  if (a.size() != upper.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'a' && a[i] <= 'z' ? static_cast<char>(a[i] - 32) : a[i];
    if (c != upper[i]) return false;
  }
  return true;
}

}  // namespace

EnhancedStatus status_for_code(std::uint16_t code) {
  switch (code) {
    case 421:
      return {4, 3, 2};
    case 450:
      return {4, 2, 0};
    case 451:
      return {4, 3, 0};
    case 452:
      return {4, 3, 1};
    case 500:
      return {5, 5, 2};
    case 501:
    case 504:
    case 555:
      return {5, 5, 4};
    case 502:
    case 503:
      return {5, 5, 1};
    case 552:
      return {5, 2, 2};
    case 553:
      return {5, 1, 3};
    default:
      return {static_cast<std::uint16_t>(code / 100 == 3 ? 4 : code / 100), 0, 0};
  }
}

ClientResult result_of(const Reply& reply) {
  ClientResult out;
  out.kind = reply.positive()    ? ClientResult::Kind::accepted
             : reply.permanent() ? ClientResult::Kind::permanent
                                 : ClientResult::Kind::temporary;
  out.code = reply.code;
  out.status = reply.status.status_class != 0 ? reply.status : status_for_code(reply.code);
  out.text = reply.shown();
  return out;
}

ClientDialog::ClientDialog(ClientSettings settings) : settings_(std::move(settings)) {}

void ClientDialog::say(std::string_view command) {
  output_ += command;
  output_ += "\r\n";
}

ClientEvent::Kind ClientDialog::step(std::string_view& input) {
  using Kind = ClientEvent::Kind;
  for (;;) {
    if (state_ == State::closed || state_ == State::handshake) {
      // Before a handshake this is the defence against injected commands (RFC 3207 section 6).
      input = {};
      return state_ == State::closed ? Kind::closed : Kind::start_tls;
    }
    switch (parser_.step(input)) {
      case ReplyParser::Step::garbage:
        out_of_order();
        break;
      case ReplyParser::Step::reply:
        handle(parser_.reply());
        break;
      case ReplyParser::Step::need_input:
        if (state_ == State::content) return Kind::content;
        if (state_ != State::ready) return Kind::need_input;
        if (!parser_.idle()) {  // nothing was asked
          out_of_order();
          break;
        }
        if (!std::exchange(done_pending_, false)) return Kind::ready;
        in_mail_ = false;
        return Kind::done;
    }
  }
}

void ClientDialog::handle(const Reply& reply) {
  ++replies_;
  if (reply.code != 421) unheard_ = false;
  // RFC 5321 section 3.8: may come at any time, and the connection is gone then.
  if (reply.code == 421 && state_ != State::quit) return end_session(result_of(reply));
  switch (state_) {
    case State::greeting:
      return greeting(reply);
    case State::ehlo:
    case State::helo:
      return hello(reply);
    case State::starttls:
      return starttls_answered(reply);
    case State::envelope:
      if (await_ == Await::mail) return mail_answered(reply);
      if (await_ == Await::rcpt) return rcpt_answered(reply);
      return data_answered(reply);
    case State::content:
      return early_answer(reply);
    case State::final:
      return final_answered(reply);
    case State::reset:
      if (!reply.positive()) return end_session(result_of(reply));
      return finish_mail();
    case State::ready:
      return out_of_order();
    case State::quit:
      state_ = State::closed;
      return;
    case State::handshake:
    case State::closed:
      return;
  }
}

void ClientDialog::greeting(const Reply& reply) {
  if (reply.code != 220) {
    if (reply.code < 400) return out_of_order();
    return end_session(result_of(reply));
  }
  state_ = State::ehlo;
  say("EHLO " + settings_.hostname);
}

void ClientDialog::hello(const Reply& reply) {
  const bool extended = state_ == State::ehlo;
  if (reply.positive()) {
    extensions_ = {};
    if (extended) read_extensions(reply);
    return after_hello();
  }
  if (reply.code < 400) return out_of_order();
  if (!extended || !reply.permanent()) return end_session(result_of(reply));
  state_ = State::helo;
  say("HELO " + settings_.hostname);
}

void ClientDialog::read_extensions(const Reply& reply) {
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {
    const std::string_view line = reply.lines[i];
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, blank);
    if (same_word(word, "PIPELINING")) extensions_.pipelining = true;
    if (same_word(word, "SMTPUTF8")) extensions_.smtputf8 = true;
    if (same_word(word, "DSN")) extensions_.dsn = true;
    if (same_word(word, "STARTTLS")) extensions_.starttls = true;
    if (!same_word(word, "SIZE")) continue;
    extensions_.size = true;
    const std::string_view number = line.substr(std::min(blank + 1, line.size()));
    std::uint64_t most = 0;
    // A number too large to hold is no bound.
    if (std::from_chars(number.data(), number.data() + number.size(), most).ec == std::errc())
      extensions_.size_max = most;
  }
}

void ClientDialog::after_hello() {
  if (settings_.tls_wanted && !tls_) {
    if (extensions_.starttls) {
      state_ = State::starttls;
      return say("STARTTLS");
    }
    if (settings_.tls_required) return end_session(our_verdict({4, 7, 0}, "STARTTLS is not offered"));
  }
  state_ = State::ready;
  was_ready_ = true;
}

void ClientDialog::starttls_answered(const Reply& reply) {
  if (reply.code == 220) {
    state_ = State::handshake;
    return;
  }
  if (reply.code < 400) return out_of_order();
  if (settings_.tls_required) return end_session(result_of(reply));
  state_ = State::ready;  // opportunistic: on in the clear
  was_ready_ = true;
}

void ClientDialog::tls_started() {
  KIYOME_CHECK(state_ == State::handshake);
  parser_.forget();
  output_.clear();
  tls_ = true;
  extensions_ = {};  // RFC 3207 section 4.2
  state_ = State::ehlo;
  say("EHLO " + settings_.hostname);
}

void ClientDialog::quit() {
  KIYOME_CHECK(state_ == State::ready);
  state_ = State::quit;
  say("QUIT");
}

void ClientDialog::failed(EnhancedStatus status, std::string_view text) {
  if (state_ != State::closed) end_session(our_verdict(status, text));
}

// RFC 3463 X.5.0: other or undefined protocol status.
void ClientDialog::out_of_order() {
  end_session(our_verdict({4, 5, 0}, "the server's replies are out of order"));
}

void ClientDialog::end_session(const ClientResult& why) {
  trouble_ = why;
  if (in_mail_) {
    ClientResult pending = why;
    if (pending.kind != ClientResult::Kind::temporary) pending = our_verdict({4, 5, 0}, why.text);
    settle_pending(pending);
  }
  output_.clear();
  state_ = State::closed;
}

}  // namespace kiyome::smtp
