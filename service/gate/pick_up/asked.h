// What the closed side knows beside a bundle that comes: whose its recipients are, and the rules that ask by
// department. Trusts the accounts and the configuration; the bundle has been proved and is somebody else's.
#pragma once

#include <functional>
#include <string>

#include "service/auth/accounts.h"
#include "service/base/config.h"
#include "service/gate/drop_store.h"

namespace kiyome::gate {

// Of whom nobody knows the department, every department is asked for: it may be any. The output folder is no
// person and has none. Throws TemporaryFailure.
Asked asked_of(const transfer::DropBundle& bundle, const Config& config, auth::Accounts& accounts,
               const std::function<bool(const std::string&)>& is_folder);

}  // namespace kiyome::gate
