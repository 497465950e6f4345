#include "sanitizers/host/landlock.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace kiyome::sanitizer {
namespace {

// linux/landlock.h of Debian 12 is older than many kernels it meets; the layout is the kernel's.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;  // ABI 4
  std::uint64_t scoped = 0;   // ABI 6
};

constexpr unsigned kVersionFlag = 1;

constexpr std::uint64_t lowest(unsigned bits) { return (std::uint64_t{1} << bits) - 1; }

Ruleset everything_known(long abi) {
  Ruleset rules;
  rules.files = lowest(abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13);
  if (abi >= 4) rules.network = lowest(2);  // bind and connect of TCP
  if (abi >= 6) rules.scoped = lowest(2);   // abstract Unix sockets, signals
  return rules;
}

}  // namespace

bool deny_by_landlock() {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersionFlag);
  if (abi < 1) return errno == ENOSYS || errno == EOPNOTSUPP;
  const Ruleset rules = everything_known(abi);
  const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const int set = static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, size, 0));
  if (set < 0) return false;
  const bool done = syscall(SYS_landlock_restrict_self, set, 0) == 0;
  close(set);
  return done;
}

}  // namespace kiyome::sanitizer
