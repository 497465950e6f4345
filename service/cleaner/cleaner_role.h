// The cleaner: takes items, has them parsed in sandboxes, decides, composes, commits, hands bundles to the
// gate.
#pragma once

#include "service/base/role.h"

namespace kiyome::cleaner {

// Descriptors: intake, admin, review if there is a console (listening Unix sockets), sanitizer.KIND (O_PATH
// programs), tls_certificate (text, may be missing). Working directory: cleaner/.
int run_cleaner(RoleContext& context);

}  // namespace kiyome::cleaner
