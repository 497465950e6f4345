// The selftest sanitizer: confined by the same code as every other, its input names the forbidden act to try.
// It may say "achieved" or "refused"; most of its jobs never come to say anything.
#include <charconv>

#include "sanitizers/host/serve.h"
#include "sanitizers/selftest/acts.h"
#include "sanitizers/selftest/say.h"

namespace {

using namespace kiyome;
using sanitizer::Answer;
using sanitizer::selftest::say;

// The list of acts, one a line: how each is stopped, its name.
std::string list() {
  std::string out;
  for (const sanitizer::selftest::Act& act : sanitizer::selftest::all_acts())
    out.append(sanitizer::selftest::word(act.stop)).append(" ").append(act.name).append("\n");
  return out;
}

void run(std::string_view input, const clean::JobOptions&, Answer& answer) {
  if (input == "list") return say(answer, input, list());
  const auto acts = sanitizer::selftest::all_acts();
  std::size_t number = 0;
  const char* const end = input.data() + input.size();
  if (std::from_chars(input.data(), end, number).ptr != end || number >= acts.size())
    return answer.put(clean::Refusal{clean::Finding::kSanitizerAnswer});
  const auto outcome = acts[number].attempt({input, 1});
  say(answer, input, (outcome.achieved ? "achieved: " : "refused: ") + outcome.detail);
}

}  // namespace

int main() { return sanitizer::serve({"selftest", {}, run}); }
