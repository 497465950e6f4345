// The connection on which the pick-up's store is read. For drop_*.cpp alone.
#pragma once

#include "service/gate/drop_store.h"

namespace kiyome::gate {

struct DropStore::Reading {
  store::Database database;
  explicit Reading(const GateAt& at) : database(at.place) {}
};

}  // namespace kiyome::gate
