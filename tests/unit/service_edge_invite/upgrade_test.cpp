// The invitations of every earlier version, as programs of that time wrote them, under the present program;
// and letters that a clock which was set back had put off.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "service/base/clock.h"
#include "service/edge/invite/invitation_store.h"
#include "service/store/row_values.h"

using namespace kiyome;
using namespace kiyome::edge::invite;

namespace {

constexpr std::int64_t kThen = 1'700'000'000'000, kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;

// Version 1 as it was released. Never changed: a later version gets a text of its own beside it.
constexpr const char* kVersion1 = R"(
  CREATE TABLE invitations (
    id BLOB PRIMARY KEY, token BLOB NOT NULL,
    inviter TEXT NOT NULL, inviter_name TEXT NOT NULL, mail TEXT NOT NULL,
    recipients TEXT NOT NULL,
    message TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
    bytes_max INTEGER NOT NULL, state INTEGER NOT NULL,
    code BLOB,
    code_ms INTEGER NOT NULL, code_tries INTEGER NOT NULL,
    codes INTEGER NOT NULL, codes_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE UNIQUE INDEX invitations_by_token ON invitations (token);
  CREATE INDEX invitations_by_inviter ON invitations (inviter, id);
  CREATE TABLE letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, content BLOB NOT NULL,
    attempts INTEGER NOT NULL, created_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL);
  CREATE INDEX letters_next ON letters (next_ms);
  PRAGMA user_version=1;)";

struct Box {
  Box() {
    char name[] = "/tmp/kiyome-invite.XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Box() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

TEST_CASE("upgrade: invitations, codes and letters of version 1 are there, and are used") {
  const Box box;
  const ItemId id = new_item_id();
  const std::string token(32, 't'), code(32, 'c');
  {
    store::Database db(box.path + "/invitations.sqlite");
    db.execute(kVersion1);
    store::Statement(db,
                     "INSERT INTO invitations VALUES (?,?,'taro','総務 太郎','hanako@outside.example.jp',"
                     "'taro@city.example.jp','図面を',?,?,1000,?,?,?,0,1,?)")
        .run(store::blob(id), store::Blob{token}, kThen, kThen + kDay, State::open, store::Blob{code}, kThen,
             kThen);
    store::Statement(db, "INSERT INTO letters VALUES (8,'hanako@outside.example.jp',?,2,?,?)")
        .run(store::Blob{"letter"}, kThen, kThen);
  }
  InvitationStore store(box.path);
  const auto found = store.find_by_token(token);
  REQUIRE(found);
  CHECK(found->id == id);
  CHECK(found->inviter_name == "総務 太郎");
  CHECK(found->good(kThen));
  CHECK(store.take_code(id, code, kThen + 1));
  const auto due = store.due_letters(kThen, 10);
  REQUIRE(due.size() == 1);
  CHECK(due[0].content == "letter");
  CHECK(due[0].attempts == 2);
  CHECK(store.put_code(id, code, "hanako@outside.example.jp", "next", kThen + 1));
  CHECK(store.due_letters(kThen + 1, 10).back().number == 9);
}

TEST_CASE("clock set back: a letter put off until tomorrow is due, one put off for a pause is not") {
  const Box box;
  InvitationStore store(box.path);
  Invitation one;
  one.id = new_item_id();
  one.inviter = "taro";
  one.mail = "hanako@outside.example.jp";
  one.recipients = {"taro@city.example.jp"};
  one.expires_ms = kThen + kDay;
  REQUIRE(store.add(one, std::string(32, 't'), "letter", kThen));
  const auto letters = store.due_letters(kThen, 10, kHour);
  REQUIRE(letters.size() == 1);
  store.letter_later(letters[0].number, 1, kThen + kHour);
  CHECK(store.due_letters(kThen, 10, kHour).empty());
  CHECK(store.due_letters(kThen - kMinute, 10, kHour).size() == 1);
  CHECK(store.due_letters(kThen - kDay, 10, kHour).size() == 1);
  // Codes: who had used up his hour is not kept waiting for a day.
  const std::string code(32, 'c');
  int sent = 0;
  while (store.put_code(one.id, code, one.mail, "code", kThen)) REQUIRE(++sent < 100);
  CHECK_FALSE(store.put_code(one.id, code, one.mail, "code", kThen + kMinute));
  CHECK(store.put_code(one.id, code, one.mail, "code", kThen - kDay));
}
