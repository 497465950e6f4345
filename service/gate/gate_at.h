// Where the gate's rows are: in gate.sqlite of its folder with large contents beside it, or in the database
// that many gates share.
#pragma once

#include <concepts>
#include <string>
#include <utility>

#include "service/store/place.h"

namespace kiyome::gate {

struct GateAt {
  std::string folder;  // of this host, whatever else is shared
  store::Place place;
  std::string blobs;  // the folder of large contents; empty: they are in the database

  // In that folder alone.
  template <class Path>
  requires std::convertible_to<Path, std::string> GateAt(const Path& where)  // NOLINT: as good as a path
      : folder(where), place{folder + "/gate.sqlite", {}, {}}, blobs(folder + "/blobs") {}
  GateAt(std::string where, const StoreConfig& config)
      : folder(std::move(where)),
        place(store::place_of(config, folder + "/gate.sqlite", store::schema::kGate)),
        blobs(!config.shared()           ? folder + "/blobs"
              : config.blobs_in_folder() ? config.blobs
                                         : std::string()) {}
  bool shared() const { return place.shared(); }
};

}  // namespace kiyome::gate
