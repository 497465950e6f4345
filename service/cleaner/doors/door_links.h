// Doors: what one recipient can ask for, and the link in his notice that leads there. A link is 128 random
// bits behind the address of the pick-up page, as a fragment: browsers send it to nobody, and no log has it.
// Here only the token's hash stays. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/transfer/doors.h"
#include "service/base/config.h"
#include "service/cleaner/clean_item.h"

namespace kiyome::cleaner {

// Whether links are written at all: request.links, and somewhere to go to.
bool has_links(const Config& config);
DoorLink make_link(const Config& config);
// Of these recipients (indices into an envelope). None above limits::kPasswordPeople: who writes to so many
// is told whom to speak to, and all of them share one mail.
std::map<std::size_t, DoorLink> make_links(const std::vector<std::size_t>& recipients, const Config& config);

// What a recipient of this group's mail can be asked for; empty: nothing is missing from it.
std::vector<transfer::DoorPart> door_parts(const Group& group, const clean::MailAnswer& answer);

struct DoorTold {
  ItemId id;
  const transfer::Recipient* recipient = nullptr;
  std::string_view sender;                    // of the envelope
  const clean::MailHeader* header = nullptr;  // null when nothing is known of it
  std::vector<transfer::DoorPart> parts;      // empty: the whole item is held
  std::uint64_t bytes = 0;                    // … and so large
  std::vector<clean::Finding> reasons;        // … for these
};
// With texts that the gate takes; more than kDoorParts parts are not named.
transfer::Door make_door(DoorTold told, const DoorLink& link, const Config& config, std::int64_t now_ms);

}  // namespace kiyome::cleaner
