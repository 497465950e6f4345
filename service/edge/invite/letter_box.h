// Sends the letters that the store has queued, by SMTP to the next hop for mail to the outside, until each
// has left or its time is over.
#pragma once

#include <memory>
#include <thread>

#include "service/base/config.h"
#include "service/base/guarded.h"
#include "service/delivery/smtp_sender.h"
#include "service/edge/invite/invitation_store.h"

namespace kiyome::edge::invite {

// Thread-safe.
class LetterBox {
 public:
  // `store` outlives it. Throws ConfigError when the next hop's TLS cannot be set up.
  LetterBox(InvitationStore& store, const Config& config);
  ~LetterBox();
  void reload(const Config& config);
  void wake();  // a letter was queued

 private:
  struct Hop {  // shared with a send in hand when it is replaced
    Hop(const SmtpClientConfig& c, const std::string& hostname) : config(c), sender(c, hostname) {}
    SmtpClientConfig config;
    delivery::SmtpSender sender;
  };
  struct State {
    std::shared_ptr<Hop> hop;
    bool woken = true, stopped = false;
  };
  void run();
  void send(const QueuedLetter& letter, Hop& hop);

  InvitationStore& store_;
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace kiyome::edge::invite
