#include "service/auth/account_store.h"

#include <fcntl.h>

#include <cerrno>

#include "proto/base/limits.h"
#include "service/base/descriptor.h"
#include "service/base/errors.h"

namespace kiyome::auth {
namespace {

using store::Blob;
using store::Row;

// Never changed once released: a later change is a further step.
constexpr const char* kSteps[] = {
    R"(CREATE TABLE accounts (
         number INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
         mail TEXT NOT NULL, tenant TEXT NOT NULL, department TEXT NOT NULL, roles INTEGER NOT NULL,
         disabled INTEGER NOT NULL, new_password INTEGER NOT NULL, local INTEGER NOT NULL,
         created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, password TEXT NOT NULL,
         totp BLOB NOT NULL, totp_step INTEGER NOT NULL, directory TEXT NOT NULL) STRICT;
       CREATE UNIQUE INDEX accounts_mail ON accounts (mail) WHERE mail <> '';
       CREATE UNIQUE INDEX accounts_directory ON accounts (directory) WHERE directory <> '';
       CREATE INDEX accounts_department ON accounts (tenant, department);
       CREATE TABLE recovery_codes (account INTEGER NOT NULL REFERENCES accounts, digest BLOB NOT NULL,
         PRIMARY KEY (account, digest)) STRICT, WITHOUT ROWID;
       CREATE TABLE sessions (digest BLOB PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts,
         step INTEGER NOT NULL, csrf TEXT NOT NULL, password_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,
         pending BLOB NOT NULL) STRICT, WITHOUT ROWID;
       CREATE INDEX sessions_account ON sessions (account, seen_ms);
       CREATE INDEX sessions_age ON sessions (password_ms);
       CREATE TABLE program_tokens (number INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE,
         account INTEGER NOT NULL REFERENCES accounts, what_for TEXT NOT NULL, created_ms INTEGER NOT NULL,
         used_ms INTEGER NOT NULL) STRICT;
       CREATE INDEX program_tokens_account ON program_tokens (account);
       CREATE TABLE tries (key BLOB PRIMARY KEY, count INTEGER NOT NULL, last_ms INTEGER NOT NULL,
         until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
       CREATE INDEX tries_age ON tries (last_ms);)"};

#define ACCOUNT_COLUMNS                                                                               \
  "number, login, name, mail, tenant, department, roles, disabled, new_password, local, created_ms, " \
  "changed_ms, totp <> x''"

std::int64_t bits_of(const std::set<Role>& roles) {
  std::int64_t bits = 0;
  for (const Role role : roles) bits |= std::int64_t{1} << static_cast<unsigned>(role);
  return bits;
}

std::set<Role> roles_of(std::int64_t bits) {
  std::set<Role> roles;
  for (auto i = static_cast<unsigned>(Role::sender); i <= static_cast<unsigned>(Role::administrator); ++i)
    if ((bits >> i & 1) != 0) roles.insert(static_cast<Role>(i));
  return roles;
}

Account account_of(const Row& row) {
  Account out;
  out.number = row.integer(0);
  out.login = row.text(1);
  out.name = row.text(2);
  out.mail = row.text(3);
  out.tenant = row.text(4);
  out.department = row.text(5);
  out.roles = roles_of(row.integer(6));
  out.disabled = row.integer(7) != 0;
  out.new_password = row.integer(8) != 0;
  out.local = row.integer(9) != 0;
  out.created_ms = row.integer(10);
  out.changed_ms = row.integer(11);
  out.second_factor = row.integer(12) != 0;
  return out;
}

// SQLite would make the file readable for everybody whom the umask lets.
const store::Place& make_private(const store::Place& place) {
  const std::string& path = place.file;
  if (!place.shared() && !Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)))
    throw_errno(path);
  return place;
}

}  // namespace

AccountStore::AccountStore(const store::Place& place) : database_(make_private(place)) {
  database_.migrate(kSteps);
}

