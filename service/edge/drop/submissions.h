// Submissions over HTTP: sending what was uploaded, and looking how it fares. What is somebody else's does
// not exist.
#pragma once

#include "service/edge/drop/dispatch.h"
#include "service/edge/drop/uploads.h"

namespace kiyome::edge::drop {

// Thread-safe; outlives the server.
class Submissions {
 public:
  Submissions(DropStore& store, Dispatch& dispatch, const Outside& outside, CurrentConfig& config)
      : store_(store), dispatch_(dispatch), outside_(outside), config_(config) {}
  void add_to(http::Router& router, portal::Portal& portal);

 private:
  http::Response rules(http::Request& request, const auth::Session& session);
  http::Response submit(http::Request& request, const auth::Session& session);
  http::Response list(http::Request& request, const auth::Session& session);
  http::Response get(http::Request& request, const auth::Session& session);

  DropStore& store_;
  Dispatch& dispatch_;
  const Outside& outside_;
  CurrentConfig& config_;
};

}  // namespace kiyome::edge::drop
