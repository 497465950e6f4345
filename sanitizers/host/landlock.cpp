#include "sanitizers/host/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
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

// Rights on files and folders, by their bits in linux/landlock.h.
constexpr std::uint64_t kWriteFile = 1u << 1, kReadFile = 1u << 2, kReadFolder = 1u << 3;
constexpr std::uint64_t kRemoveFolder = 1u << 4, kRemoveFile = 1u << 5, kMakeFolder = 1u << 7,
                        kMakeFile = 1u << 8;
constexpr std::uint64_t kTruncate = 1u << 14;  // ABI 3
constexpr unsigned kPathBeneath = 1;           // LANDLOCK_RULE_PATH_BENEATH

struct [[gnu::packed]] Rule {
  std::uint64_t allowed = 0;
  std::int32_t folder = -1;
};

constexpr int kNoLandlock = -2;

// A new ruleset; kNoLandlock when the kernel has none, or when there is nothing in it to rule.
int new_ruleset(bool files, long& abi) {
  abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersionFlag);
  if (abi < 1) return errno == ENOSYS || errno == EOPNOTSUPP ? kNoLandlock : -1;
  Ruleset rules = everything_known(abi);
  if (!files) rules.files = 0;
  if ((rules.files | rules.network | rules.scoped) == 0) return kNoLandlock;
  const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  return static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, size, 0));
}

bool take(int set) {
  const bool done = syscall(SYS_landlock_restrict_self, set, 0) == 0;
  close(set);
  return done;
}

bool deny(bool files) {
  long abi = 0;
  const int set = new_ruleset(files, abi);
  return set == kNoLandlock || (set >= 0 && take(set));
}

// What is not there needs no rule.
bool allow(int set, const char* path, std::uint64_t folder_rights, std::uint64_t file_rights) {
  const int place = open(path, O_PATH | O_CLOEXEC);
  if (place < 0) return errno == ENOENT;
  struct stat status {};
  Rule rule;
  rule.folder = place;
  bool done = syscall(SYS_fstat, place, &status) == 0;
  rule.allowed = S_ISDIR(status.st_mode) ? folder_rights | file_rights : file_rights;
  done = done && syscall(SYS_landlock_add_rule, set, kPathBeneath, &rule, 0) == 0;
  close(place);
  return done;
}

}  // namespace

bool deny_by_landlock() { return deny(true); }

bool deny_network_by_landlock() { return deny(false); }

bool allow_by_landlock(const std::vector<std::string>& readable, const char* scratch) {
  long abi = 0;
  const int set = new_ruleset(true, abi);
  if (set == kNoLandlock) return true;
  if (set < 0) return false;
  const std::uint64_t known = everything_known(abi).files;
  bool done =
      allow(set, scratch, (kReadFolder | kRemoveFolder | kRemoveFile | kMakeFolder | kMakeFile) & known,
            (kReadFile | kWriteFile | kTruncate) & known);
  for (const std::string& path : readable) done = done && allow(set, path.c_str(), kReadFolder, kReadFile);
  return take(set) && done;
}

}  // namespace kiyome::sanitizer
