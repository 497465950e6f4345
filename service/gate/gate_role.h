// The gate as a role process: descriptors "bundles" and "admin" (listening Unix sockets); its folder is the
// working directory.
#pragma once

#include "service/base/role.h"

namespace kiyome::gate {

// Blocks until the supervisor asks to stop. Gives the exit code. Throws ConfigError and TemporaryFailure.
int run_gate(RoleContext& context);

}  // namespace kiyome::gate
