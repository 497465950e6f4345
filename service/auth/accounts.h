// Accounts, their second factors, sessions, and who tried what: one owner (a role), one SQLite file. The edge
// and the gate have one each and know nothing of each other. No HTTP here. Trusts nothing that a caller gives
// but `actor`.
//   passwords       argon2id (libsodium, interactive limits); as long for a login that nobody has
//   second factors  TOTP (RFC 6238: SHA-1, 30 s, 6 digits, one step to either side, no code twice); ten
//                   recovery codes
//   sessions        256 random bits, of which the store keeps the SHA-256; idle and absolute end; a new token
//                   at each step of signing in
//   tries           counted before they are judged, of a login and of a client's address, known or not; they
//                   outlive a restart
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/config.h"
#include "service/store/database.h"

namespace kiyome::auth {

enum class Role : std::uint8_t { sender = 1, staff, approver, reviewer, auditor, administrator };
std::string_view name_of(Role role);
std::optional<Role> role_of(std::string_view name);

struct Account {
  std::int64_t number = 0;
  std::string login;       // printable ASCII in lower case, without blanks, at most 254
  std::string name;        // for people
  std::string mail;        // lower case in ASCII; may be empty
  std::string tenant;      // 市町村; empty: the only one
  std::string department;  // "総務部/総務課": approvers of a department decide for it and those below
  std::set<Role> roles;
  bool disabled = false;
  bool second_factor = false;  // enrolled
  bool new_password = false;   // has to be changed at the next sign-in (set by an administrator)
  bool local = true;           // false: the password is asked of LDAP
  std::int64_t created_ms = 0, changed_ms = 0;
  bool has(Role role) const { return roles.contains(role); }
};

enum class Step : std::uint8_t { second_factor = 1, enrolment, new_password, signed_in };

struct Session {
  Account account;
  Step step = Step::signed_in;
  std::string csrf;               // what a page sends back
  std::int64_t signed_in_ms = 0;  // when the password was given
};

struct Enrolment {
  std::string secret_base32, uri;
};

// What happened, for the audit trail: "sign-in", "sign-in-began" (a step is left), "sign-in-refused",
// "locked", "second-factor-refused", "second-factor-enrolled", "second-factor-forgotten", "password-changed",
// "password-set", "sign-out", "account-added", "account-changed", "account-disabled", "account-enabled",
// "program-token-added", "program-token-ended". `login` is empty when nobody has it: people type their
// passwords there.
struct Event {
  std::string what, login, actor, client, detail;
};

// Refusals carry the code of openapi.yaml:
//   not-signed-in    there is no such session (any more)
//   forbidden        the session stands at another step, or the password was given too long ago
//   sign-in-refused  login or password
//   wrong-password   the old password of change_password(): the session goes on
//   too-many-tries   with retry_after_seconds
//   wrong-code       second_factor(), enrol()
//   weak-password    too short, too common, the login, or the old one again
//   exists, not-found, invalid   administration; `detail` is the field or login it is about
struct Refusal {
  std::string code;
  std::uint32_t retry_after_seconds = 0;
  std::string detail{};
};

// A program's token as an operator sees it.
struct ProgramToken {
  std::int64_t number = 0;
  std::string what_for;
  std::int64_t created_ms = 0, used_ms = 0;  // used: the day; 0 = never
};

struct NewAccount {
  Account account;
  std::string password;  // empty: none (it is asked of LDAP, or only programs use the account)
};

// Rows of the QR code of `text`, 0 and 1, parted by line feeds, without a quiet zone. Throws PermanentFailure
// when `text` is longer than limits::kQrText.
std::string qr_rows(const std::string& text);

// Thread-safe. Everything throws TemporaryFailure when the store cannot; Refusal where told.
class Accounts {
 public:
  // Opens or creates what is at `place`, by default FOLDER/accounts.sqlite; several hosts may share it.
  // `note` is called on the caller's thread, after the commit. `issuer` is what an authenticator shows beside
  // the login; `clock` gives Unix milliseconds.
  Accounts(const std::string& folder, const AuthConfig& config, std::function<void(const Event&)> note,
           std::string issuer = "Kiyome", std::function<std::int64_t()> clock = {},
           const store::Place& place = {});
  ~Accounts();
  void reload(const AuthConfig& config);

