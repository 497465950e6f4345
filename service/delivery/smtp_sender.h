// SMTP out over real sockets: next hops in order with failover, connection reuse, PIPELINING, STARTTLS. Wraps
// the client dialog of proto/smtp. Used by the gate (clean mail) and by the cleaner (notices to outside
// senders).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/transfer/bundle.h"
#include "service/base/config.h"

namespace kiyome::delivery {

struct OutgoingMail {
  std::string_view sender;  // reverse-path, empty for <>
  std::uint8_t ret = 0;
  std::string_view envid;
  const std::vector<transfer::Recipient>* recipients = nullptr;
  std::string_view content;  // CRLF, 7-bit; dot-stuffed here
  // Asked before the final dot goes out: after a long session another may be at it. false ends the session
  // without it, so nothing was sent, and all are `temporary`. Empty: it is ours alone.
  std::function<bool()> still_ours{};
};

// The result for one recipient, in the order given.
struct RecipientResult {
  enum class Kind : std::uint8_t {
    delivered,
    relayed_without_dsn,
    temporary,
    permanent
  } kind = Kind::temporary;
  std::uint16_t status_class = 4, status_subject = 0,
                status_detail = 0;  // RFC 3463, from the reply or standard
  std::string reply;                // the next hop's text, escaped and cut, for our own log only
  std::string hop;                  // "host:port" that answered
  bool reached = false;  // false: no next hop came to a session, so nothing was said about this mail
};

// Thread-safe; up to config.connections_max connections per host are kept open and reused.
class SmtpSender {
 public:
  SmtpSender(SmtpClientConfig config, std::string hostname);
  ~SmtpSender();
  // Blocks. One result per recipient. No answer after the final dot is `temporary`: the retry carries the
  // same Message-ID. Never throws for what a peer does.
  std::vector<RecipientResult> send(const OutgoingMail& mail);
  void stop();  // wakes blocked sends; they end as temporary

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The pause before attempt `attempt` (1, 2, …): first·2^(n-1), capped, ± 20 % jitter. Seconds.
double retry_pause(const SmtpClientConfig& config, unsigned attempt, double random01);
// No pause is longer. What is on the disk as due later than that was written before the clock was set back.
std::int64_t longest_pause_ms(const SmtpClientConfig& config);

}  // namespace kiyome::delivery
