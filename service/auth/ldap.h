// Asks a directory (OpenLDAP, Active Directory) whether a password is right and who that is: one connection a
// question, TLS unless the host is this machine, all within limits::kDirectoryMs. Trusts the directory about
// people, not about sizes and times.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "service/auth/accounts.h"

namespace kiyome::auth {

struct DirectoryPerson {
  std::string directory;  // the DN in one spelling
  std::string mail, name, department;
  std::set<Role> roles;  // of the groups in the configuration
};

// Nothing when the login is unknown (or not one person's), or the password wrong. About the same work
// in all these cases. Throws TemporaryFailure when the directory cannot be asked, or not without being
// overheard. `ca_file`: PEM; empty = the system's. Any thread, in a process
// that ignores SIGPIPE, as roles do.
std::optional<DirectoryPerson> ask_directory(const LdapConfig& config, const std::string& ca_file,
                                             const std::string& login, const std::string& password);

// RFC 4515 section 3: `value` as it may stand in a filter.
std::string filter_value(std::string_view value);
// A DN in one spelling, in lower case; empty when it is none.
std::string plain_dn(const std::string& dn);

}  // namespace kiyome::auth