  // ---- signing in: each gives the token that from now on names the session ----
  struct SignedIn {
    std::string token;
    Session session;
  };
  SignedIn sign_in(const std::string& login, const std::string& password,
                   const std::string& client);  // Refusal
  SignedIn second_factor(const std::string& token, const std::string& code,
                         const std::string& client);  // Refusal
  Enrolment enrolment(const std::string& token);      // Refusal
  struct Enrolled {
    SignedIn signed_in;
    std::vector<std::string> recovery_codes;
  };
  Enrolled enrol(const std::string& token, const std::string& code, const std::string& client);  // Refusal
  SignedIn change_password(const std::string& token, const std::string& old_password,
                           const std::string& new_password,
                           const std::string& client);  // Refusal
  // Signs in somebody who has proven himself otherwise: an invited guest, by the code that was mailed to him.
  // Only an account that has no password at all, so that this is no way around a person's password and second
  // factor. `how` is for the trail. Refusal "not-found", "forbidden".
  SignedIn admit(const std::string& login, const std::string& client, const std::string& how);
  // The session of a cookie's token, its idle time begun anew; nothing when there is none (any more).
  std::optional<Session> session(const std::string& token);
  // The account of a program's token, as a session that is signed in.
  std::optional<Session> program(const std::string& token);
  void sign_out(const std::string& token);

  // ---- looking up ----
  std::optional<Account> find(std::string_view login);
  std::optional<Account> find_by_mail(std::string_view mail);
  void list(const std::function<bool(const Account&)>& use);  // by login, until false
  // Who may decide for somebody of this department: approvers of it, else of the nearest one above.
  std::vector<Account> approvers_of(std::string_view tenant, std::string_view department);

  // Which tenants there are, when there are several. Both are called under our lock: they must not ask us.
  struct Tenants {
    std::function<std::string(const Account&)> trouble;      // "tenant", "mail": what does not fit; or empty
    std::function<std::string(const std::string& mail)> of;  // of a directory's person; empty: none
  };
  // From now on add() refuses, as "invalid", an account that does not fit; a person of the directory who has
  // no tenant gets that of his address.
  void set_tenants(Tenants tenants);

  // ---- administration; `actor` is for the trail. Unknown logins: Refusal "not-found" ----
  void add(const Account& account, const std::string& password,
           const std::string& actor);  // Refusal "exists", "invalid", "weak-password"
  // All or none.
  void add_all(const std::vector<NewAccount>& accounts, const std::string& actor);  // Refusal as add()
  // What add() would refuse: a code, empty when nothing. For whoever wants to tell all mistakes at once.
  Refusal trouble_with(const NewAccount& account);
  // The account is local from now on, has to choose another password at the next sign-in, and its sessions
  // end.
  void set_password(const std::string& login, const std::string& password, const std::string& actor);
  void set_roles(const std::string& login, const std::set<Role>& roles, const std::string& actor);
  void set_department(const std::string& login, const std::string& department, const std::string& actor);
  void forget_second_factor(const std::string& login, const std::string& actor);
  // Ends its sessions, programs' tokens, and calls what `on_disabled` was given (invitations, delegations).
  void set_disabled(const std::string& login, bool disabled, const std::string& actor);
  void on_disabled(std::function<void(const Account&)> call);
  std::string add_program_token(const std::string& login, const std::string& what_for,
                                const std::string& actor);  // Refusal "invalid": too many of them
  std::vector<ProgramToken> program_tokens(const std::string& login);
  void end_program_token(const std::string& login, std::int64_t number, const std::string& actor);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::auth
