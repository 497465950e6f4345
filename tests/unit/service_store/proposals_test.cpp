#include "service/store/proposals.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "service/base/clock.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using store::ItemStore;
using store::Proposal;
using store::Proposals;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "kiyome-proposals-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

struct Room {
  explicit Room(const Folder& where)
      : folder(where.path),
        items(store::items_at(folder), [] {}),
        proposals(items, store::items_at(folder)) {}
  std::string folder;
  ItemStore items;
  Proposals proposals;

  std::int64_t add(const char* kind = "clean-again", std::int64_t until_ms = INT64_MAX) {
    Proposal proposal;
    proposal.item = new_item_id();
    proposal.kind = kind;
    proposal.what = R"({"policy":"flatten"})";
    proposal.reason = "必要";
    proposal.proposed_by = "sato";
    proposal.proposed_ms = unix_ms_now();
    proposal.until_ms = until_ms;
    return proposals.add(proposal, {});
  }
  bool decide(std::int64_t number, const std::string& by, bool agree = true, bool alone = false) {
    return proposals.decide({number, agree, alone, by, "よい", "", unix_ms_now()});
  }
  std::string state(std::int64_t number) { return proposals.find(number)->state; }
  std::vector<std::string> events() {
    store::Database db(store::items_at(folder).place);
    std::vector<std::string> out;
    store::Statement(db, "SELECT event FROM audit ORDER BY sequence").each([&](const store::Row& row) {
      out.emplace_back(row.text(0));
    });
    return out;
  }
  bool delegate(const char* from, const char* to, std::int64_t until_ms = INT64_MAX) {
    return proposals.delegate({from, to, "", until_ms}, unix_ms_now());
  }
};

}  // namespace

TEST_CASE("proposals: somebody else agrees, the proposer does not") {
  const Folder folder;
  Room room(folder);
  const std::int64_t number = room.add();
  CHECK_FALSE(room.decide(number, "sato"));
  CHECK_FALSE(room.decide(number, "sato", false));
  CHECK(room.state(number) == "open");
  CHECK(room.decide(number, "suzuki"));
  CHECK(room.state(number) == "agreed");
  CHECK(room.events() == std::vector<std::string>{"proposed", "proposal-agreed"});
}

TEST_CASE("proposals: of many who decide at once one wins") {
  const Folder folder;
  Room room(folder);
  for (int turn = 0; turn < 20; ++turn) {
    const std::int64_t number = room.add();
    std::atomic<int> won = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        if (room.decide(number, "reviewer" + std::to_string(i), i % 2 == 0)) ++won;
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(won == 1);
  }
}

TEST_CASE("proposals: break-glass is for the proposer alone, and never for an original") {
  const Folder folder;
  Room room(folder);
  const std::int64_t original = room.add("original"), other = room.add();
  CHECK_FALSE(room.decide(original, "sato", true, true));
  CHECK_FALSE(room.decide(original, "suzuki", true, true));
  CHECK_FALSE(room.decide(other, "suzuki", true, true));
  CHECK_FALSE(room.decide(other, "sato", false, true));
  CHECK(room.decide(other, "sato", true, true));
  CHECK(room.proposals.find(other)->alone);
  CHECK(room.state(original) == "open");
  CHECK(room.events().back() == "break-glass");
}

TEST_CASE("proposals: what is past its time is not decided, and expires with its password") {
  const Folder folder;
  Room room(folder);
  const std::int64_t number = room.add("allow", unix_ms_now() - 1), later = room.add();
  CHECK_FALSE(room.decide(number, "suzuki"));
  room.proposals.expire(unix_ms_now());
  CHECK(room.state(number) == "expired");
  CHECK(room.state(later) == "open");
  CHECK(room.decide(later, "suzuki"));
  Proposals::Outcome outcome;
  outcome.done = true;
  outcome.password = "sealed";
  outcome.password_until_ms = unix_ms_now() - 1;
  CHECK(room.proposals.finish(later, outcome));
  CHECK(room.proposals.take_password(later, "sato", unix_ms_now()).empty());
  room.proposals.expire(unix_ms_now());
  CHECK(room.proposals.find(later)->password_until_ms == 0);
}

TEST_CASE("proposals: what was agreed is there after a death, and is written down as done once") {
  const Folder folder;
  std::int64_t number = 0;
  {
    Room room(folder);
    number = room.add();
    CHECK(room.decide(number, "suzuki"));
  }
  Room room(folder);
  const std::vector<Proposal> agreed = room.proposals.agreed();
  REQUIRE(agreed.size() == 1);
  CHECK(agreed[0].number == number);
  CHECK(agreed[0].what == R"({"policy":"flatten"})");
  Proposals::Outcome outcome;
  outcome.done = true;
  outcome.text = "1";
  outcome.letters = {{"a@example.jp", "mail"}};
  CHECK(room.proposals.finish(number, outcome));
  CHECK_FALSE(room.proposals.finish(number, outcome));
  CHECK(room.proposals.agreed().empty());
  CHECK(room.items.due_returns(unix_ms_now(), 10).size() == 1);
}

