// The single steps of confinement that confine.cpp (an empty root) and stage.cpp (a root with an engine's
// files) put together. Each either is done or ends the process with a message and clean::kExitUnconfined.
#pragma once

#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sanitizers/host/policy.h"

namespace kiyome::sanitizer {

struct Filters {
  std::vector<sock_filter> launcher, zygote, job;
};

struct Limit {
  __rlimit_resource resource;
  rlim_t value;
};

void require(bool done, const char* what);

void keep_only_control_socket();
Filters compile_filters(Profile profile);

// As root we become nobody first, so that even outside the namespaces the process is no one.
void leave_root();
void enter_namespaces();

// A tmpfs on a folder that only this process sees so, entered as the working folder. `flags` beside no
// programs, no devices, no set-user-id.
void enter_new_mount(unsigned long flags, const char* options);
// The working folder becomes the root; the old one is out of reach.
void enter_new_root();

enum class Keep { nothing, mounting };  // mounting: CAP_SYS_ADMIN within our own namespaces
void drop_privileges(Keep keep);

bool limit(__rlimit_resource resource, rlim_t soft, rlim_t hard);
void set_limits(std::span<const Limit> own);  // beside those that hold for every sanitizer

void take_filter(const std::vector<sock_filter>& filter);
[[noreturn]] void wait_for_zygote(pid_t zygote, const Filters& filters);

// The sealed input, mapped read-only. Ends the process (clean::kExitInput) when it could still change.
std::string_view map_sealed(int input);

}  // namespace kiyome::sanitizer
