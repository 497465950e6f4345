// Notices to outside senders: which of them are owed (RFC 3461, 3464), written by compose, sent to
// edge.return.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "proto/transfer/bundle.h"
#include "service/cleaner/processor.h"
#include "service/delivery/smtp_sender.h"
#include "service/store/item_store.h"

namespace kiyome::cleaner {

// The notice that the sender is owed for this result, or empty: none for null senders (no notice about a
// notice), none against NOTIFY, none for a notice of ours.
std::string owed_notice(const transfer::DeliveryResult& result, store::ItemStore& items,
                        const Config& config);

// Sends what the store keeps for senders, with retries. Owns one thread.
class Returns {
 public:
  Returns(store::ItemStore& items, CurrentConfig& config);
  ~Returns();
  void wake();  // something new may be due
  void stop();  // finishes the notice in hand

 private:
  void run();
  void send(const store::ReturnMail& mail, const Config& config);

  store::ItemStore& items_;
  CurrentConfig& config_;
  std::shared_ptr<const Config> sender_config_;  // what sender_ was made from
  std::unique_ptr<delivery::SmtpSender> sender_;
  struct State {
    bool woken = false, stopped = false;
  };
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace kiyome::cleaner
