// The daily mails: to each recipient what is held for him and was not told in an earlier one, with a link by
// which he can ask; to reviewers what waits. Each is written with the note that it was, in one transaction:
// so once a day and address, whenever we are killed. Subjects and senders are hostile text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "service/base/guarded.h"
#include "service/cleaner/gate_link.h"
#include "service/cleaner/processor.h"
#include "service/store/database.h"
#include "service/store/item_store.h"

namespace kiyome::cleaner {

// The last moment at or before `now_ms` when the local clock showed `hour`:00.
std::int64_t digest_moment(std::int64_t now_ms, std::uint32_t hour);

// Thread-safe. Owns one thread once it is started.
class Digests {
 public:
  struct Parts {
    store::ItemStore& items;
    GateLink& gate;
    CurrentConfig& config;
  };
  // The item store is there.
  Digests(store::ItemsAt at, Parts parts) : at_(std::move(at)), parts_(parts) {}
  ~Digests() { stop(); }
  void start();
  void stop();

  struct Sent {
    std::size_t recipients = 0, reviewers = 0;
  };
  // What is due and was not sent. Throws TemporaryFailure; what was sent by then is not sent again.
  Sent send_due(std::int64_t now_ms);

 private:
  struct Held {
    ItemId id;
    std::uint32_t number = 0;
    std::string reasons;
  };
  struct Recipient {
    std::string address;
    std::vector<Held> items;  // the newest, at most kDigestItems
    std::size_t count = 0;
  };
  std::vector<Recipient> due(store::Database& database, std::int64_t moment, std::int64_t now_ms) const;
  bool tell(const Recipient& recipient, std::int64_t moment, std::int64_t now_ms, const Config& config);
  std::size_t tell_reviewers(store::Database& database, std::int64_t moment, std::int64_t now_ms,
                             const Config& config);
  bool write(std::function<void(store::ItemWriter&)> work);
  void run();

  const store::ItemsAt at_;
  Parts parts_;
  Guarded<bool> stopping_;
  std::thread thread_;
};

}  // namespace kiyome::cleaner
