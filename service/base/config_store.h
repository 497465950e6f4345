// [store]: where items, verdicts, audit trails and accounts are kept: on this host alone, or in a PostgreSQL
// database that many hosts of one side share.
#pragma once

#include <string>

namespace kiyome {

struct StoreConfig {
  std::string url = "sqlite";  // or a libpq url
  // The same for the edge, which talks to strangers: a database user who may add what comes and read nothing
  // of the items. Empty: as url.
  std::string edge_url;
  // Where originals and large clean copies go when the store is shared: "database", or a folder that all
  // hosts see.
  std::string blobs = "database";

  bool shared() const { return url != "sqlite"; }
  const std::string& url_of_edge() const { return edge_url.empty() ? url : edge_url; }
  bool blobs_in_folder() const { return blobs != "database"; }
};

}  // namespace kiyome
