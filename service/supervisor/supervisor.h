// The supervisor: starts every role as a process of its own with only its descriptors and rights, restarts a
// role that dies, hands on a new configuration, stops all of them within ten seconds. It parses nothing from
// outside.
#pragma once

#include <set>
#include <string>

#include "service/base/config.h"

namespace kiyome::supervisor {

// Where the programs stand, found relative to the executable that runs.
struct Programs {
  std::string kiyome;      // edge, cleaner, console
  std::string gate;        // kiyome-gate
  std::string sanitizers;  // folder
  std::string web;         // folder with the built pages: drop-box/, pick-up/, console/
};
Programs find_programs();

inline const std::set<std::string> kRoles{"edge", "cleaner", "gate", "console"};

// Blocks until SIGTERM or SIGINT. Gives the exit code. Throws ConfigError when something cannot be bound,
// read or created.
int supervise(const Config& config, const std::set<std::string>& roles);

}  // namespace kiyome::supervisor
