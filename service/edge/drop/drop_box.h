// The drop box: the Internet side's door for files. A browser uploads them (tus 1.0), says to whom they go,
// and sees how they fare; the files themselves go into the log of originals as items and are looked at by
// nobody here. Trusts nothing in a request; the way of a file is told in README.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "service/base/config.h"
#include "service/edge/drop/outside.h"
#include "service/http/http.h"
#include "service/portal/portal.h"

namespace kiyome::edge {

// Thread-safe. Made before the link to the cleaner starts, so that nothing that was committed before is
// committed again; stopped after the server whose router it is in, and before the log of originals.
class DropBox {
 public:
  // Opens or creates FOLDER (drop.sqlite, or what is at `place`; uploads/). `announced`: every item that the
  // log of originals told at its start. `outside` outlives this. Throws TemporaryFailure.
  DropBox(const std::string& folder, const DropBoxConfig& config, const drop::Outside& outside,
          const std::vector<ItemId>& announced, const store::Place& place = {});
  // Ends its thread; transfers must have ended.
  ~DropBox();

  // Adds the routes of openapi.yaml, tag `drop-box`.
  void add_to(http::Router& router, portal::Portal& portal);
  // For requests from now on.
  void reload(const DropBoxConfig& config);
  // The cleaner's word about an item, from any thread; written down soon. An item that is not ours is passed
  // over.
  void heard(const transfer::DropState& state);
  // The link to the cleaner stands (again): what is still to come is asked for.
  void connected();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::edge
