// The rows of an account database. One thread at a time; a caller makes the transactions and knows the rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/auth/accounts.h"
#include "service/store/database.h"

namespace kiyome::auth {

struct StoredAccount {
  Account account;
  std::string password;        // hash_password(); empty: none
  std::string totp;            // the secret's octets; empty: not enrolled
  std::int64_t totp_step = 0;  // of the last code
  std::string directory;       // the DN in LDAP it was last found under, in one spelling
};

struct StoredSession {
  std::string digest;  // of the token
  std::int64_t account = 0;
  Step step = Step::signed_in;
  std::string csrf;
  std::int64_t password_ms = 0, seen_ms = 0;
  std::string pending;  // the secret of an enrolment that is not confirmed
};

// Everything throws TemporaryFailure when the database says no.
class AccountStore {
 public:
  explicit AccountStore(const store::Place& place);  // a file is only for its user
  store::Database& database() { return database_; }

  std::optional<StoredAccount> by_number(std::int64_t number);
  std::optional<StoredAccount> by_login(std::string_view login);
  std::optional<StoredAccount> by_mail(std::string_view mail);
  std::optional<StoredAccount> by_directory(std::string_view name);
  std::int64_t insert(const StoredAccount& account);  // its number
  void update(const StoredAccount& account);
  std::vector<Account> after(std::string_view login, std::size_t count);
  std::vector<Account> approvers(std::string_view tenant, std::string_view department);

  void set_recovery_codes(std::int64_t account, const std::vector<std::string>& digests);
  bool take_recovery_code(std::int64_t account, std::string_view digest);
  std::size_t recovery_codes(std::int64_t account);

  void insert(const StoredSession& session);  // ends the oldest ones of the account above the bound
  std::optional<StoredSession> session(std::string_view digest);
  void set_seen(std::string_view digest, std::int64_t seen_ms);
  void set_pending(std::string_view digest, std::string_view secret);
  void end_session(std::string_view digest);
  void end_sessions(std::int64_t account);
  void end_sessions_before(std::int64_t password_ms);

  void insert_token(std::string_view digest, std::int64_t account, std::string_view what_for,
                    std::int64_t now_ms);
  std::optional<std::int64_t> token_account(std::string_view digest, std::int64_t day_ms);
  std::vector<ProgramToken> tokens(std::int64_t account);
  bool end_token(std::int64_t account, std::int64_t number);
  void end_tokens(std::int64_t account);

 private:
  template <class Value>
  std::optional<StoredAccount> account_by(const char* sql, const Value& value);

  store::Database database_;
};

}  // namespace kiyome::auth
