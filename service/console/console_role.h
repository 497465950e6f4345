// The console: pages and interface of the quarantine review, on the Internet side. It owns accounts, sessions
// and a trail of its own, and no item: what it shows it asks of the cleaner.
#pragma once

#include "service/base/role.h"

namespace kiyome::console {

// Descriptors: console (listening), admin (listening Unix socket), web (folder, may be missing),
// tls_certificate, tls_key. Working directory: console/; the cleaner is asked at ../run/review.sock.
int run_console(RoleContext& context);

}  // namespace kiyome::console
