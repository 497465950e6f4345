// One SMTP session with a next hop: the client dialog over a stream.
#pragma once

#include <string>
#include <vector>

#include "proto/smtp/client_dialog.h"
#include "service/delivery/smtp_sender.h"
#include "service/delivery/stream.h"

namespace kiyome::delivery {

// Owned by one thread at a time.
class Session {
 public:
  // Connects and greets. Never throws for what a peer does: ready() tells, and trouble() why not. Without
  // `tls` there is no STARTTLS.
  Session(const HostPort& host, const std::string& hostname, const TlsClient* tls,
          std::uint32_t timeout_seconds, int stop_fd);

  bool ready() const { return ready_; }
  // The handshake failed: an opportunistic caller may try again in the clear.
  bool tls_failed() const { return tls_failed_; }
  const smtp::ClientResult& trouble() const { return dialog_.trouble(); }

  // Gives the mail to those recipients. One result each, in their order.
  std::vector<smtp::ClientResult> transact(const OutgoingMail& mail,
                                           const std::vector<std::size_t>& recipients);
  // Of the last mail: nothing of it was heard by the server, or nothing we know of, and nothing of its
  // content was sent.
  bool unheard() const { return dialog_.unheard(); }
  // Of the last mail: its final dot went out, and no reply to that came. The server may have it.
  bool in_doubt() const { return in_doubt_; }
  // Of the last mail: we did not send its final dot, and nobody else shall get it now.
  bool given_up() const { return given_up_; }
  bool speaks_dsn() const { return dialog_.extensions().dsn; }

  // Usable for another mail, as far as was heard. alive() also looks at the socket: for a connection that lay
  // idle.
  bool reusable() const { return !dialog_.closed() && incoming_.empty(); }
  bool alive() { return reusable() && stream_.quiet(); }
  unsigned mails() const { return mails_; }
  void quit();

 private:
  smtp::ClientEvent::Kind drive();
  void send_content(const OutgoingMail& mail);
  void hear_last_words();
  void lost(smtp::EnhancedStatus status);
  Steady::time_point patience(unsigned times = 1) const;

  smtp::ClientDialog dialog_;
  Stream stream_;
  std::chrono::seconds timeout_;
  std::string incoming_;
  Steady::time_point whole_deadline_;  // of the greeting, or of one mail
  unsigned times_ = 1;                 // of the timeout, for the reply awaited
  unsigned mails_ = 0;
  bool ready_ = false, tls_failed_ = false, in_doubt_ = false, given_up_ = false;
};

}  // namespace kiyome::delivery
