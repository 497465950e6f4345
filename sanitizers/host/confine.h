// Confinement, step by step, of a sanitizer's processes:
//   launcher ── the program as it was started; only waits for
//     zygote ── process 1 of its own namespaces; warm, takes requests, forks
//       job  ── one child per item; the only one that sees hostile bytes
// Each has its own list of rights (policy.cpp). There is no way to go on without: what is missing ends the
// process with a message on standard error and exit code clean::kExitUnconfined.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "sanitizers/host/policy.h"

namespace kiyome::sanitizer {

inline constexpr int kControlSocket = 3;  // in the launcher and the zygote
inline constexpr int kAnswerPipe = 3;     // in a job: it takes the place of the control socket

// Every signal does what it does by default, but a broken pipe is told by write().
void forget_handlers();

// Before warm-up: signals as at the start of the world, dies with its parent, no descriptors but standard
// error and the control socket.
void start_alone(const char* kind);

// After warm-up. Returns only in the zygote, fully confined, with the filter its jobs will take.
std::vector<sock_filter> confine(Profile profile);

// In a fresh child of the zygote: takes the last rights away. Afterwards the answer pipe is the only
// descriptor. The view is the sealed input, mapped read-only for the rest of the process. Ends the process
// when anything is wrong.
std::string_view confine_job(const std::vector<sock_filter>& filter, int input, int answer,
                             std::uint32_t cpu_seconds, std::uint64_t memory_bytes);

}  // namespace kiyome::sanitizer
