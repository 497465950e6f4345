// How the cleaner fares, for service/sight.
#pragma once

#include "service/cleaner/gate_link.h"
#include "service/cleaner/intake_server.h"
#include "service/cleaner/processor.h"
#include "service/cleaner/shift.h"
#include "service/cleaner/work_queue.h"
#include "service/document/sanitizers.h"
#include "service/sight/sheet.h"
#include "service/store/item_store.h"
#include "service/trail/keeper.h"

namespace kiyome::cleaner {

struct SightParts {
  store::ItemStore& items;
  WorkQueue& queue;
  GateLink& gate;
  IntakeServer& intake;
  document::Sanitizers& sanitizers;
  trail::Keeper& keeper;
  CurrentConfig& config;
  const Shift* shift;  // none: the store is ours alone
};

// What is known at once.
void show_now(sight::Sheet& sheet, const SightParts& parts);
// What takes a look at the store or the disk. Throws TemporaryFailure.
void show_house(sight::Sheet& sheet, const SightParts& parts);

}  // namespace kiyome::cleaner
