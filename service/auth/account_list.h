// Accounts as a CSV file (RFC 4180) with a header line: login,name,mail,tenant,department,roles,password in
// any order; only login has to be there. Trusts nothing in it; every mistake is told with its line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/auth/accounts.h"

namespace kiyome::auth {

struct ListMistake {
  std::size_t line = 0;  // from 1, of the file
  std::string what;      // Japanese and English
};

struct AccountList {
  struct Entry {
    std::size_t line = 0;
    NewAccount account;
  };
  std::vector<Entry> entries;
  std::vector<ListMistake> mistakes;  // at most limits::kAccountListMistakes
};

// `text` is UTF-8 with LF, see list_text(). Roles are parted by blanks, commas or semicolons. Without a
// password the account is one of the directory (LDAP); with one it has to be changed at the first sign-in.
AccountList read_account_list(std::string_view text);

// A file from Excel or an editor: UTF-8, with or without a mark, or CP932; any ends of lines. Nothing when it
// is no text.
std::optional<std::string> list_text(std::string_view octets);

}  // namespace kiyome::auth
