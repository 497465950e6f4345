// What the programs of the selftest share: the input names the forbidden act to try. They may say "achieved"
// or "refused"; most of their jobs never come to say anything.
#pragma once

#include <charconv>

#include "sanitizers/host/serve.h"
#include "sanitizers/selftest/acts.h"
#include "sanitizers/selftest/say.h"

namespace kiyome::sanitizer::selftest {

// The list of acts, one a line: how each is stopped, its name.
inline std::string list(const std::vector<Act>& acts) {
  std::string out;
  for (const Act& act : acts) out.append(word(act.stop)).append(" ").append(act.name).append("\n");
  return out;
}

inline void try_one(const std::vector<Act>& acts, std::string_view input, Answer& answer) {
  if (input == "list") return say(answer, input, list(acts));
  std::size_t number = 0;
  const char* const end = input.data() + input.size();
  if (std::from_chars(input.data(), end, number).ptr != end || number >= acts.size())
    return answer.put(clean::Refusal{clean::Finding::kSanitizerAnswer});
  const Outcome outcome = acts[number].attempt({input, 1});
  say(answer, input, (outcome.achieved ? "achieved: " : "refused: ") + outcome.detail);
}

}  // namespace kiyome::sanitizer::selftest
