// `kiyome user …`: asks the role that owns the accounts, by its admin socket. The edge (Internet side) and
// the gate (closed side) have accounts of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "service/base/config.h"

namespace kiyome::command {

struct UserOptions {
  std::string command;  // "add", "passwd", "totp", "role", "department", "disable", "enable", "token",
                        // "list", "import"
  // "edge", "gate", "both" (these two) or "console". Empty: the one that runs on this host; a list shows all
  // that do. When both run here, whoever changes something has to say which.
  std::string side;
  std::string login, name, mail, tenant, department;
  std::vector<std::string> roles;
  bool directory = false;      // the password is asked of LDAP
  bool no_password = false;    // only programs use the account
  bool keep_password = false;  // need not be changed at the first sign-in
  std::string what_for;        // token: what the program is
  bool tokens = false;         // token: list them
  std::int64_t end = 0;        // token: end this one
  std::string file;            // import
  bool json = false;
};

// 0 done, 1 refused. Throws ConfigError for wrong usage, TemporaryFailure when the service does not run.
int user(const Config& config, const UserOptions& options);

}  // namespace kiyome::command
