// How one recipient's copy of an item stands: what people decided about it, and which files of the item he
// has. Places are those of locked_parts.h: "3" is a part, "3/0" what lies in it first. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/config.h"
#include "service/store/standing.h"

namespace kiyome::cleaner {

struct Standing {
  bool further = false;   // he has a mail of the item; what goes to him now is beside it
  bool released = false;  // store::Standing
  std::vector<std::pair<std::string, Action>> policies;  // place or "*"; the last that fits counts
  std::set<std::string> left_out, given;
  auto operator<=>(const Standing&) const = default;

  // In place of the policy's wish for this part.
  std::optional<Action> policy_for(std::uint32_t part) const;
  bool leaves_out(std::uint32_t part) const;
  // The places left out within this part, without its own number: "0", "1/2".
  std::set<std::string> left_out_within(std::uint32_t part) const;
};

// What does not read as ours is left out.
Standing standing_of(const store::Standing& kept);
store::Standing kept_standing(const Standing& standing, std::uint32_t recipient);

// "3/0": digits and single slashes, of a bounded length.
bool is_place(std::string_view text);
std::uint32_t part_of_place(std::string_view place);

}  // namespace kiyome::cleaner
