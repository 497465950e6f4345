// The cleaner: takes items, has them parsed in sandboxes, decides, composes, commits, hands bundles to the
// gate.
#pragma once

#include "service/base/role.h"

namespace kiyome::cleaner {

// Descriptors: intake, admin (listening Unix sockets), sanitizer.mail (O_PATH program). Working directory:
// cleaner/.
int run_cleaner(RoleContext& context);

}  // namespace kiyome::cleaner
