#include "tests/unit/service_cleaner_decide/two_people.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using namespace kiyome::two_people;

TEST_CASE("two people: what one proposes another agrees to, and it is done; both stand in what is done") {
  const Folder folder;
  Room room(folder, config_for(folder));
  const std::int64_t number = room.propose(room.item("x"));
  CHECK(room.mails_to("reviewers@city.example").size() == 1);
  CHECK(room.problem("sato", "decideProposal", R"({"decision":"agree","reason":"a"})", number) ==
        "403 same-person");
  CHECK(room.applied().empty());
  CHECK(has(room.answer("suzuki", "getProposal", "", number).content, R"("may_decide":true)"));
  CHECK(has(room.answer("sato", "getProposal", "", number).content, R"("may_decide":false)"));
  const std::string now = room.agree(number);
  CHECK(has(now, R"("state":"done")"));
  CHECK(has(now, R"("decided_by":"suzuki")"));
  CHECK(room.applied() == std::vector<std::string>{R"(sato+suzuki:{"policy":"flatten"})"});
  CHECK(room.problem("tanaka", "decideProposal", R"({"decision":"agree","reason":"a"})", number) ==
        "409 decided");
}

TEST_CASE("two people: what was refused is not done") {
  const Folder folder;
  Room room(folder, config_for(folder));
  const std::int64_t number = room.propose(room.item("x"));
  CHECK(
      has(room.answer("suzuki", "decideProposal", R"({"decision":"refuse","reason":"不要"})", number).content,
          R"("state":"refused")"));
  CHECK(room.problem("tanaka", "decideProposal", R"({"decision":"agree","reason":"a"})", number) ==
        "409 decided");
  CHECK(room.applied().empty());
}

TEST_CASE("two people: a hundred pairs that decide at once do each thing once") {
  const Folder folder;
  std::atomic<int> done = 0;
  Room room(folder, config_for(folder), [&](const store::Proposal&) {
    ++done;
    return std::string("1");
  });
  const ItemId item = room.item("x");
  int lost = 0;
  for (int i = 0; i < 30; ++i) {
    const std::int64_t number = room.propose(item);
    std::string answers[2];
    std::thread other([&] {
      answers[0] = room.problem("suzuki", "decideProposal", R"({"decision":"agree","reason":"a"})", number);
    });
    answers[1] = room.problem("tanaka", "decideProposal", R"({"decision":"agree","reason":"a"})", number);
    other.join();
    CHECK((answers[0].empty() || answers[1].empty()));
    for (const std::string& each : answers) lost += each == "409 decided";
  }
  CHECK(lost == 30);
  CHECK(done == 30);
}

