#include "sanitizers/selftest/acts.h"

#include <cerrno>
#include <cstring>

namespace kiyome::sanitizer::selftest {

std::vector<Act> all_acts() {
  std::vector<Act> out;
  for (const auto& some : {file_acts(), process_acts(), network_acts(), memory_acts(), kernel_acts()})
    out.insert(out.end(), some.begin(), some.end());
  return out;
}

const char* word(Stop stop) {
  switch (stop) {
    case Stop::killed:
      return "killed";
    case Stop::refused:
      return "refused";
    case Stop::either:
      return "either";
    case Stop::timeout:
      return "timeout";
    case Stop::memory:
      return "memory";
    case Stop::answer:
      return "answer";
  }
  return "killed";
}

Outcome of_call(long result, const char* achieved) {
  if (result >= 0) return {true, achieved};
  return {false, strerrorname_np(errno) != nullptr ? strerrorname_np(errno) : "refused"};
}

}  // namespace kiyome::sanitizer::selftest
