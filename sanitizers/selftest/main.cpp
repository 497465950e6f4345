// The selftest sanitizer: confined by the same code as every other.
#include "sanitizers/selftest/program.h"

using namespace kiyome;

int main() {
  return sanitizer::serve(
      {"selftest", {}, [](std::string_view input, const clean::JobOptions&, sanitizer::Answer& answer) {
         sanitizer::selftest::try_one(sanitizer::selftest::all_acts(), input, answer);
       }});
}
