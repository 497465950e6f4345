#include "service/cleaner/locked_parts.h"

#include <algorithm>
#include <charconv>

#include "service/document/route.h"

namespace kiyome::cleaner {
namespace {

using document::Entry;
using document::Made;

bool is_locked(const clean::Part& part, const Made& made) {
  // The type of an encrypted entry is not known.
  const bool openable =
      part.detected_type.empty() || document::route_of(part.detected_type) != document::Route::none;
  return made.held() && openable &&
         std::find(made.reasons.begin(), made.reasons.end(), clean::Finding::kEncrypted) !=
             made.reasons.end();
}

// Depth is bounded by documents.depth_max.
void add_places(const clean::Part& part, const Made& made, const std::string& place, std::size_t& left,
                std::string& out) {
  if (left == 0) return;
  if (is_locked(part, made)) {
    out.append(out.empty() ? "" : " ").append(place);
    --left;
  }
  for (std::size_t i = 0; i < made.entries.size(); ++i)
    add_places(made.entries[i].part, made.entries[i].made, place + "/" + std::to_string(i), left, out);
}

bool is_clean(const Made& made) {
  if (made.held() || made.action == Action::strip) return false;
  return made.entries.empty() || std::any_of(made.entries.begin(), made.entries.end(),
                                             [](const Entry& entry) { return is_clean(entry.made); });
}

// The number at the front of a place, which is taken away with its slash.
std::size_t next_number(std::string_view& place) {
  std::size_t number = SIZE_MAX;
  const char* const end = std::from_chars(place.data(), place.data() + place.size(), number).ptr;
  place.remove_prefix(static_cast<std::size_t>(end - place.data()));
  if (place.starts_with('/'))
    place.remove_prefix(1);
  else
    place = {};
  return number;
}

const Made* made_at(std::string_view place, const Group& group) {
  const std::size_t part = next_number(place);
  const auto verdict = std::find_if(group.parts.begin(), group.parts.end(),
                                    [&](const PartVerdict& each) { return each.part == part; });
  const Made* made = verdict == group.parts.end() ? nullptr : verdict->made;
  while (made != nullptr && !place.empty()) {
    const std::size_t entry = next_number(place);
    made = entry < made->entries.size() ? &made->entries[entry].made : nullptr;
  }
  return made;
}

}  // namespace

std::string locked_places(const Group& group, const clean::MailAnswer& answer) {
  std::string out;
  std::size_t left = limits::kLockedPlaces;
  for (const PartVerdict& verdict : group.parts)
    if (verdict.made != nullptr)
      add_places(answer.parts[verdict.part], *verdict.made, std::to_string(verdict.part), left, out);
  return out;
}

bool opens_any(std::string_view places, const Group& group) {
  while (!places.empty()) {
    const std::string_view place = places.substr(0, places.find(' '));
    places.remove_prefix(std::min(place.size() + 1, places.size()));
    const Made* const made = made_at(place, group);
    if (made != nullptr && is_clean(*made)) return true;
  }
  return false;
}

}  // namespace kiyome::cleaner
