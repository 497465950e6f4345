// The audit trail as the admin sockets tell it, whoever keeps it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "service/audit/chain.h"
#include "service/base/admin.h"

namespace kiyome::store {

// Walks a trail: gives each entry to the caller's function and counts those that hold; gives the first fault.
using WalkTrail = std::function<std::optional<std::string>(const std::function<void(const audit::Entry&)>&,
                                                           std::uint64_t& count)>;

// "audit.list": each entry as a JSON object a line, and the fault if there is one; "audit.verify": one line
// with `entries`, `intact`, `fault`. false: it is no such command.
bool tell_trail(const std::string& command, const WalkTrail& walk, const AdminReply& reply);

}  // namespace kiyome::store
