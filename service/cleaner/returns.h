// Notices to outside senders: which of them are owed (RFC 3461, 3464), written by compose, sent to
// edge.return.
#pragma once

#include <functional>
#include <map>
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
  // Throws ConfigError when edge.return cannot be used.
  Returns(store::ItemStore& items, CurrentConfig& config);
  ~Returns();
  void wake();  // something new may be due
  // From the next notice on. Throws as the constructor does; then nothing changes.
  void reload(const Config& config);
  void stop();  // finishes the notice in hand

 private:
  void run();
  bool claimed(const store::ReturnMail& mail, std::int64_t longest_ms);
  void send(const store::ReturnMail& mail, const Config& config);
  void write_down(std::int64_t number);
  static bool wait_written(const std::function<void(store::ItemStore::Done)>& submit);

  store::ItemStore& items_;
  CurrentConfig& config_;
  struct State {
    bool woken = false, stopped = false;
    std::shared_ptr<delivery::SmtpSender> sender;  // shared with a notice on its way
  };
  Guarded<State> state_;
  struct Sent {
    bool delivered = false;
    std::string status;
  };
  std::map<std::int64_t, Sent> sent_;  // and not yet written down; of the thread alone
  std::thread thread_;
};

}  // namespace kiyome::cleaner
