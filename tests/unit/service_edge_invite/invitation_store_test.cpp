#include "service/edge/invite/invitation_store.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using namespace kiyome::edge::invite;

namespace {

constexpr std::int64_t kNow = 1'800'000'000'000, kDay = 86'400'000;
const std::string kToken(32, 't'), kCode(32, 'c'), kOther(32, 'o');

struct Box {
  Box() {
    char name[] = "/tmp/kiyome-invite.XXXXXX";
    path = ::mkdtemp(name);
    store = std::make_unique<InvitationStore>(path, store::test_place(path + "/invitations.sqlite"));
  }
  ~Box() {
    store.reset();
    std::filesystem::remove_all(path);
  }
  Invitation add(const std::string& inviter = "taro", const std::string& token = kToken) {
    Invitation one;
    one.id = new_item_id();
    one.inviter = inviter;
    one.inviter_name = "総務 太郎";
    one.mail = "hanako@outside.example.jp";
    one.recipients = {"taro@city.example.jp", "jiro@city.example.jp"};
    one.message = "図面を\nお願いします";
    one.created_ms = kNow;
    one.expires_ms = kNow + kDay;
    one.bytes_max = 1000;
    CHECK(store->add(one, token, "letter", kNow));
    return one;
  }
  std::string path;
  std::unique_ptr<InvitationStore> store;
};

}  // namespace

TEST_CASE("invitations: one is found by its link, also after a restart, and only by the right one") {
  Box box;
  const Invitation one = box.add();
  box.store.reset();
  box.store =
      std::make_unique<InvitationStore>(box.path, store::test_place(box.path + "/invitations.sqlite"));
  const auto found = box.store->find_by_token(kToken);
  REQUIRE(found);
  CHECK(found->id == one.id);
  CHECK(found->inviter_name == "総務 太郎");
  CHECK(found->recipients == one.recipients);
  CHECK(found->message == one.message);
  CHECK(found->good(kNow + kDay - 1));
  CHECK_FALSE(found->good(kNow + kDay));
  CHECK_FALSE(box.store->find_by_token(kOther));
}

TEST_CASE("invitations: what was used or revoked is good no more, and ends once") {
  Box box;
  const Invitation one = box.add(), two = box.add("taro", kOther);
  CHECK(box.store->end(one.id, State::used));
  CHECK_FALSE(box.store->end(one.id, State::revoked));
  CHECK(box.store->find(one.id)->state == State::used);
  CHECK_FALSE(box.store->find(one.id)->good(kNow));
  CHECK(box.store->find(two.id)->good(kNow));
  CHECK(box.store->end_all_of("jiro").empty());
  CHECK(box.store->end_all_of("taro") == std::vector<ItemId>{two.id});
  CHECK(box.store->find(two.id)->state == State::revoked);
}

TEST_CASE("invitations: a list shows the inviter's own, the newest first") {
  Box box;
  const Invitation one = box.add(), two = box.add("taro", kOther);
  box.add("jiro", std::string(32, 'j'));
  const auto listed = box.store->of("taro");
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].id == two.id);
  CHECK(listed[1].id == one.id);
}

TEST_CASE("invitations: the right code counts once, within its time") {
  Box box;
  const Invitation one = box.add();
  CHECK_FALSE(box.store->take_code(one.id, kCode, kNow));  // none was sent
  CHECK(box.store->put_code(one.id, kCode, one.mail, "code", kNow));
  CHECK_FALSE(box.store->take_code(one.id, kOther, kNow));
  CHECK(box.store->take_code(one.id, kCode, kNow));
  CHECK_FALSE(box.store->take_code(one.id, kCode, kNow));
  CHECK(box.store->put_code(one.id, kCode, one.mail, "code", kNow));
  CHECK_FALSE(box.store->take_code(one.id, kCode, kNow + limits::kInvitationCodeMs));
}

TEST_CASE("invitations: after so many wrong tries the right code counts no more; one fewer is no harm") {
  for (const bool too_many : {false, true}) {
    Box box;
    const Invitation one = box.add();
    CHECK(box.store->put_code(one.id, kCode, one.mail, "code", kNow));
    for (std::int64_t i = 0; i < limits::kInvitationTries - (too_many ? 0 : 1); ++i)
      CHECK_FALSE(box.store->take_code(one.id, kOther, kNow));
    CHECK(box.store->take_code(one.id, kCode, kNow) == !too_many);
  }
}

TEST_CASE("invitations: so many codes are sent within an hour, and then again") {
  Box box;
  const Invitation one = box.add();
  for (std::int64_t i = 0; i < limits::kInvitationCodes; ++i)
    CHECK(box.store->put_code(one.id, kCode, one.mail, "code", kNow + i));
  CHECK_FALSE(box.store->put_code(one.id, kCode, one.mail, "code", kNow + 1000));
  CHECK(box.store->put_code(one.id, kCode, one.mail, "code", kNow + 3'700'000));
}

TEST_CASE("invitations: one inviter has so many open ones; ended and expired ones do not count") {
  Box box;
  Invitation first;
  for (std::size_t i = 0; i < limits::kInvitationsOpen; ++i) {
    std::string token(32, 'a');
    token.replace(0, 8, std::to_string(10'000'000 + i));
    const Invitation one = box.add("taro", token);
    if (i == 0) first = one;
  }
  Invitation more = first;
  more.id = new_item_id();
  CHECK_FALSE(box.store->add(more, kToken, "letter", kNow));
  CHECK(box.store->add(more, kToken, "letter", kNow + kDay));  // the others have expired
  more.id = new_item_id();
  more.inviter = "jiro";
  CHECK(box.store->add(more, kOther, "letter", kNow));
}

TEST_CASE("invitations: letters wait in order, are tried again later, and go when they are done") {
  Box box;
  const Invitation one = box.add();
  CHECK(box.store->put_code(one.id, kCode, one.mail, "code", kNow + 5));
  CHECK(box.store->next_letter_ms() == kNow);
  auto due = box.store->due_letters(kNow + 5, 10);
  REQUIRE(due.size() == 2);
  CHECK(due[0].content == "letter");
  CHECK(due[0].to == one.mail);
  CHECK(due[1].content == "code");
  box.store->letter_done(due[0].number);
  box.store->letter_later(due[1].number, 1, kNow + 100);
  CHECK(box.store->due_letters(kNow + 99, 10).empty());
  due = box.store->due_letters(kNow + 100, 10);
  REQUIRE(due.size() == 1);
  CHECK(due[0].attempts == 1);
}

TEST_CASE("invitations: what ended long ago is forgotten") {
  Box box;
  const Invitation one = box.add();
  box.store->prune(kNow + kDay);
  CHECK(box.store->find(one.id));
  box.store->prune(kNow + kDay + 1);
  CHECK_FALSE(box.store->find(one.id));
}

TEST_CASE("invitations: where two hosts look for letters, one of them takes each, until it is dead") {
  Box box;
  box.add();
  InvitationStore other(box.path, store::test_place(box.path + "/invitations.sqlite"));
  const auto here = box.store->due_letters(kNow, 10), there = other.due_letters(kNow, 10);
  REQUIRE(here.size() == 1);
  REQUIRE(there.size() == 1);
  CHECK(box.store->take_letter(here[0], kNow + 1000));
  if (!store::tests_on_postgres()) return;  // a file has one host
  CHECK_FALSE(other.take_letter(there[0], kNow + 1000));
  CHECK(other.due_letters(kNow + 999, 10).empty());
  const auto again = other.due_letters(kNow + 1000, 10);
  REQUIRE(again.size() == 1);
  CHECK(other.take_letter(again[0], kNow + 2000));
}
