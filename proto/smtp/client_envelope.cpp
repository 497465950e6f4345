// One mail of a client session: MAIL, RCPT, DATA, the final dot, and what each recipient's result is.
#include <utility>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/smtp/client_dialog.h"
#include "proto/smtp/client_words.h"

namespace kiyome::smtp {
namespace {

bool ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

// The owner hands over checked addresses; a slip there must still not become a command of its own.
bool safe_path(std::string_view address) {
  if (address.size() > limits::kSmtpPath) return false;
  for (const char c : address)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f || c == '<' || c == '>') return false;
  return true;
}

// As an esmtp-value, RFC 5321 section 4.1.2; octets above ASCII only within SMTPUTF8.
bool safe_value(std::string_view text, bool utf8) {
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= ' ' || octet == '=' || octet == 0x7f || (octet >= 0x80 && !utf8)) return false;
  }
  return !text.empty();
}

void add_notify(std::string& line, std::uint8_t notify) {
  constexpr std::pair<std::uint8_t, const char*> kWords[] = {
      {1, "NEVER"}, {2, "SUCCESS"}, {4, "FAILURE"}, {8, "DELAY"}};
  const char* before = " NOTIFY=";
  for (const auto& [bit, word] : kWords) {
    if ((notify & bit) == 0) continue;
    line += before;
    line += word;
    if (bit == 1) return;  // NEVER stands alone
    before = ",";
  }
}

// RFC 5321 section 4.5.3.1.10: 552 for one recipient too many means 452.
ClientResult rcpt_result(const Reply& reply) {
  ClientResult out = result_of(reply);
  const bool too_many =
      reply.code == 552 && (reply.status.status_class == 0 || reply.status == EnhancedStatus{5, 5, 3});
  if (too_many) out.kind = ClientResult::Kind::temporary;
  if (too_many || (reply.code == 452 && reply.status.status_class == 0)) out.status = {4, 5, 3};
  return out;
}

}  // namespace

void ClientDialog::begin(ClientMail mail) {
  KIYOME_CHECK(state_ == State::ready && !in_mail_);
  mail_ = std::move(mail);
  in_mail_ = true;
  unheard_ = true;
  empty_mail_ = false;
  asked_ = taken_ = 0;
  const std::size_t count = mail_.recipients.size();
  results_.assign(count, {});
  settled_.assign(count, 0);
  offered_.clear();
  const std::optional<ClientResult> whole = refuse_mail();
  utf8_ = !ascii(mail_.sender);
  for (std::size_t i = 0; i < count; ++i) {
    std::optional<ClientResult> refusal = whole ? whole : refuse_recipient(mail_.recipients[i]);
    if (refusal) {
      results_[i] = std::move(*refusal);
      settled_[i] = 1;
      continue;
    }
    offered_.push_back(i);
    utf8_ = utf8_ || !ascii(mail_.recipients[i].address);
  }
  if (offered_.empty()) return finish_mail();
  state_ = State::envelope;
  say_envelope();
}

std::optional<ClientResult> ClientDialog::refuse_mail() const {
  if (!safe_path(mail_.sender)) return our_verdict({5, 1, 7}, "the sender is no address");
  if (!ascii(mail_.sender) && !extensions_.smtputf8) return our_verdict({5, 6, 7}, "SMTPUTF8 is not offered");
  if (extensions_.size_max != 0 && mail_.size > extensions_.size_max)
    return our_verdict({5, 3, 4}, "the mail is larger than the server's SIZE");
  return std::nullopt;
}

std::optional<ClientResult> ClientDialog::refuse_recipient(const ClientRecipient& recipient) const {
  if (recipient.address.empty() || !safe_path(recipient.address))
    return our_verdict({5, 1, 3}, "the recipient is no address");
  if (!ascii(recipient.address) && !extensions_.smtputf8)
    return our_verdict({5, 6, 7}, "SMTPUTF8 is not offered");
  return std::nullopt;
}

// With PIPELINING everything up to DATA goes out at once, RFC 2920 section 3.1.
void ClientDialog::say_envelope() {
  await_ = Await::mail;
  say_mail();
  if (!extensions_.pipelining) return;
  for (const std::size_t index : offered_) say_rcpt(mail_.recipients[index]);
  say("DATA");
}

