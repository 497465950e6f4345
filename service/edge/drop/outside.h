// What the drop box needs of the edge around it. All of it is thread-safe and outlives the drop box.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/transfer/drop.h"
#include "proto/transfer/intake.h"
#include "service/auth/accounts.h"
#include "service/base/clock.h"
#include "service/store/original_log.h"

namespace kiyome::edge::drop {

// What somebody may do who came by an invitation, once in all; no recipients: nothing (any more).
struct Allowance {
  std::vector<std::string> recipients;
  std::uint64_t bytes_max = 0;
  std::string mail;  // his own
  bool over() const { return recipients.empty(); }
};

struct Outside {
  store::OriginalLog& originals;
  std::function<void(const transfer::Announce&)> announce;  // to the cleaner: on disk
  std::function<void(const transfer::AskDrop&)> ask;        // the cleaner: say the state of this item again
  std::function<bool(const std::string& mailbox)> knows_recipient;  // "local@domain", as at RCPT
  std::function<bool(std::uint64_t octets)> has_room;  // so much more above the floors of the disk
  std::function<void()> write_failed;                  // what was seen of the disk is old
  std::function<std::optional<Allowance>(const auth::Account&)> allowance = [](const auth::Account&) {
    return std::nullopt;
  };  // nothing: he is no guest
  std::function<void(const auth::Account&)> submitted = [](const auth::Account&) {};
  // Whether the address is of the account's tenant, if it has one.
  std::function<bool(const auth::Account&, const std::string& mailbox)> is_own =
      [](const auth::Account&, const std::string&) { return true; };
  std::function<bool(const auth::Account&)> may_invite = [](const auth::Account&) { return false; };
  // A preview: empty octets when there is none, nothing when the cleaner cannot be asked. Blocks.
  std::function<std::shared_ptr<const std::string>(const ItemId&, std::uint32_t page)> picture =
      [](const ItemId&, std::uint32_t) { return nullptr; };
  std::function<std::int64_t()> wall_ms = unix_ms_now;
};

}  // namespace kiyome::edge::drop