template <class Value>
std::optional<StoredAccount> AccountStore::account_by(const char* sql, const Value& value) {
  std::optional<StoredAccount> out;
  database_.kept(sql).one(
      [&](const Row& row) {
        out.emplace();
        out->account = account_of(row);
        out->password = row.text(13);
        out->totp = row.blob(14);
        out->totp_step = row.integer(15);
        out->directory = row.text(16);
      },
      value);
  return out;
}

#define ACCOUNT_BY(condition) \
  "SELECT " ACCOUNT_COLUMNS ", password, totp, totp_step, directory FROM accounts WHERE " condition

std::optional<StoredAccount> AccountStore::by_number(std::int64_t number) {
  return account_by(ACCOUNT_BY("number = ?"), number);
}
std::optional<StoredAccount> AccountStore::by_login(std::string_view login) {
  return account_by(ACCOUNT_BY("login = ?"), login);
}
std::optional<StoredAccount> AccountStore::by_mail(std::string_view mail) {
  if (mail.empty()) return std::nullopt;
  return account_by(ACCOUNT_BY("mail = ? AND mail <> ''"), mail);
}
std::optional<StoredAccount> AccountStore::by_directory(std::string_view name) {
  if (name.empty()) return std::nullopt;
  return account_by(ACCOUNT_BY("directory = ? AND directory <> ''"), name);
}

std::int64_t AccountStore::insert(const StoredAccount& stored) {
  const Account& account = stored.account;
  std::int64_t number = 0;
  database_
      .kept(
          "INSERT INTO accounts (login, name, mail, tenant, department, roles, disabled, new_password,"
          " local, created_ms, changed_ms, password, totp, totp_step, directory)"
          " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING number")
      .one([&](const Row& row) { number = row.integer(0); }, account.login, account.name, account.mail,
           account.tenant, account.department, bits_of(account.roles), account.disabled, account.new_password,
           account.local, account.created_ms, account.changed_ms, stored.password, Blob{stored.totp},
           stored.totp_step, stored.directory);
  return number;
}

void AccountStore::update(const StoredAccount& stored) {
  const Account& account = stored.account;
  database_
      .kept(
          "UPDATE accounts SET name=?, mail=?, tenant=?, department=?, roles=?, disabled=?,"
          " new_password=?, local=?, changed_ms=?, password=?, totp=?, totp_step=?, directory=?"
          " WHERE number=?")
      .run(account.name, account.mail, account.tenant, account.department, bits_of(account.roles),
           account.disabled, account.new_password, account.local, account.changed_ms, stored.password,
           Blob{stored.totp}, stored.totp_step, stored.directory, account.number);
}

std::vector<Account> AccountStore::after(std::string_view login, std::size_t count) {
  std::vector<Account> out;
  database_.kept("SELECT " ACCOUNT_COLUMNS " FROM accounts WHERE login > ? ORDER BY login LIMIT ?")
      .each([&](const Row& row) { out.push_back(account_of(row)); }, login, count);
  return out;
}

std::vector<Account> AccountStore::approvers(std::string_view tenant, std::string_view department) {
  std::vector<Account> out;
  database_
      .kept("SELECT " ACCOUNT_COLUMNS
            " FROM accounts WHERE tenant = ? AND department = ? AND disabled = 0 AND (roles & ?) <> 0"
            " ORDER BY login LIMIT ?")
      .each([&](const Row& row) { out.push_back(account_of(row)); }, tenant, department,
            bits_of({Role::approver}), limits::kApprovers);
  return out;
}

void AccountStore::set_recovery_codes(std::int64_t account, const std::vector<std::string>& digests) {
  database_.kept("DELETE FROM recovery_codes WHERE account = ?").run(account);
  for (const std::string& digest : digests)
    database_.kept("INSERT INTO recovery_codes VALUES (?,?)").run(account, Blob{digest});
}

bool AccountStore::take_recovery_code(std::int64_t account, std::string_view digest) {
  database_.kept("DELETE FROM recovery_codes WHERE account = ? AND digest = ?").run(account, Blob{digest});
  return database_.changes() > 0;
}

std::size_t AccountStore::recovery_codes(std::int64_t account) {
  std::size_t out = 0;
  database_.kept("SELECT count(*) FROM recovery_codes WHERE account = ?")
      .one([&](const Row& row) { out = static_cast<std::size_t>(row.integer(0)); }, account);
  return out;
}

