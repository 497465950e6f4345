// The operations of the review as routes: each request of somebody who is signed in becomes a call to the
// cleaner, and its reply the answer. Trusts nothing in a request but what the portal has checked.
#pragma once

#include <functional>

#include "service/http/http.h"
#include "service/portal/portal.h"
#include "service/review/call.h"

namespace kiyome::console {

// Asks the cleaner; `reads`: the call changes nothing. Throws http::Problem.
using Ask = std::function<review::Reply(const review::Call& call, bool reads)>;

// Adds a route for each of review::kOperations, for those roles. `portal` must outlive the router.
void add_operations(http::Router& router, portal::Portal& portal, Ask ask);

}  // namespace kiyome::console
