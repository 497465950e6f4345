// Work that a command does as the user of a role, in that role's folder: as root it would trust what a role
// wrote, and leave files there that the role cannot use. From a process with one thread.
#pragma once

#include <functional>
#include <string>

#include "service/supervisor/layout.h"

namespace kiyome::command {

enum class Reading { own, everything };  // everything: and may read what is others', but change nothing

// What `work` gave, from a process of its own. Throws what it threw: ConfigError or TemporaryFailure.
std::string run_as(const supervisor::Account& account, const std::string& folder, Reading reading,
                   const std::function<std::string()>& work);

}  // namespace kiyome::command
