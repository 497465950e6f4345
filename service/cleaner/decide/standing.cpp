#include "service/cleaner/decide/standing.h"

#include <algorithm>
#include <charconv>

#include "service/cleaner/report.h"

namespace kiyome::cleaner {
namespace {

constexpr std::size_t kPlace = 64;  // octets: the deepest nesting with the largest numbers

std::optional<Action> action_of(std::string_view name) {
  for (const Action each :
       {Action::strip, Action::text, Action::flatten, Action::image, Action::hold, Action::view})
    if (name == name_of(each)) return each;
  return std::nullopt;
}

template <class Use>
void each_word(std::string_view words, Use&& use) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    if (!word.empty()) use(word);
  }
}

std::set<std::string> places_of(std::string_view words) {
  std::set<std::string> out;
  each_word(words, [&](std::string_view word) {
    if (is_place(word)) out.emplace(word);
  });
  return out;
}

std::string words_of(const std::set<std::string>& places) {
  std::string out;
  for (const std::string& each : places) out.append(out.empty() ? "" : " ").append(each);
  return out;
}

}  // namespace

bool is_place(std::string_view text) {
  if (text.empty() || text.size() > kPlace) return false;
  bool digit = false;  // the last character was one
  for (const char c : text) {
    if (c == '/' ? !digit : !(c >= '0' && c <= '9')) return false;
    digit = c != '/';
  }
  return digit;
}

std::uint32_t part_of_place(std::string_view place) {
  std::uint32_t out = UINT32_MAX;
  std::from_chars(place.data(), place.data() + std::min(place.find('/'), place.size()), out);
  return out;
}

std::optional<Action> Standing::policy_for(std::uint32_t part) const {
  std::optional<Action> out;
  for (const auto& [place, action] : policies)
    if (place == "*" || part_of_place(place) == part) out = action;
  return out;
}

bool Standing::leaves_out(std::uint32_t part) const { return left_out.contains(std::to_string(part)); }

std::set<std::string> Standing::left_out_within(std::uint32_t part) const {
  const std::string head = std::to_string(part) + "/";
  std::set<std::string> out;
  for (const std::string& each : left_out)
    if (each.starts_with(head)) out.insert(each.substr(head.size()));
  return out;
}

Standing standing_of(const store::Standing& kept) {
  Standing out;
  out.released = kept.released;
  each_word(kept.policies, [&](std::string_view word) {
    const std::size_t colon = std::min(word.find(':'), word.size());
    const std::string_view place = word.substr(0, colon);
    const std::optional<Action> action = action_of(word.substr(std::min(colon + 1, word.size())));
    if (action && (place == "*" || is_place(place))) out.policies.emplace_back(place, *action);
  });
  out.left_out = places_of(kept.left_out);
  out.given = places_of(kept.given);
  return out;
}

store::Standing kept_standing(const Standing& standing, std::uint32_t recipient) {
  store::Standing out;
  out.recipient = recipient;
  out.released = standing.released;
  for (const auto& [place, action] : standing.policies)
    out.policies.append(out.policies.empty() ? "" : " ").append(place).append(":").append(name_of(action));
  out.left_out = words_of(standing.left_out);
  out.given = words_of(standing.given);
  return out;
}

}  // namespace kiyome::cleaner