TEST_CASE("proposals: how the mail with an original fared is what came of it") {
  const Folder folder;
  Room room(folder);
  const std::int64_t number = room.add("original");
  CHECK(room.decide(number, "suzuki"));
  Proposals::Outcome outcome;
  outcome.done = true;
  outcome.text = "sent";
  outcome.letters = {{"a@example.jp", "mail"}};
  CHECK(room.proposals.finish(number, outcome));
  const auto mails = room.items.due_returns(unix_ms_now(), 10);
  REQUIRE(mails.size() == 1);
  CHECK(store::wait_for_answer<bool>(std::chrono::seconds(10), [&](ItemStore::Done done) {
          room.items.return_sent(mails[0].number, false, "5.2.3", std::move(done));
        }) == true);
  CHECK(room.proposals.find(number)->outcome == "bounced 5.2.3");
  CHECK(room.events().back() == "original-delivery");
}

TEST_CASE("proposals: a password is shown to the proposer, once") {
  const Folder folder;
  Room room(folder);
  const std::int64_t number = room.add("original");
  CHECK(room.decide(number, "suzuki"));
  Proposals::Outcome outcome;
  outcome.done = true;
  outcome.password = std::string("sealed\0octets", 13);
  outcome.password_until_ms = unix_ms_now() + 1'000'000;
  CHECK(room.proposals.finish(number, outcome));
  CHECK(room.proposals.take_password(number, "suzuki", unix_ms_now()).empty());
  CHECK(room.proposals.take_password(number, "sato", unix_ms_now()) == outcome.password);
  CHECK(room.proposals.take_password(number, "sato", unix_ms_now()).empty());
  CHECK(room.events().back() == "password-shown");
}

TEST_CASE("proposals: those above are told once of what is open for long") {
  const Folder folder;
  Room room(folder);
  const std::int64_t number = room.add();
  const auto letters = [](const Proposal&) {
    return std::vector<store::OwnLetter>{{"boss@example.jp", "letter"}};
  };
  const std::int64_t now = unix_ms_now();
  room.proposals.escalate(now - 3'600'000, now, letters);  // not old enough
  CHECK(room.items.due_returns(unix_ms_now(), 10).empty());
  room.proposals.escalate(now + 1, now, letters);
  room.proposals.escalate(now + 1, now, letters);
  CHECK(room.items.due_returns(unix_ms_now(), 10).size() == 1);
  CHECK(room.proposals.find(number)->escalated_ms == now);
}

TEST_CASE("stand-ins: nobody stands in for himself, directly or in a circle") {
  const Folder folder;
  Room room(folder);
  CHECK_FALSE(room.delegate("a", "a"));
  CHECK(room.delegate("a", "b"));
  CHECK_FALSE(room.delegate("b", "a"));
  CHECK(room.delegate("b", "c"));
  CHECK_FALSE(room.delegate("c", "a"));
  CHECK(room.delegate("a", ""));  // ended
  CHECK(room.delegate("c", "a"));
  CHECK(room.proposals.delegations_to("a", unix_ms_now()).size() == 1);
  CHECK(room.proposals.delegation_of("b", unix_ms_now())->delegate == "c");
  CHECK_FALSE(room.proposals.delegation_of("a", unix_ms_now()));
}

TEST_CASE("stand-ins: what is past its time is none") {
  const Folder folder;
  Room room(folder);
  CHECK(room.delegate("a", "b", unix_ms_now() - 1));
  CHECK_FALSE(room.proposals.delegation_of("a", unix_ms_now()));
  CHECK(room.proposals.delegations_to("b", unix_ms_now()).empty());
  CHECK(room.delegate("b", "a"));  // no circle
}

TEST_CASE("proposals: the list goes backwards by number") {
  const Folder folder;
  Room room(folder);
  std::vector<std::int64_t> added;
  for (int i = 0; i < 5; ++i) added.push_back(room.add());
  CHECK(room.decide(added[2], "suzuki", false));
  std::vector<std::int64_t> open, rest;
  room.proposals.list(true, 0, [&](const Proposal& each) {
    open.push_back(each.number);
    return true;
  });
  CHECK(open == std::vector<std::int64_t>{added[4], added[3], added[1], added[0]});
  room.proposals.list(false, added[3], [&](const Proposal& each) {
    rest.push_back(each.number);
    return rest.size() < 2;
  });
  CHECK(rest == std::vector<std::int64_t>{added[2], added[1]});
}
