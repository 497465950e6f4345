// How a list of rights is written: see policy.cpp, office_rights.cpp.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstdint>
#include <span>

namespace kiyome::sanitizer {

// Argument `index`, looked at through `mask`, has to be `value`. The kernel reads an int from the lower half.
struct Bound {
  unsigned index = 0;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
};
constexpr std::uint64_t kInt = 0xffffffff;
constexpr std::uint64_t kLong = ~std::uint64_t{0};

// One right: the call, why it is needed, and what its arguments have to be.
struct Allowed {
  int call;
  const char* why;
  Bound first{};
  Bound second{};
};

constexpr Bound kNotExecutable{2, PROT_EXEC, 0};
constexpr Bound kNoFile{3, MAP_ANONYMOUS, MAP_ANONYMOUS};
// What fork() of glibc passes; anything else would be a thread, a shared memory or a new namespace.
constexpr std::uint64_t kForkFlags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;

// What an office job and its zygote need beside the common lists.
std::span<const Allowed> office_job_rights();
std::span<const Allowed> office_zygote_rights();

}  // namespace kiyome::sanitizer
