// Doors (links in notices by which one recipient asks for what was held, or gives a password) and what was
// asked by them: what the store knows of both. Written by ItemWriter (item_writer_doors.cpp), read here.
// Trusts the database to be ours.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/transfer/bundle.h"
#include "service/base/guarded.h"
#include "service/store/database.h"
#include "service/store/item_store.h"

namespace kiyome::store {

struct RequestRow {
  std::int64_t number = 0;
  ItemId id;
  std::uint32_t recipient = 0;
  std::uint32_t part = 0;  // clean::Part::index, or transfer::kWholeItem
  std::int64_t asked_ms = 0, decided_ms = 0;
  std::string state;  // "open", "granted", "refused"
  std::string decided_by, answer;
  std::int64_t proposal = 0;       // that waits for its second person to grant it; 0: none
  std::string proposal_state;      // of it, "" when there is none
  std::string address;             // of the recipient
  bool working = false;            // the cleaning that is to grant it goes on
  bool carried = false;            // … has given him something
  bool delivered = false;          // the recipient has a mail of the item, or one is on its way
  std::string part_name, subject;  // as the door's page tells them; perhaps empty
  std::string item_subject, sender;
};

// Thread-safe, over a connection of its own. Throws TemporaryFailure.
class Doors {
 public:
  // The store has to be there: an ItemStore has made it.
  explicit Doors(const ItemsAt& at);

  // The frames that go before this bundle.
  std::string frames(const ItemId& bundle, std::uint16_t part);
  // The newest first; `open_only` gives the oldest first. `after` is a number, 0 for the begin.
  std::vector<RequestRow> requests(bool open_only, std::int64_t after, std::size_t max);
  std::optional<RequestRow> request(std::int64_t number);
  std::vector<RequestRow> open_of(const ItemId& item);
  // Those for a whole item that is held no more.
  std::vector<RequestRow> settled(std::size_t max);
  // Those that a reviewer granted himself, and whose cleaning took longer or was cut off from its answer.
  std::vector<RequestRow> working(std::size_t max);
  // Those that a proposal is to grant.
  std::vector<RequestRow> proposed(std::size_t max);
  // What became of requests and passwords since, the oldest first; `seen_ms` gets how far that goes.
  std::vector<transfer::DoorState> states(std::int64_t since_ms, std::size_t max, std::int64_t& seen_ms);

 private:
  Guarded<std::unique_ptr<Database>> reader_;
};

// What a stored frame says. Empty when it is damaged.
std::optional<transfer::Door> door_of(std::string_view frame);

}  // namespace kiyome::store
