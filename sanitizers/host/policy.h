// What the processes of a sanitizer may ask of the kernel. The lists in policy.cpp are the whole of it:
// whatever is not named there ends the process at once. Trusts libseccomp to turn the lists into a filter.
#pragma once

#include <linux/filter.h>

#include <vector>

namespace kiyome::sanitizer {

enum class Rights {
  launcher,  // waits for the zygote and passes its exit on
  zygote,    // takes requests, forks children, tells how they ended; never sees hostile bytes
  job,       // the child that reads hostile bytes
};

// What a job's libraries need beside the common list.
enum class Profile {
  plain,    // our own code and what it is linked with
  library,  // large renderers and decoders that ask the system what it has, and give memory back
  office,   // an engine with files, threads and temporary files of its own, on a stage (stage.h)
};

// The only mount that a zygote of profile office may ask for: the flags of a job's own /tmp.
inline constexpr unsigned long kStageMountFlags = 2 | 4 | 8;  // MS_NOSUID, MS_NODEV, MS_NOEXEC

// The filter as octets for seccomp(2). Empty when libseccomp cannot build it. To be called before
// confinement.
std::vector<sock_filter> compile_filter(Rights rights, Profile profile);

}  // namespace kiyome::sanitizer
