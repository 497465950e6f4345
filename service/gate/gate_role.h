// The gate as a role process: descriptors "bundles" and "admin" (listening Unix sockets); for the pick-up
// "pick_up" (listening TCP sockets), "web" (the front end's folder), "tls_certificate" and "tls_key" (texts).
// Its folder is the working directory.
#pragma once

#include "service/base/role.h"

namespace kiyome::gate {

// Blocks until the supervisor asks to stop. Gives the exit code. Throws ConfigError and TemporaryFailure.
int run_gate(RoleContext& context);

}  // namespace kiyome::gate
