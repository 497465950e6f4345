// How a file of the drop box fares, out of the rows of its recipients. For the item store only.
#pragma once

#include <optional>

#include "proto/transfer/drop.h"
#include "service/store/database.h"

namespace kiyome::store {

// The least that is true of all recipients; empty when the item is not decided. Throws TemporaryFailure.
std::optional<transfer::DropState> read_drop_state(Database& database, const ItemId& id);

}  // namespace kiyome::store