void ClientDialog::say_mail() {
  std::string line = "MAIL FROM:<";
  line += mail_.sender;
  line += '>';
  if (extensions_.size) line += " SIZE=" + std::to_string(mail_.size);
  if (utf8_) line += " SMTPUTF8";
  if (extensions_.dsn) {
    if (mail_.ret == 1) line += " RET=FULL";
    if (mail_.ret == 2) line += " RET=HDRS";
    if (safe_value(mail_.envid, false)) line.append(" ENVID=").append(mail_.envid);
  }
  say(line);
}

void ClientDialog::say_rcpt(const ClientRecipient& recipient) {
  std::string line = "RCPT TO:<";
  line += recipient.address;
  line += '>';
  if (extensions_.dsn) {
    add_notify(line, recipient.notify);
    if (safe_value(recipient.orcpt, utf8_)) line.append(" ORCPT=").append(recipient.orcpt);
  }
  say(line);
}

void ClientDialog::mail_answered(const Reply& reply) {
  if (reply.code >= 300 && reply.code < 400) return out_of_order();
  await_ = Await::rcpt;
  if (reply.positive()) {
    if (!extensions_.pipelining) say_rcpt(mail_.recipients[offered_[0]]);
    return;
  }
  ClientResult result = result_of(reply);
  // "Must issue STARTTLS first" (RFC 3207 section 4), "encryption required" (RFC 4954): our trouble with TLS,
  // which may pass, and nothing about this mail.
  if (!tls_ && (reply.code == 530 || reply.code == 538)) {
    result.kind = ClientResult::Kind::temporary;
    result.status.status_class = 4;
  }
  settle_pending(result);
  // When all is said already, its replies are still to come.
  if (!extensions_.pipelining) finish_mail();
}

void ClientDialog::rcpt_answered(const Reply& reply) {
  if (reply.code >= 300 && reply.code < 400) return out_of_order();
  const std::size_t index = offered_[asked_++];
  if (settled_[index] == 0) {
    if (reply.positive()) {
      ++taken_;
    } else {
      results_[index] = rcpt_result(reply);
      settled_[index] = 1;
    }
  }
  if (asked_ < offered_.size()) {
    if (!extensions_.pipelining) say_rcpt(mail_.recipients[offered_[asked_]]);
    return;
  }
  await_ = Await::data;
  if (extensions_.pipelining) return;
  if (taken_ == 0) return abandon_transaction();
  say("DATA");
}

void ClientDialog::data_answered(const Reply& reply) {
  if (reply.code < 400 && reply.code != 354) return out_of_order();
  if (reply.code != 354) {
    settle_pending(result_of(reply));
    return abandon_transaction();
  }
  if (taken_ != 0) {
    state_ = State::content;
    return;
  }
  // RFC 2920 section 3.1: a server may let DATA through without a recipient; a lone dot ends it.
  empty_mail_ = true;
  state_ = State::final;
  say(".");
}

void ClientDialog::content_sent() {
  if (state_ == State::content) state_ = State::final;
}

void ClientDialog::final_answered(const Reply& reply) {
  if (!empty_mail_) {
    if (reply.code >= 300 && reply.code < 400) return out_of_order();
    settle_pending(result_of(reply));
  }
  finish_mail();
}

// Before the final dot only a refusal makes sense, and then the rest of the content would be read as
// commands.
void ClientDialog::early_answer(const Reply& reply) {
  if (reply.code < 400) return out_of_order();
  settle_pending(result_of(reply));
  end_session(result_of(reply));
}

// The server may still have the transaction open.
void ClientDialog::abandon_transaction() {
  state_ = State::reset;
  say("RSET");
}

void ClientDialog::finish_mail() {
  state_ = State::ready;
  done_pending_ = true;
}

void ClientDialog::settle_pending(const ClientResult& result) {
  for (std::size_t i = 0; i < results_.size(); ++i) {
    if (settled_[i] != 0) continue;
    results_[i] = result;
    settled_[i] = 1;
  }
}

}  // namespace kiyome::smtp
