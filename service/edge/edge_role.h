// The edge role: SMTP in, originals on disk, announcements to the cleaner. It knows framing only.
#pragma once

#include "service/base/role.h"

namespace kiyome::edge {

// Descriptors: `smtp` (listening, one or more), `admin` (a listening Unix socket), and when given `drop_box`
// (listening), `web` (the folder of its pages), `recipients`, `tls_certificate`, `tls_key`, `ldap_ca`
// (the contents of these files), `cleaner_key` (32 octets). Working directory: `originals` in it,
// `../run/cleaner.sock` beside it. Returns the exit code when asked to stop; messages in hand have been
// finished.
int run_edge(RoleContext& context);

}  // namespace kiyome::edge
