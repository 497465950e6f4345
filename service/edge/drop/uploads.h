// Resumable uploads over HTTP: tus 1.0.0 with creation and termination, for people who are signed in as
// senders. What is somebody else's does not exist. Bodies go to the disk as they come, a buffer at a time.
#pragma once

#include <map>
#include <memory>

#include "service/auth/accounts.h"
#include "service/base/config.h"
#include "service/base/guarded.h"
#include "service/edge/drop/outside.h"
#include "service/edge/drop/upload_files.h"
#include "service/http/http.h"
#include "service/portal/portal.h"

namespace kiyome::edge::drop {

// What the operator told, as it is now; shared with requests under way.
using CurrentConfig = Guarded<std::shared_ptr<const DropBoxConfig>>;

inline std::shared_ptr<const DropBoxConfig> now(CurrentConfig& config) {
  return config.with([](const std::shared_ptr<const DropBoxConfig>& current) { return current; });
}

// The largest file that an upload may be.
std::uint64_t file_bytes_max(const DropBoxConfig& config);

// Another host has the upload's octets; a client that tries again comes to it sooner or later.
http::Problem elsewhere();

// The id in a path; 404 when it is none.
ItemId captured_id(const http::Request& request, const char* name);

// Thread-safe; outlives the server.
class Uploads {
 public:
  Uploads(DropStore& store, UploadFiles& files, const Outside& outside, CurrentConfig& config)
      : store_(store), files_(files), outside_(outside), config_(config) {}
  void add_to(http::Router& router, portal::Portal& portal);

 private:
  class Place;
  struct Counts {
    std::size_t all = 0;
    std::map<std::int64_t, std::size_t> by_account;
  };
  http::Response options(http::Request& request);
  http::Response create(http::Request& request, const auth::Session& session);
  http::Response head(http::Request& request, const auth::Session& session);
  http::Response patch(http::Request& request, const auth::Session& session);
  http::Response remove(http::Request& request, const auth::Session& session);
  http::Response overridden(http::Request& request, const auth::Session& session);
  Upload mine(const http::Request& request, const auth::Session& session);
  void receive(http::Body& body, Transfer& transfer, std::uint64_t room);

  DropStore& store_;
  UploadFiles& files_;
  const Outside& outside_;
  CurrentConfig& config_;
  Guarded<Counts> transfers_;
};

}  // namespace kiyome::edge::drop
