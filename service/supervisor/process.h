// One role's process: start it, hear it, stop it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/supervisor/layout.h"

namespace kiyome::supervisor {

// A descriptor that the role gets under a name (kept open here, for restarts).
struct Gift {
  std::string name;
  int fd = -1;
};

struct RoleProcess {
  std::string role;
  std::string program;  // path, opened before rights are dropped
  Account account;
  int directory = -1;  // its working directory
  std::vector<Gift> gifts;
  // What it accepted last, and what it was offered: the texts of its configuration ("config") and its files.
  using Texts = std::vector<std::pair<std::string, std::string>>;
  Texts accepted, offered;

  pid_t pid = -1;
  Descriptor control;
  bool ready = false;
  Steady::time_point started{}, start_again{};
  unsigned deaths = 0;  // in a row, for the pause before the next start
};

// Forks and executes. The child has: standard error, the gifts, nothing else, and no terminal; its own user
// when we are root; no environment but PATH, LANG=C.UTF-8, TZ and systemd's
// JOURNAL_STREAM. Throws TemporaryFailure.
void start(RoleProcess& role);

}  // namespace kiyome::supervisor
