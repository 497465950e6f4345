#include "service/delivery/session.h"

#include <algorithm>

#include "proto/smtp/dot_writer.h"

namespace kiyome::delivery {
namespace {

using smtp::ClientEvent;

constexpr std::size_t kContentPiece = 64u << 10;      // of one write; a usual mail is one piece
constexpr unsigned kWholeTimeouts = 12;               // the longest one mail may take, in timeouts …
constexpr std::uint64_t kOctetsPerSecondMin = 16384;  // … besides its content at this speed

}  // namespace

Session::Session(const HostPort& host, const std::string& hostname, const TlsClient* tls,
                 std::uint32_t timeout_seconds, int stop_fd)
    : dialog_({hostname, tls != nullptr, tls != nullptr && tls->required()}),
      stream_(Descriptor(), stop_fd),
      timeout_(std::max<std::uint32_t>(timeout_seconds, 1)) {
  std::string why;
  const auto connect_deadline =
      Steady::now() + std::max<Steady::duration>(timeout_ / 10, std::chrono::seconds(1));
  Descriptor socket = connect_to(host, connect_deadline, stop_fd, why);
  if (!socket) {
    dialog_.failed({4, 4, static_cast<std::uint16_t>(why.find("resolver") == std::string::npos ? 1 : 3)},
                   why);
    return;
  }
  stream_ = Stream(std::move(socket), stop_fd);
  whole_deadline_ = patience(3);
  ClientEvent::Kind kind = drive();
  if (kind == ClientEvent::Kind::start_tls) {
    incoming_.clear();
    if (stream_.start_tls(*tls, host.host, patience())) {
      dialog_.tls_started();
    } else {
      tls_failed_ = true;
      lost({4, 7, 5});
    }
    kind = drive();
  }
  ready_ = kind == ClientEvent::Kind::ready;
}

Steady::time_point Session::patience(unsigned times) const { return Steady::now() + times * timeout_; }

void Session::lost(smtp::EnhancedStatus status) { dialog_.failed(status, stream_.why()); }

// Sends and reads until the dialog asks for something else. Each reply has its own deadline; the mail has one
// too.
ClientEvent::Kind Session::drive() {
  std::uint64_t replies = dialog_.replies();
  auto deadline = std::min(patience(times_), whole_deadline_);
  for (;;) {
    std::string_view input = incoming_;
    const ClientEvent::Kind kind = dialog_.step(input);
    incoming_.erase(0, incoming_.size() - input.size());
    if (replies != dialog_.replies()) {
      replies = dialog_.replies();
      deadline = std::min(patience(times_), whole_deadline_);
    }
    if (std::string& output = dialog_.output(); !output.empty()) {
      const bool sent = stream_.write(output, incoming_, deadline);
      output.clear();
      if (!sent) lost({4, 4, 2});
      if (kind == ClientEvent::Kind::need_input || !sent) continue;
    }
    if (kind != ClientEvent::Kind::need_input) return kind;
    if (!stream_.read(incoming_, deadline)) lost({4, 4, 2});
  }
}

std::vector<smtp::ClientResult> Session::transact(const OutgoingMail& mail,
                                                  const std::vector<std::size_t>& recipients) {
  smtp::ClientMail out{mail.sender, mail.ret, mail.envid, {}, mail.content.size()};
  out.recipients.reserve(recipients.size());
  for (const std::size_t index : recipients) {
    const transfer::Recipient& recipient = (*mail.recipients)[index];
    out.recipients.push_back({recipient.address, recipient.notify, recipient.orcpt});
  }
  const auto transfer_time = std::chrono::seconds(mail.content.size() / kOctetsPerSecondMin);
  whole_deadline_ = patience(kWholeTimeouts) + transfer_time;
  times_ = 1;
  ++mails_;
  in_doubt_ = given_up_ = false;
  dialog_.begin(std::move(out));
  if (drive() == ClientEvent::Kind::content) {
    send_content(mail);
    times_ = 2;  // RFC 5321 section 4.5.3.2.6: the final dot takes longest
    const std::uint64_t replies = dialog_.replies();
    const bool whole = !dialog_.closed();
    drive();
    in_doubt_ = whole && dialog_.replies() == replies;
    times_ = 1;
  }
  return dialog_.results();
}

void Session::send_content(const OutgoingMail& mail) {
  std::string_view content = mail.content;
  smtp::DotWriter dots;
  std::string out;
  out.reserve(std::min(content.size() + content.size() / 32, kContentPiece) + 64);
  const auto piece_time = timeout_ + std::chrono::seconds(kContentPiece / kOctetsPerSecondMin);
  for (;;) {
    const std::size_t size = std::min(content.size(), kContentPiece);
    dots.write(content.substr(0, size), out);
    content.remove_prefix(size);
    if (content.empty()) {
      given_up_ = mail.still_ours && !mail.still_ours();
      if (given_up_) return dialog_.failed({4, 3, 0}, "another gate may have it");
      dots.finish(out);
    }
    const bool sent = stream_.write(out, incoming_, std::min(whole_deadline_, Steady::now() + piece_time));
    out.clear();
    if (sent && content.empty()) return dialog_.content_sent();
    // A refusal in the middle ends the session, whether the server still takes what we say or not.
    if (!sent) hear_last_words();
    if (!incoming_.empty()) {
      std::string_view input = incoming_;
      dialog_.step(input);
      incoming_.clear();
    }
    if (!sent) lost({4, 4, 2});
    if (dialog_.closed()) return;
  }
}

void Session::hear_last_words() {
  if (stream_.lost()) stream_.read(incoming_, Steady::now() + std::chrono::milliseconds(200));
}

// The answer is not waited for: nothing depends on it.
void Session::quit() {
  if (dialog_.closed()) return;
  dialog_.quit();
  stream_.write(dialog_.output(), incoming_, Steady::now() + std::chrono::seconds(1));
}

}  // namespace kiyome::delivery
