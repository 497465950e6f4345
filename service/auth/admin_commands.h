// What the command line may ask of a role about its accounts: `kiyome user …`. JSON in, JSON lines out.
// Trusts the asker (root or the role's own user, base/admin.h) but for his typing.
#pragma once

#include <string>

#include "service/auth/accounts.h"
#include "service/base/admin.h"

namespace kiyome::auth {

// {"command":"user.add","actor":…, …}: false when the command is none of ours. Throws std::runtime_error with
// a text for a person, Japanese and English, when it cannot be done. Any thread.
//   user.add         login, name, mail, tenant, department, roles[], password, local, new_password
//   user.passwd      login, password       user.totp        login
//   user.role        login, roles[]        user.department  login, department
//   user.disable, user.enable              login
//   user.token       login, for            → {"token":…}
//   user.tokens      login                 → a line each
//   user.token.end   login, number
//   user.list                              → a line each
//   user.import      csv                   → a line a mistake, or {"imported":…}
bool handle_admin(Accounts& accounts, const std::string& request_json, const AdminReply& reply);

}  // namespace kiyome::auth
