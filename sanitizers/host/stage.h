// Confinement for an engine that cannot do without files: LibreOffice, which loads fonts, filters and
// settings when it comes upon them and has its own temporary files. Instead of an empty root its processes
// see a read-only one with the engine's files and nothing else, and each job has a private /tmp:
//   launcher ── enters the namespaces and the stage; only waits for
//     zygote ── process 1; the engine starts here, on the stage; then takes requests, forks
//       job  ── own mount namespace and /tmp, no capability, Landlock, its own filter
// The zygote keeps the one right to mount within its namespaces, because every job needs its own /tmp; it
// never sees hostile bytes. There is no way to go on without: what is missing ends the process with a message
// on standard error and exit code clean::kExitUnconfined.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sanitizers/host/steps.h"

namespace kiyome::sanitizer {

// What stands on the stage. Paths are absolute.
struct Stage {
  struct File {
    const char* path;
    std::string_view octets;
  };
  std::vector<const char*> needed;    // files and folders of the machine, at their own places, read-only
  std::vector<const char*> optional;  // the same, where the machine has them
  std::vector<File> own;  // files that the program brings along; for the start, no job can read them
};

// What a job needs from its zygote.
struct StagedJob {
  std::vector<sock_filter> filter;
  std::vector<std::string> readable;  // the only folders and files a job can read, beside /tmp
  std::vector<std::string> folders;   // of /tmp that the engine has made and believes in
};

// Before the engine starts. Returns only in the zygote-to-be: on the stage, in its namespaces, not yet under
// a filter.
Filters enter_stage(const Stage& stage);

// After the engine has started. The zygote is fully confined when it returns. Ends the process when the
// engine has left a thread running: a fork would then copy locks that nobody opens.
StagedJob confine_on_stage(const Stage& stage, Filters filters);

// In a fresh child of the zygote: as confine_job(). Afterwards the answer pipe is the only descriptor that
// leads out; 0 to 2 lead nowhere, and what the engine has opened leads into itself.
std::string_view confine_staged_job(const StagedJob& with, int input, int answer, std::uint32_t cpu_seconds,
                                    std::uint64_t memory_bytes);

}  // namespace kiyome::sanitizer
