// A role's audit trail as its admin socket tells it.
#pragma once

#include <string>

#include "service/base/admin.h"
#include "service/trail/keeper.h"

namespace kiyome::trail {

// {"command":"audit.list"}: each entry as a JSON object a line, and the fault if there is one.
// "audit.verify" with {"elsewhere":[checkpoints]}: one line, finding_json(), with the owner's `key`.
// "audit.export" with {"since":ms,"until":ms}: export.h's lines.
// "audit.checkpoints": checkpoint_json() of every trail of which some stand here, with `owner`; the newest
// `max` of each.
// "audit.checkpoint": makes one now; gives it, or {"fresh":false}.
// false: it is no such command.
bool tell_trail(Keeper& keeper, const std::string& request, const AdminReply& reply);

}  // namespace kiyome::trail
