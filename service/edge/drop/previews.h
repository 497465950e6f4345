// Previews over HTTP: pictures of the clean pages of a file, for whoever sent it. What is somebody else's
// does not exist. The cleaner keeps them; they pass through here.
#pragma once

#include "service/edge/drop/drop_store.h"
#include "service/edge/drop/outside.h"
#include "service/http/http.h"
#include "service/portal/portal.h"

namespace kiyome::edge::drop {

// Thread-safe; outlives the server.
class Previews {
 public:
  Previews(DropStore& store, const Outside& outside) : store_(store), outside_(outside) {}
  void add_to(http::Router& router, portal::Portal& portal);

 private:
  http::Response page(http::Request& request, const auth::Session& session);

  DropStore& store_;
  const Outside& outside_;
};

}  // namespace kiyome::edge::drop
