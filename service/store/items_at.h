// Where the Internet side's items are: in items.db of the cleaner's folder with large clean copies beside it,
// or in the database that many cleaners share.
#pragma once

#include <concepts>
#include <string>
#include <utility>

#include "service/store/place.h"

namespace kiyome::store {

struct ItemsAt {
  std::string folder;  // of this host, whatever else is shared
  Place place;
  std::string blobs;  // the folder in which large copies are kept; empty: in the database
  std::string node;   // who we are among those who share it; of this life alone

  // In that folder alone.
  template <class Path>
  requires std::convertible_to<Path, std::string> ItemsAt(const Path& where)  // NOLINT: as good as a path
      : folder(where), place{folder + "/items.db", {}, {}}, blobs(folder) {}
  ItemsAt(std::string where, const StoreConfig& config, std::string name)
      : folder(std::move(where)),
        place(place_of(config, folder + "/items.db", schema::kItems)),
        blobs(!config.shared()           ? folder
              : config.blobs_in_folder() ? config.blobs
                                         : std::string()),
        node(std::move(name)) {}
  bool shared() const { return place.shared(); }
  // Where what is accepted waits for us, when it is shared.
  Place originals() const { return {{}, place.url, schema::kOriginals}; }
};

}  // namespace kiyome::store
