// The configuration's text as a role is given it: whole, but for what would let the roles that talk to
// strangers at the shared store.
#pragma once

#include <string>

#include "service/base/config.h"

namespace kiyome::supervisor {

// Throws ConfigError when the text cannot be parted from the secret.
std::string config_for(const std::string& role, const Config& config);

}  // namespace kiyome::supervisor