void AccountStore::insert(const StoredSession& session) {
  database_
      .kept(
          "DELETE FROM sessions WHERE digest IN"
          " (SELECT digest FROM sessions WHERE account = ? ORDER BY seen_ms DESC LIMIT 1000000 OFFSET ?)")
      .run(session.account, limits::kAccountSessions - 1);
  database_.kept("INSERT INTO sessions VALUES (?,?,?,?,?,?,?)")
      .run(Blob{session.digest}, session.account, session.step, session.csrf, session.password_ms,
           session.seen_ms, Blob{session.pending});
}

std::optional<StoredSession> AccountStore::session(std::string_view digest) {
  std::optional<StoredSession> out;
  database_
      .kept(
          "SELECT digest, account, step, csrf, password_ms, seen_ms, pending FROM sessions"
          " WHERE digest = ?")
      .one(
          [&](const Row& row) {
            out = StoredSession{std::string(row.blob(0)), row.integer(1), static_cast<Step>(row.integer(2)),
                                std::string(row.text(3)), row.integer(4), row.integer(5),
                                std::string(row.blob(6))};
          },
          Blob{digest});
  return out;
}

void AccountStore::set_seen(std::string_view digest, std::int64_t seen_ms) {
  database_.kept("UPDATE sessions SET seen_ms = ? WHERE digest = ?").run(seen_ms, Blob{digest});
}

void AccountStore::set_pending(std::string_view digest, std::string_view secret) {
  database_.kept("UPDATE sessions SET pending = ? WHERE digest = ?").run(Blob{secret}, Blob{digest});
}

void AccountStore::end_session(std::string_view digest) {
  database_.kept("DELETE FROM sessions WHERE digest = ?").run(Blob{digest});
}

void AccountStore::end_sessions(std::int64_t account) {
  database_.kept("DELETE FROM sessions WHERE account = ?").run(account);
}

void AccountStore::end_sessions_before(std::int64_t password_ms) {
  database_.kept("DELETE FROM sessions WHERE password_ms < ?").run(password_ms);
}

void AccountStore::insert_token(std::string_view digest, std::int64_t account, std::string_view what_for,
                                std::int64_t now_ms) {
  database_
      .kept("INSERT INTO program_tokens (digest, account, what_for, created_ms, used_ms) VALUES (?,?,?,?,0)")
      .run(Blob{digest}, account, what_for, now_ms);
}

std::optional<std::int64_t> AccountStore::token_account(std::string_view digest, std::int64_t day_ms) {
  std::optional<std::int64_t> out;
  std::int64_t used = 0;
  database_.kept("SELECT account, used_ms FROM program_tokens WHERE digest = ?")
      .one(
          [&](const Row& row) {
            out = row.integer(0);
            used = row.integer(1);
          },
          Blob{digest});
  if (out && used < day_ms) try {
      database_.kept("UPDATE program_tokens SET used_ms = ? WHERE digest = ?").run(day_ms, Blob{digest});
    } catch (const TemporaryFailure&) {
      // A full disk: the day of its last use is no reason to keep a program out.
    }
  return out;
}

std::vector<ProgramToken> AccountStore::tokens(std::int64_t account) {
  std::vector<ProgramToken> out;
  database_
      .kept(
          "SELECT number, what_for, created_ms, used_ms FROM program_tokens WHERE account = ?"
          " ORDER BY number")
      .each(
          [&](const Row& row) {
            out.push_back({row.integer(0), std::string(row.text(1)), row.integer(2), row.integer(3)});
          },
          account);
  return out;
}

bool AccountStore::end_token(std::int64_t account, std::int64_t number) {
  database_.kept("DELETE FROM program_tokens WHERE account = ? AND number = ?").run(account, number);
  return database_.changes() > 0;
}

void AccountStore::end_tokens(std::int64_t account) {
  database_.kept("DELETE FROM program_tokens WHERE account = ?").run(account);
}

}  // namespace kiyome::auth
