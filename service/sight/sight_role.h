// The sight role: answers GET /metrics for Prometheus and /health/live, /health/ready for load balancers, for
// all roles that run on this host. It reads nothing but the roles' sight sockets, holds no key, and can
// change nothing: who conquers it has numbers.
#pragma once

#include <string>

#include "service/base/guarded.h"
#include "service/base/role.h"
#include "service/http/http.h"
#include "service/sight/asking.h"

namespace kiyome::sight {

// Descriptors: `metrics` (listening, one or more), `roles` (a text: their names, parted by spaces, those
// first whose word counts most), `tls_certificate` (a text, when this host's pages have one). Its working
// directory is where the sight sockets stand. Gives the exit code.
int run_sight(RoleContext& context);

// The pages; `certificate` is PEM or empty. Both outlive the router.
http::Router sight_router(Asking& asking, Guarded<std::string>& certificate);

}  // namespace kiyome::sight