TEST_CASE("two people: what was agreed before a death is done after it") {
  const Folder folder;
  std::int64_t number = 0;
  {
    Room room(folder, config_for(folder),
              [](const store::Proposal&) -> std::string { throw TemporaryFailure("the disk is full"); });
    number = room.propose(room.item("x"));
    room.proposals.stop();  // nothing is done any more
    store::Proposals rows(room.items, store::items_at(room.folder));
    CHECK(rows.decide({number, true, false, "suzuki", "a", "", unix_ms_now()}));
  }
  Room room(folder, config_for(folder));
  for (int i = 0; i < 100 && room.applied().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(room.applied().size() == 1);
}

TEST_CASE("two people: what takes long is done when it is done, and others do not wait for it") {
  const Folder folder;
  std::atomic<int> asked = 0;
  std::atomic<bool> ready = false;
  Room room(folder, config_for(folder), [&](const store::Proposal& proposal) -> std::optional<std::string> {
    if (proposal.reason != "slow") return "recipients 1";
    ++asked;
    return ready ? std::optional<std::string>("recipients 3") : std::nullopt;
  });
  const Call call = room.call("sato", "decideItem", "");
  const std::int64_t slow = room.proposals.propose(call, "clean-again", room.item("x"), "{}", "slow");
  const std::int64_t quick = room.propose(room.item("y"));
  store::Proposals rows(room.items, store::items_at(room.folder));
  CHECK(rows.decide({slow, true, false, "suzuki", "a", "", unix_ms_now()}));
  CHECK(has(room.agree(quick), R"("state":"done")"));
  CHECK(has(room.answer("suzuki", "getProposal", "", slow).content, R"("state":"agreed")"));
  CHECK(asked > 0);
  ready = true;
  for (int i = 0; i < 200 && rows.find(slow)->state != "done"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(rows.find(slow)->outcome == "recipients 3");
}

TEST_CASE("two people: what an earlier life did, and did not say, is not done again") {
  const Folder folder;
  std::int64_t number = 0;
  {
    Room room(folder, config_for(folder));
    number = room.propose(room.item("x"));
    room.proposals.stop();
    store::Proposals rows(room.items, store::items_at(room.folder));
    CHECK(rows.decide({number, true, false, "suzuki", "a", "", unix_ms_now()}));
    store::Database db(store::items_at(room.folder).place);
    db.execute("UPDATE proposals SET carried=2");
  }
  Room room(folder, config_for(folder));
  store::Proposals rows(room.items, store::items_at(room.folder));
  for (int i = 0; i < 100 && rows.find(number)->state != "done"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(rows.find(number)->outcome == "recipients 2");
  CHECK(room.applied().empty());
}

TEST_CASE("two people: what waits too long expires") {
  const Folder folder;
  Config config = config_for(folder);
  config.console.proposal_hours = 0.0001;
  Room room(folder, config);
  const std::int64_t number = room.propose(room.item("x"));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK(room.problem("suzuki", "decideProposal", R"({"decision":"agree","reason":"a"})", number) ==
        "409 decided");
  CHECK(has(room.answer("suzuki", "getProposal", "", number).content, R"("state":"expired")"));
  CHECK_FALSE(has(room.answer("suzuki", "listProposals").content, "clean-again"));
}

TEST_CASE("two people: those above are told of what waits for long") {
  const Folder folder;
  Config config = config_for(folder);
  config.console.escalation_hours = 0;
  Room room(folder, config);
  room.propose(room.item("x"));
  for (int i = 0; i < 100 && room.mails_to("boss@city.example").empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(room.mails_to("boss@city.example").size() == 1);
}

TEST_CASE("break-glass: the proposer goes on alone, everybody hears of it, and it is not called two people") {
  const Folder folder;
  Room room(folder, config_for(folder));
  const std::int64_t number = room.propose(room.item("x"));
  CHECK(room.problem("suzuki", "breakGlass", R"({"reason":"緊急"})", number) == "403 forbidden");
  CHECK(room.problem("sato", "breakGlass", "{}", number) == "422 invalid reason");
  Call by_token = room.call("sato", "breakGlass", R"({"reason":"緊急"})", number);
  by_token.actor.program = true;
  CHECK(room.problem(by_token) == "403 forbidden");
  CHECK(has(room.answer("sato", "breakGlass", R"({"reason":"緊急"})", number).content,
            R"("state":"broken-glass")"));
  CHECK(room.applied().size() == 1);
  CHECK(room.mails_to("boss@city.example").size() == 1);
  CHECK(room.mails_to("reviewers@city.example").size() == 2);
  CHECK(room.events() == std::vector<std::string>{"proposed", "break-glass", "proposal-done"});
}

TEST_CASE("break-glass: never for an original") {
  const Folder folder;
  Clamd clamd((folder.path / "clamd.sock").string(), "EVIL");
  Room room(folder, config_for(folder));
  const std::int64_t number = room.propose_original(room.item("From: a\r\n\r\nx"));
  CHECK(room.problem("sato", "breakGlass", R"({"reason":"緊急"})", number) == "403 forbidden");
  CHECK(has(room.answer("sato", "getProposal", "", number).content, R"("may_break_glass":false)"));
  CHECK(room.mails_to("kato@partner.example").empty());
  CHECK(clamd.scans == 0);
}

TEST_CASE("stand-ins: of another tenant they see and decide what is there for whom they stand in") {
  const Folder folder;
  Config config = config_for(folder);
  for (const char* name : {"east", "west"}) {
    config.tenants.emplace_back();
    config.tenants.back().name = name;
    config.tenants.back().domains = {std::string(name) + ".example"};
  }
  Room room(folder, config);
  const ItemId item = room.item("x", {"east"});
  const auto of_tenant = [&](const std::string& who, const char* tenant, const char* operation,
                             std::string body, std::int64_t number = 0) {
    Call out = room.call(who, operation, std::move(body), number);
    out.actor.tenant = tenant;
    return out;
  };
  const std::string until = R"(,"until":"2199-01-01T00:00:00Z"})";
  const std::string soon = ",\"until\":\"" + iso_time(unix_ms_now() + 3'600'000) + "\"}";
  Call proposing = of_tenant("sato", "east", "decideItem", "");
  const std::int64_t number = room.proposals.propose(proposing, "clean-again", item, "{}", "必要");
  const std::string agree = R"({"decision":"agree","reason":"a"})";
  CHECK(room.problem(of_tenant("west1", "west", "decideProposal", agree, number)) == "404 not-found");
  CHECK(room.problem(of_tenant("sato", "east", "setReviewDelegation", R"({"to":"sato")" + soon)) ==
        "422 invalid to");
  CHECK(room.problem(of_tenant("sato", "east", "setReviewDelegation", R"({"to":"west1")" + until)) ==
        "422 invalid until");
  // The proposer's own stand-in is no second person by that …
  CHECK(room.problem(of_tenant("sato", "east", "setReviewDelegation", R"({"to":"west1")" + soon)).empty());
  CHECK(room.problem(of_tenant("west1", "west", "setReviewDelegation", R"({"to":"sato")" + soon)) ==
        "422 invalid to");
  CHECK(room.problem(of_tenant("west1", "west", "decideProposal", agree, number)) == "404 not-found");
  // … somebody else's is.
  CHECK(room.problem(of_tenant("suzuki", "east", "setReviewDelegation", R"({"to":"west1")" + soon)).empty());
  CHECK(has(room.desk.answer(of_tenant("west1", "west", "getReviewDelegation", "")).content, "suzuki"));
  CHECK(room.problem(of_tenant("west1", "west", "decideProposal", agree, number)).empty());
  CHECK(room.applied().size() == 1);
}

TEST_CASE("allowances: they are listed, and one person ends one") {
  const Folder folder;
  Room room(folder, config_for(folder));
  {
    store::Database db(store::items_at(room.folder).place);
    db.execute(
        "INSERT INTO allowances (sender, type, until_ms, allowed_by, agreed_by, reason, created_ms) VALUES "
        "('@partner.example', 'application/pdf', 4000000000000, 'sato', 'suzuki', 'x', 1)");
  }
  CHECK(has(room.answer("sato", "listAllowances").content, R"("ended":false)"));
  Call ending = room.call("tanaka", "endAllowance");
  ending.path["allowance"] = "1";
  CHECK(room.desk.answer(ending).status == 204);
  CHECK(room.problem(ending) == "404 not-found");
  CHECK(has(room.answer("sato", "listAllowances").content, R"("ended":true)"));
  CHECK(room.events() == std::vector<std::string>{"allowance-ended"});
}

TEST_CASE("allowances: a tenant's people see and end its own alone") {
  const Folder folder;
  Room room(folder, config_for(folder));
  {
    store::Database db(store::items_at(room.folder).place);
    for (const char* tenant : {"", "east", "west"})
      db.kept(
            "INSERT INTO allowances (sender, type, until_ms, allowed_by, agreed_by, reason, created_ms, "
            "tenant) VALUES (?, 'application/pdf', 4000000000000, 'sato', 'suzuki', 'x', 1, ?)")
          .run("@" + std::string(tenant) + "partner.example", tenant);
  }
  const auto of = [&](const char* tenant, const char* operation, const char* number = "") {
    Call call = room.call("tanaka", operation);
    call.actor.tenant = tenant;
    if (*number != '\0') call.path["allowance"] = number;
    return call;
  };
  const std::string east = room.desk.answer(of("east", "listAllowances")).content;
  CHECK(has(east, "@eastpartner.example"));
  CHECK(has(east, R"("tenant":"east")"));
  CHECK_FALSE(has(east, "@westpartner.example"));
  CHECK_FALSE(has(east, "@partner.example"));
  CHECK(room.problem(of("east", "endAllowance", "1")) == "404 not-found");
  CHECK(room.problem(of("east", "endAllowance", "3")) == "404 not-found");
  CHECK(room.problem(of("east", "endAllowance", "2")).empty());
  CHECK(room.problem(of("", "endAllowance", "3")).empty());
  CHECK(room.events() == std::vector<std::string>{"allowance-ended", "allowance-ended"});
}
