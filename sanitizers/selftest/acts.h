// Forbidden acts: what a conquered sanitizer would try. Each is one honest attempt that says whether it
// achieved anything. They run inside jobs of two selftest sanitizers, one confined like every other, one on a
// stage like LibreOffice's; the harmless ones also run unconfined in tests/confine, to prove that the attempt
// itself would work.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kiyome::sanitizer::selftest {

struct Outcome {
  bool achieved = false;
  std::string detail;  // what was achieved, or the kernel's refusal
};

// What an attempt may need to know; the kernel cannot be asked from inside.
struct Surroundings {
  std::string_view input;  // the sealed input as it is mapped
  int process = 1;         // another process: inside, 1 is the zygote that all jobs come from
};

// How a stopped act ends.
enum class Stop : std::uint8_t {
  killed,   // by the kernel, in the act
  refused,  // the call fails, or there was nothing to be had
  either,   // one of these, as the kernel has it
  timeout,  // by the limit on time
  memory,   // by the limit on memory
  answer,   // by the reader of the answer
};

enum class Twin : std::uint8_t { works, works_as_root, harmful };  // when tried unconfined

struct Act {
  const char* name;
  Stop stop;
  Twin twin;
  Outcome (*attempt)(const Surroundings& around);
};

std::span<const Act> file_acts();
std::span<const Act> process_acts();
std::span<const Act> network_acts();
std::span<const Act> memory_acts();
std::span<const Act> kernel_acts();

// All of them; the order is part of the meaning (a later act looks for what an earlier one left).
std::vector<Act> all_acts();

// Those that are forbidden on a stage as well, and the ones that only a stage has; the order as above.
std::vector<Act> acts_on_stage();
inline constexpr const char* kShown = "/usr/lib/locale/C.utf8/LC_CTYPE";  // stands on the stage
inline constexpr const char* kForTheStart = "/own/secret";                // … and no job can read it

const char* word(Stop stop);

// A call that gives a negative number when the kernel refuses.
Outcome of_call(long result, const char* achieved);

}  // namespace kiyome::sanitizer::selftest
