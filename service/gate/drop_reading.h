// The connection on which the pick-up's store is read. For drop_*.cpp alone.
#pragma once

#include "service/gate/drop_store.h"

namespace kiyome::gate {

struct DropStore::Reading {
  store::Database database;
};

}  // namespace kiyome::gate
