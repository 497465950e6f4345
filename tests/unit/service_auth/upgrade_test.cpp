// The accounts of every earlier version, as programs of that time wrote them, under the present program.
#include <doctest/doctest.h>

#include "service/auth/account_store.h"
#include "service/auth/password.h"
#include "service/auth/secrets.h"
#include "service/base/errors.h"
#include "tests/unit/service_auth/accounts_fixture.h"

using namespace kiyome;
using namespace kiyome::auth;

namespace {

// Version 1 as it was released. Never changed: a later version gets a text of its own beside it.
constexpr const char* kVersion1 = R"(
  CREATE TABLE accounts (
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
  CREATE INDEX tries_age ON tries (last_ms);
  PRAGMA user_version=1;)";

// An approver with a second factor, a recovery code and a program's token; and one from the directory.
void fill(store::Database& db, const std::string& token) {
  db.execute(kVersion1);
  store::Statement(db,
                   "INSERT INTO accounts VALUES (41,'taro','山田 太郎','taro@city.example.jp','kita',"
                   "'総務部/総務課',?,0,0,1,1700000000000,1700000000001,?,?,5,'')")
      .run(std::int64_t{1} << static_cast<unsigned>(Role::approver), hash_password(kPassword),
           store::Blob{"12345678901234567890"});
  db.execute(
      "INSERT INTO accounts VALUES (42,'jiro','次郎','','','',2,1,0,0,1,1,'',x'',0,'uid=jiro,dc=example');");
  store::Statement(db, "INSERT INTO recovery_codes VALUES (41,?)").run(store::Blob{digest_of("one")});
  store::Statement(db, "INSERT INTO program_tokens VALUES (3,?,41,'取込',1700000000000,0)")
      .run(store::Blob{digest_of(token)});
}

}  // namespace

TEST_CASE("upgrade: accounts, second factors and tokens of version 1 are there, and people sign in") {
  if (store::tests_on_postgres()) return;  // which no earlier version wrote to
  Desk desk;
  desk.accounts.reset();
  std::filesystem::remove_all(desk.folder);
  std::filesystem::create_directory(desk.folder);
  {
    store::Database db(desk.folder.string() + "/accounts.sqlite");
    fill(db, "token-of-old");
  }
  {
    AccountStore store(store::Place{desk.folder.string() + "/accounts.sqlite", {}, {}});
    const auto taro = store.by_login("taro");
    REQUIRE(taro);
    CHECK(taro->account.number == 41);
    CHECK(taro->account.name == "山田 太郎");
    CHECK(taro->account.tenant == "kita");
    CHECK(taro->account.department == "総務部/総務課");
    CHECK(taro->account.roles == std::set<Role>{Role::approver});
    CHECK(taro->account.second_factor);
    CHECK(taro->totp == "12345678901234567890");
    CHECK(verify_password(taro->password, kPassword));
    CHECK(store.recovery_codes(41) == 1);
    CHECK(store.tokens(41).size() == 1);
    CHECK(store.token_account(digest_of("token-of-old"), 0) == 41);
    const auto jiro = store.by_directory("uid=jiro,dc=example");
    REQUIRE(jiro);
    CHECK(jiro->account.disabled);
    CHECK_FALSE(jiro->account.local);
  }
  desk.reopen();
  desk.add("hanako");  // numbers go on
  CHECK_FALSE(desk.accounts->sign_in("taro", kPassword, kClient).token.empty());
  AccountStore store(store::Place{desk.folder.string() + "/accounts.sqlite", {}, {}});
  CHECK(store.by_login("hanako")->account.number == 43);
}
