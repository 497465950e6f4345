#include "proto/smtp/server_dialog.h"

#include <algorithm>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/smtp/address.h"
#include "proto/smtp/line_scan.h"

namespace kiyome::smtp {
namespace {

// Commands that bring no mail nearer; each is fine, hundreds of them only keep a place.
bool leads_nowhere(Verb verb) {
  return verb == Verb::noop || verb == Verb::rset || verb == Verb::vrfy || verb == Verb::help ||
         verb == Verb::ehlo || verb == Verb::helo;
}

}  // namespace

ServerDialog::ServerDialog(const ServerSettings& settings, ServerPolicy& policy, ServerClient client)
    : settings_(settings), policy_(policy), client_(std::move(client)) {}

void ServerDialog::greet() { answer(220, {}, settings_.hostname + " ESMTP"); }

ServerEvent ServerDialog::step(std::string_view& input) {
  for (;;) {
    if (const auto event = pending()) return *event;
    std::optional<ServerEvent> event;
    switch (state_) {
      case State::closed:
        input = {};
        return {Kind::close, {}};
      case State::tls:  // whatever came in the clear after STARTTLS is not ours to hear
        input = {};
        return {Kind::start_tls, {}};
      case State::waiting:
        return {Kind::waiting, {}};
      case State::command:
        if (output_.size() >= limits::kSmtpReplyBacklog) return {Kind::flush, {}};
        if (std::string_view line; take_line(input, line))
          handle_line(line);
        else if (state_ == State::command)
          return {Kind::need_input, {}};
        break;
      case State::data:
        event = data_step(input);
        break;
      case State::chunk:
        event = chunk_step(input);
        break;
    }
    if (event) return *event;
  }
}

std::optional<ServerEvent> ServerDialog::pending() {
  if (std::exchange(abandon_pending_, false)) return ServerEvent{Kind::message_abandoned, {}};
  if (std::exchange(begin_pending_, false)) return ServerEvent{Kind::message_begin, {}};
  if (std::exchange(end_pending_, false)) return ServerEvent{Kind::message_end, {}};
  return std::nullopt;
}

void ServerDialog::answer(const ServerReply& reply) {
  if (reply.code >= 400) policy_.refused(reply);
  if (reply.code >= 500 && ++errors_ > settings_.errors_max) {
    output_ += replies::too_many_errors(settings_.hostname).line();
    state_ = State::closed;
    return;
  }
  output_ += reply.line();
}

void ServerDialog::answer(std::uint16_t code, std::string_view status, std::string_view text) {
  answer(ServerReply{code, status, std::string(text)});
}

void ServerDialog::end(const ServerReply& reply) {
  if (state_ == State::closed) return;
  if (state_ != State::tls) output_ += reply.line();  // in a handshake nothing can be said
  policy_.refused(reply);
  state_ = State::closed;
}

void ServerDialog::bare() { end(replies::bare_line_end()); }

void ServerDialog::tls_started() {
  if (state_ != State::tls) return;  // it was ended meanwhile
  tls_ = true;
  greeted_ = extended_ = false;
  client_.helo.clear();
  line_.clear();
  state_ = State::command;
}

// ---- lines ----

// Gives a whole line without its CR LF, in the input or in line_; false when there is none yet or the session
// ended.
bool ServerDialog::take_line(std::string_view& input, std::string_view& line) {
  if (std::exchange(line_used_, false)) line_.clear();
  if (input.empty()) return false;
  if (line_cr_) {
    if (input.front() != '\n') {
      bare();
      return false;
    }
    line_cr_ = false;
    input.remove_prefix(1);
    line = line_;
    line_used_ = true;
    return true;
  }
  const std::size_t at = find_line_octet(input);
  const bool whole =
      at != std::string_view::npos && at + 1 < input.size() && input[at] == '\r' && input[at + 1] == '\n';
  if (whole && line_.empty() && overlong_ == 0 && at <= limits::kSmtpCommandLine) {
    line = input.substr(0, at);
    input.remove_prefix(at + 2);
    return true;
  }
  return extend_line(input, line, at);
}

// The slow way: the line came in pieces, or is too long and only counted.
bool ServerDialog::extend_line(std::string_view& input, std::string_view& line, std::size_t at) {
  const std::string_view piece = input.substr(0, at);
  if (overlong_ > 0 || piece.size() > limits::kSmtpCommandLine - line_.size()) {
    overlong_ += line_.size() + piece.size();
    line_.clear();
    if (overlong_ > limits::kSmtpOverlong) {
      end(replies::too_many_errors(settings_.hostname));
      return false;
    }
  } else {
    line_ += piece;
  }
  input.remove_prefix(piece.size());
  if (input.empty()) return false;
  if (input.front() != '\r') {
    bare();
    return false;
  }
  input.remove_prefix(1);
  line_cr_ = true;
  return take_line(input, line);  // once: line_cr_ is set
}

void ServerDialog::handle_line(std::string_view line) {
  ++lines_;
  if (++commands_ > settings_.commands_max) return end(replies::too_many_commands(settings_.hostname));
  if (std::exchange(overlong_, 0) > 0) return answer(500, "5.5.2", "Line too long");
  const CommandLine command = split_command(line);
  if (leads_nowhere(command.verb) && ++idle_commands_ > settings_.idle_commands_max)
    return end(replies::too_many_commands(settings_.hostname));
  handle(command);
}

// ---- commands ----

void ServerDialog::handle(const CommandLine& command) {
  switch (command.verb) {
    case Verb::ehlo:
      return hello(command.argument, true);
    case Verb::helo:
      return hello(command.argument, false);
    case Verb::mail:
      return mail(command.argument);
    case Verb::rcpt:
      return rcpt(command.argument);
    case Verb::data:
      return data(command.argument);
    case Verb::bdat:
      return bdat(command.argument);
    case Verb::starttls:
      return starttls(command.argument);
    case Verb::xclient:
      return xclient(command.argument);
    case Verb::xforward:
      return xforward(command.argument);
    case Verb::rset:
      if (!command.argument.empty()) return answer(replies::syntax("RSET"));
      clear_transaction();
      return answer(250, "2.0.0", "Ok");
    case Verb::vrfy:
      if (command.argument.empty()) return answer(replies::syntax("VRFY address"));
      return answer(252, "2.0.0", "Cannot VRFY user, but will accept message and attempt delivery");
    default:
      return other(command.verb);
  }
}

void ServerDialog::other(Verb verb) {
  switch (verb) {
    case Verb::noop:
      return answer(250, "2.0.0", "Ok");
    case Verb::help:
      return answer(214, "2.0.0", "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT");
    case Verb::quit:
      answer(221, "2.0.0", "Bye");
      state_ = State::closed;
      return;
    case Verb::known:
      return answer(502, "5.5.1", "Command not implemented");
    case Verb::foreign:
      return end({554, "5.5.1", "This is not what you look for"});
    default:
      return answer(500, "5.5.2", "Command not recognized");
  }
}

// MAIL and RCPT are cleared together, and with them whatever was begun.
void ServerDialog::clear_transaction() {
  if (in_message_ && !refusal_) abandon_pending_ = true;
  in_message_ = mail_ = chunking_ = false;
  refusal_.reset();
  forwarded_.reset();
  envelope_ = {};
  envelope_bytes_ = 0;
}

void ServerDialog::hello(std::string_view name, bool extended) {
  if (!valid_helo_name(name)) return answer(replies::syntax(extended ? "EHLO hostname" : "HELO hostname"));
  clear_transaction();
  greeted_ = true;
  extended_ = extended;
  client_.helo = name;
  if (!extended) return answer(250, {}, settings_.hostname);
  const auto keyword = [&](std::string_view text) { output_.append("250-").append(text).append("\r\n"); };
  keyword(settings_.hostname);
  keyword("PIPELINING");
  keyword("SIZE " + std::to_string(settings_.message_bytes_max));
  if (settings_.starttls && !tls_) keyword("STARTTLS");
  if (client_.may_say_client) {
    keyword("XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT");
    keyword("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE");
  }
  keyword("8BITMIME");
  keyword("SMTPUTF8");
  keyword("CHUNKING");
  keyword("DSN");
  answer(250, {}, "ENHANCEDSTATUSCODES");
}

void ServerDialog::mail(std::string_view argument) {
  if (!greeted_) return answer(replies::bad_sequence("Send EHLO or HELO first"));
  if (mail_) return answer(replies::bad_sequence("Nested MAIL command"));
  const auto parsed = parse_mail(argument);
  if (!parsed) return answer(parsed.error());
  if (parsed->size > settings_.message_bytes_max) return answer(replies::too_large());
  if (const auto refusal = policy_.refuse_sender(client_, *parsed)) return answer(*refusal);
  mail_ = true;
  envelope_.sender = parsed->sender;
  envelope_.smtputf8 = parsed->smtputf8;
  envelope_.ret = parsed->ret;
  envelope_.envid = parsed->envid;
  answer(250, "2.1.0", "Ok");
}

void ServerDialog::rcpt(std::string_view argument) {
  if (!mail_) return answer(replies::bad_sequence("Need MAIL command"));
  if (chunking_) return answer(replies::bad_sequence("RCPT after BDAT"));
  auto parsed = parse_rcpt(argument, envelope_.smtputf8);
  if (!parsed) return answer(parsed.error());
  const std::size_t bytes = parsed->recipient.size() + parsed->orcpt.size();
  if (envelope_.recipients.size() >= settings_.recipients_max ||
      bytes > limits::kSmtpEnvelope - envelope_bytes_)
    return answer(replies::too_many_recipients());
  if (const auto refusal = policy_.refuse_recipient(client_, parsed->recipient)) return answer(*refusal);
  envelope_bytes_ += bytes;
  envelope_.recipients.push_back({std::move(parsed->recipient), parsed->notify, std::move(parsed->orcpt)});
  answer(250, "2.1.5", "Ok");
}

void ServerDialog::data(std::string_view argument) {
  if (!argument.empty()) return answer(replies::syntax("DATA"));
  if (!mail_) return answer(replies::bad_sequence("Need MAIL command"));
  if (chunking_) return answer(replies::bad_sequence("DATA after BDAT"));
  if (envelope_.recipients.empty()) return answer(554, "5.5.1", "No valid recipients");
  begin_message();
  dots_.reset();
  state_ = State::data;
  answer(354, {}, "End data with <CR><LF>.<CR><LF>");
}

// A refused chunk is still read to its end, or its octets would be heard as commands.
void ServerDialog::bdat(std::string_view argument) {
  const auto parsed = parse_bdat(argument);
  if (!parsed) return end(replies::syntax("BDAT size [LAST]"));
  std::optional<ServerReply> refusal;
  if (!mail_)
    refusal = replies::bad_sequence("Need MAIL command");
  else if (envelope_.recipients.empty())
    refusal = ServerReply{554, "5.5.1", "No valid recipients"};
  const std::uint64_t before = in_message_ ? message_bytes_ : 0;
  if (!refusal && parsed->size > settings_.message_bytes_max - before) refusal = replies::too_large();
  if (refusal && parsed->size > limits::kSmtpSwallow) return end(*refusal);
  chunk_left_ = parsed->size;
  chunk_last_ = parsed->last;
  state_ = State::chunk;
  if (refusal) {
    swallowed_ = 0;
    return refuse_message(*refusal);
  }
  if (!std::exchange(chunking_, true)) {
    pairs_.reset();
    begin_message();
  }
}

void ServerDialog::starttls(std::string_view argument) {
  if (!settings_.starttls) return answer(502, "5.5.1", "Command not implemented");
  if (!argument.empty()) return answer(replies::syntax("STARTTLS"));
  if (tls_) return answer(replies::bad_sequence("TLS is already active"));
  clear_transaction();
  answer(220, "2.0.0", "Ready to start TLS");
  state_ = State::tls;
}

void ServerDialog::xclient(std::string_view argument) {
  if (!client_.may_say_client) return answer(550, "5.7.0", "Insufficient authorization");
  if (mail_) return answer(replies::bad_sequence("Mail transaction in progress"));
  const auto parsed = parse_client_attributes(argument);
  if (!parsed) return answer(parsed.error());
  if (parsed->address) client_.address = *parsed->address;
  if (parsed->name) client_.name = *parsed->name;
  if (parsed->helo) client_.helo = *parsed->helo;
  clear_transaction();
  greeted_ = extended_ = false;
  greet();
}

void ServerDialog::xforward(std::string_view argument) {
  if (!client_.may_say_client) return answer(550, "5.7.0", "Insufficient authorization");
  if (mail_) return answer(replies::bad_sequence("Mail transaction in progress"));
  const auto parsed = parse_client_attributes(argument);
  if (!parsed) return answer(parsed.error());
  if (!forwarded_) forwarded_.emplace();
  if (parsed->address) forwarded_->address = parsed->address;
  if (parsed->helo) forwarded_->helo = parsed->helo;
  answer(250, "2.0.0", "Ok");
}

// ---- the message ----

void ServerDialog::begin_message() {
  const bool known = forwarded_ && forwarded_->address && !forwarded_->address->empty();
  envelope_.client_address = known ? *forwarded_->address : client_.address;
  envelope_.client_helo = known ? forwarded_->helo.value_or("") : client_.helo;
  if (envelope_.smtputf8)
    envelope_.protocol = tls_ ? "UTF8SMTPS" : "UTF8SMTP";
  else if (extended_)
    envelope_.protocol = tls_ ? "ESMTPS" : "ESMTP";
  else
    envelope_.protocol = "SMTP";
  message_bytes_ = swallowed_ = 0;
  in_message_ = begin_pending_ = true;
}

std::optional<ServerEvent> ServerDialog::data_step(std::string_view& input) {
  const DotReader::Step step = dots_.step(input);
  switch (step.kind) {
    case DotReader::Kind::more:
      return ServerEvent{Kind::need_input, {}};
    case DotReader::Kind::octets:
      return content(step.octets);
    case DotReader::Kind::bare:
      bare();
      return std::nullopt;
    case DotReader::Kind::end:
      break;
  }
  state_ = State::command;
  finish_message();
  return std::nullopt;
}

std::optional<ServerEvent> ServerDialog::chunk_step(std::string_view& input) {
  if (chunk_left_ == 0) {
    state_ = State::command;
    if (refusal_ || chunk_last_)
      finish_message();
    else
      answer(250, "2.0.0", "Ok: chunk received");
    return std::nullopt;
  }
  if (input.empty()) return ServerEvent{Kind::need_input, {}};
  const std::string_view piece = input.substr(0, std::min<std::uint64_t>(chunk_left_, input.size()));
  input.remove_prefix(piece.size());
  chunk_left_ -= piece.size();
  if (!refusal_ && !pairs_.check(piece)) {
    bare();
    return std::nullopt;
  }
  return content(piece);
}

std::optional<ServerEvent> ServerDialog::content(std::string_view octets) {
  if (refusal_) {
    swallowed_ += octets.size();
    if (swallowed_ > limits::kSmtpSwallow) end(*refusal_);
    return std::nullopt;
  }
  message_bytes_ += octets.size();
  if (message_bytes_ <= settings_.message_bytes_max) return ServerEvent{Kind::message_octets, octets};
  refuse_message(replies::too_large());
  return std::nullopt;
}

void ServerDialog::finish_message() {
  if (refusal_) {
    const ServerReply reply = *refusal_;
    clear_transaction();
    return answer(reply);
  }
  if (chunking_ && !pairs_.complete()) return bare();
  in_message_ = false;
  end_pending_ = true;
  state_ = State::waiting;
}

void ServerDialog::refuse_message(const ServerReply& reply) {
  if (in_message_ && !refusal_) abandon_pending_ = true;
  refusal_ = reply;
}

void ServerDialog::message_failed(const ServerReply& reply) {
  if (state_ == State::closed || !in_message_) return;
  refusal_ = reply;
}

void ServerDialog::message_done(const ServerReply& reply) {
  if (state_ == State::closed) return;
  KIYOME_CHECK(state_ == State::waiting);
  state_ = State::command;
  clear_transaction();
  if (reply.positive()) {
    commands_ = errors_ = idle_commands_ = 0;
    ++messages_;
  }
  answer(reply);
}

}  // namespace kiyome::smtp
