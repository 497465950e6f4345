// What crosses so that a recipient can ask for what was held, or give a file's password: the door that a link
// in his notice opens, what he says there, and what became of it. FORMAT.md tells the octets. Standard
// library only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/item_id.h"

namespace kiyome::transfer {

// Parts that are no part of a mail.
inline constexpr std::uint32_t kWholeItem = 0xffffffff;    // all of an item that is held
inline constexpr std::uint32_t kLockedParts = 0xfffffffe;  // DoorState: what a password was tried on

// What its recipient can do about a part.
enum DoorCan : std::uint8_t { kDoorAsk = 1, kDoorPassword = 2 };

struct DoorPart {
  std::uint32_t part = 0;  // clean::Part::index, or kWholeItem
  std::string name, type;  // clean lines, perhaps empty
  std::uint64_t bytes = 0;
  std::vector<std::uint16_t> findings;  // clean::Finding, ascending
  std::uint8_t can = kDoorAsk;          // a sum of DoorCan, perhaps 0: only to be seen
  bool operator==(const DoorPart&) const = default;
};

// ---- forward ----
// A link that was written into one recipient's mail. It goes before that mail, on the same connection, and
// is on the closed side's disk when that mail is accepted.
struct Door {
  ItemId id;
  std::uint32_t recipient = 0;                // Recipient::index; in a dropped file his place
  std::string address;                        // his: what is asked for goes there and nowhere else
  std::array<std::uint8_t, 32> token_hash{};  // SHA-256 of the token in the link
  std::uint64_t until_ms = 0;
  std::string sender, subject;  // clean lines, for the page
  std::vector<DoorPart> parts;  // 1 to limits::kDoorParts, ascending
  bool operator==(const Door&) const = default;
};
enum class DoorStep : std::uint8_t {
  asked = 1,    // on the Internet side's disk: somebody will decide
  refused = 2,  // by a reviewer; his words come by mail
  granted = 3,  // what can be given is on its way by mail
  wrong = 4,    // the password opened nothing
  opened = 5,   // it opened something, which is on its way by mail
  spent = 6,    // there were too many passwords
  gone = 7      // nothing can be done any more: the original is not kept, or the link is old
};
struct DoorState {
  ItemId id;
  std::uint32_t recipient = 0;
  std::uint32_t part = 0;  // as asked for; kLockedParts of a password
  DoorStep step = DoorStep::asked;
  std::uint64_t attempt = 0;  // DoorPassword::attempt of what is answered; 0 of a request
  bool operator==(const DoorState&) const = default;
};

// ---- the way back ----
// Repeated until a DoorState answers it.
struct DoorRequest {
  ItemId id;
  std::uint32_t recipient = 0;
  std::uint32_t part = 0;  // kWholeItem of a held item or dropped file
  bool operator==(const DoorRequest&) const = default;
};
struct DoorPassword {
  ItemId id;
  std::uint32_t recipient = 0;
  // A number drawn for this try, 1 to 2^63 - 1: what is said of an earlier one, however late, never answers
  // it; said again it is the same try.
  std::uint64_t attempt = 0;
  std::string password;  // a clean line, 1 to limits::kJobPassword octets
  bool operator==(const DoorPassword&) const = default;
};

}  // namespace kiyome::transfer
