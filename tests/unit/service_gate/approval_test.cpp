// Who may decide, what a decision covers, and whom a mail tells of it.
#include "service/base/errors.h"
#include "service/gate/verify.h"
#include "tests/unit/service_gate/drop_fixture.h"

using namespace kiyome;
using namespace kiyome::testing;
using auth::Role;
using transfer::DropBundle;
using transfer::DropStage;

namespace {

constexpr std::int64_t kHourMs = 3'600'000;
// Wednesday 18 November 2026, 9:00 in Japan.
constexpr std::int64_t kWednesday = 1'794'960'000'000;

DropBundle asking(const std::vector<std::string>& recipients = {"taro@city.example.jp"}) {
  DropBundle out = make_drop(recipients);
  out.approval = {"部外からの図面"};
  return out;
}

// A town with two departments: taro and hanako below chief and head, jiro below another.
struct Office : PickUpDesk {
  Office() {
    now_ms = kWednesday;
    add("taro");
    add("hanako");
    add("chief", "総務部/総務課", {Role::approver, Role::staff});
    add("head", "総務部", {Role::approver});
    add("jiro", "建設部");
    add("other", "建設部", {Role::approver});
    add("mayor", "", {Role::approver});
  }
  std::size_t waiting_for(const std::string& login, bool decided = false) {
    const Told told = ask(login, "/approvals", "GET", {}, {{"decided", decided ? "true" : "false"}});
    CHECK(told.status == 200);
    std::size_t out = 0;
    for (std::size_t at = 0; (at = told.content.find("\"files_total\"", at)) != std::string::npos; ++at)
      ++out;
    return out;
  }
  Told approve(const std::string& login, const DropBundle& bundle, const std::string& what = "approve") {
    return decide(login, bundle.submission.text(), what, digest(login, bundle.submission.text()), "comment");
  }
  std::set<std::string> told_by_mail() {
    std::set<std::string> out;
    for (const transfer::Bundle& mail : mails()) {
      const auto violation = gate::verify_mail(mail.content);
      CHECK_MESSAGE(!violation, (violation ? violation->reason : ""));
      CHECK(mail.sender.empty());
      out.insert(mail.recipients.at(0).address.substr(0, mail.recipients.at(0).address.find('@')));
    }
    return out;
  }
};

}  // namespace

TEST_CASE("approval: nothing can be taken before it, everything after it, and both are told") {
  Office office;
  const DropBundle bundle = asking();
  office.take(bundle);
  CHECK(office.stages_of(bundle.id) == Stages{DropStage::waiting});
  CHECK(office.ask("taro", path_of(bundle)).has("\"state\":\"waiting\""));
  for (const char* path : {"/files/0", "/archive"}) {
    const Told told = office.ask("taro", path_of(bundle) + path);
    CHECK(told.status == 403);
    CHECK(told.code == "not-approved");
  }
  CHECK(office.ask("taro", path_of(bundle) + "/files/0", "GET", {}, {{"preview", "true"}}).status == 403);
  CHECK(office.waiting_for("chief") == 1);
  CHECK(office.ask("chief", path_of(bundle)).has("\"mine\":true"));
  CHECK(office.ask("chief", path_of(bundle) + "/files/0", "GET", {}, {{"preview", "true"}}).status == 200);
  CHECK(office.ask("chief", path_of(bundle) + "/files/0").status == 403);
  const Told decided = office.approve("chief", bundle);
  CHECK(decided.status == 200);
  CHECK(decided.has("\"state\":\"approved\""));
  CHECK(decided.has("\"login\":\"chief\""));
  CHECK(office.stages_of(bundle.id) == Stages{DropStage::waiting, DropStage::delivered});
  CHECK(office.ask("taro", path_of(bundle) + "/files/0").status == 200);
  CHECK(office.waiting_for("chief") == 0);
  CHECK(office.waiting_for("chief", true) == 1);
  CHECK(office.audit("approved").size() == 1);
  CHECK(office.audit("approved")[0].starts_with("chief {\"digest\":\""));
}

TEST_CASE("approval: what is returned can be taken by nobody, and what follows it waits") {
  Office office;
  DropBundle bundle = asking();
  bundle.count = 3;
  DropBundle plain = next_of(bundle, "plain.docx");
  plain.approval.clear();
  office.take(bundle);
  office.take(plain);  // no rule asks about it, but it belongs to what waits
  CHECK(office.stages_of(plain.id) == Stages{DropStage::waiting});
  CHECK(office.approve("chief", bundle, "return").has("\"state\":\"returned\""));
  CHECK(office.stages_of(bundle.id).back() == DropStage::returned);
  CHECK(office.stages_of(plain.id).back() == DropStage::returned);
  CHECK(office.ask("taro", path_of(bundle) + "/files/0").status == 403);
  CHECK(office.ask("taro", path_of(bundle) + "/archive").status == 403);
  CHECK(office.ask("taro", path_of(bundle)).has("\"comment\":\"comment\""));
  CHECK(office.audit("returned").size() == 1);
  DropBundle third = next_of(plain, "third.docx");
  office.take(third);
  CHECK(office.stages_of(third.id) == Stages{DropStage::waiting});
}

TEST_CASE("approval: a decision is about what was seen; what came since makes it void") {
  Office office;
  DropBundle bundle = asking();
  bundle.count = 2;
  office.take(bundle);
  const std::string id = bundle.submission.text(), seen = office.digest("chief", id);
  const DropBundle second = next_of(bundle, "second.docx");
  office.take(second);
  const Told stale = office.decide("chief", id, "approve", seen);
  CHECK(stale.status == 409);
  CHECK(stale.code == "changed");
  CHECK(office.stages_of(bundle.id) == Stages{DropStage::waiting});
  CHECK(office.decide("chief", id, "approve", office.digest("chief", id)).status == 200);
  const Told again = office.decide("chief", id, "approve", office.digest("chief", id));
  CHECK(again.status == 409);
  CHECK(again.code == "decided");
}

TEST_CASE("approval: malformed decisions are refused and decide nothing") {
  Office office;
  const DropBundle bundle = asking();
  office.take(bundle);
  const std::string digest = office.digest("chief", bundle.submission.text());
  const auto ask = [&](const std::string& json) {
    return office.ask("chief", path_of(bundle) + "/decision", "POST", json).status;
  };
  CHECK(ask(R"({"decision":"maybe","digest":")" + digest + "\"}") == 422);
  CHECK(ask(R"({"decision":"approve","digest":"00"})") == 422);
  CHECK(ask(R"({"decision":"approve","digest":")" + std::string(64, 'G') + "\"}") == 422);
  CHECK(ask(R"({"decision":"approve"})") == 422);
  CHECK(ask(R"({"decision":"approve","digest":")" + digest + R"(","x":1})") == 422);
  CHECK(ask("{") == 400);
  CHECK(ask(R"({"decision":"approve","digest":")" + digest + R"(","comment":")" + std::string(1001, 'a') +
            "\"}") == 422);
  CHECK(office.stages_of(bundle.id) == Stages{DropStage::waiting});
  CHECK(ask(R"({"decision":"approve","digest":")" + digest + R"(","comment":")" + std::string(1000, 'a') +
            "\"}") == 200);
}

TEST_CASE("approval: only the approvers of his department decide; nobody about what is his own") {
  Office office;
  const DropBundle bundle = asking();
  office.take(bundle);
  const std::string id = bundle.submission.text(), digest = office.digest("chief", id);
  for (const char* stranger : {"hanako", "jiro", "other", "mayor", "head"}) {
    CAPTURE(stranger);
    CHECK(office.waiting_for(stranger) == 0);
    CHECK(office.ask(stranger, path_of(bundle)).status == 404);
    CHECK(office.decide(stranger, id, "approve", digest).status == 404);
  }
  CHECK(office.decide("taro", id, "approve", digest).status == 403);  // he only gets it
  // To the approver alone: one level up decides.
  const DropBundle own = asking({"chief@city.example.jp"});
  office.take(own);
  const Told refused =
      office.decide("chief", own.submission.text(), "approve", office.digest("chief", own.submission.text()));
  CHECK(refused.status == 403);
  CHECK(refused.code == "own-delivery");
  CHECK(office.approve("head", own).status == 200);
  // A second recipient whom nobody knows makes it no less his own.
  const DropBundle padded = asking({"chief@city.example.jp", "nobody@city.example.jp"});
  office.take(padded);
  CHECK(office
            .decide("chief", padded.submission.text(), "approve",
                    office.digest("chief", padded.submission.text()))
            .code == "own-delivery");
  // With a colleague it is not.
  const DropBundle shared = asking({"chief@city.example.jp", "taro@city.example.jp"});
  office.take(shared);
  CHECK(office.approve("chief", shared).status == 200);
  // He sent it himself.
  DropBundle sent = asking();
  sent.sender = "Chief@city.example.jp";
  office.take(sent);
  CHECK(office.decide("chief", sent.submission.text(), "approve", digest).code == "own-delivery");
  CHECK(office.approve("head", sent).status == 200);
}

TEST_CASE("approval: each decides for the people of his own department") {
  Office office;
  const DropBundle bundle = asking({"taro@city.example.jp", "jiro@city.example.jp"});
  office.take(bundle);
  CHECK(office.approve("chief", bundle).status == 200);
  CHECK(office.stages_of(bundle.id, 0).back() == DropStage::delivered);
  CHECK(office.stages_of(bundle.id, 1).back() == DropStage::waiting);
  CHECK(office.ask("jiro", path_of(bundle) + "/files/0").status == 403);
  CHECK(office.approve("other", bundle, "return").status == 200);
  CHECK(office.stages_of(bundle.id, 1).back() == DropStage::returned);
  CHECK(office.ask("taro", path_of(bundle) + "/files/0").status == 200);
  CHECK(office.ask("taro", path_of(bundle)).has("\"state\":\"approved\""));
  CHECK(office.ask("jiro", path_of(bundle)).has("\"state\":\"returned\""));
}

TEST_CASE("approval: another tenant's approver of the same department sees nothing") {
  Office office;
  office.add("foreign", "総務部/総務課", {Role::approver}, "隣村");
  const DropBundle bundle = asking();
  office.take(bundle);
  CHECK(office.waiting_for("foreign") == 0);
  CHECK(office.ask("foreign", path_of(bundle)).status == 404);
  CHECK(office.ask("chief", "/delegation", "PUT", R"({"to":"foreign","until":"2026-11-30"})").status == 422);
}

TEST_CASE("approval: after eight hours of business the next level may decide, too, and is told") {
  Office office;
  const DropBundle bundle = asking();
  office.take(bundle);
  office.turn();
  CHECK(office.told_by_mail() == std::set<std::string>{"chief"});
  office.turn();
  CHECK(office.told_by_mail().empty());  // once
  office.now_ms = kWednesday + 8 * kHourMs - 60'000;
  office.turn();
  CHECK(office.waiting_for("head") == 0);
  office.now_ms = kWednesday + 8 * kHourMs;
  CHECK(office.waiting_for("head") == 1);
  office.now_ms += 300'000;  // who may decide is looked at every five minutes
  office.turn();
  CHECK(office.told_by_mail() == std::set<std::string>{"head"});
  CHECK(office.waiting_for("head") == 1);
  CHECK(office.waiting_for("mayor") == 0);
  CHECK(office.waiting_for("chief") == 1);
  CHECK(office.approve("head", bundle).status == 200);
  office.turn();
  CHECK(office.told_by_mail() == std::set<std::string>{"taro"});
}

TEST_CASE("approval: who stands in decides until the date, and not when either is disabled") {
  Office office;
  const DropBundle bundle = asking();
  office.take(bundle);
  const auto set = [&](const char* who, const std::string& json) {
    return office.ask(who, "/delegation", "PUT", json).status;
  };
  CHECK(set("chief", R"({"to":"hanako","until":"2026-11-17"})") == 422);  // past
  CHECK(set("chief", R"({"to":"hanako","until":"2028-11-17"})") == 422);
  CHECK(set("chief", R"({"to":"hanako","until":"2026-02-30"})") == 422);
  CHECK(set("chief", R"({"to":"hanako"})") == 422);
  CHECK(set("chief", R"({"to":"jiro","until":"2026-11-20"})") == 422);  // staff of another department
  CHECK(set("chief", R"({"to":"chief","until":"2026-11-20"})") == 422);
  CHECK(set("taro", R"({"to":"hanako","until":"2026-11-20"})") == 403);
  CHECK(office.waiting_for("hanako") == 0);
  CHECK(set("chief", R"({"to":"hanako","until":"2026-11-19"})") == 204);
  CHECK(office.ask("chief", "/delegation").has(R"({"to":"hanako","until":"2026-11-19"})"));
  CHECK(office.ask("chief", "/delegation").has(R"("login":"head")"));
  CHECK_FALSE(office.ask("chief", "/delegation").has(R"("login":"jiro")"));
  CHECK(office.waiting_for("hanako") == 1);
  CHECK(office.audit("delegated").size() == 1);
  office.now_ms = kWednesday + 38 * kHourMs;  // Thursday, 23:00
  CHECK(office.waiting_for("hanako") == 1);
  office.now_ms += kHourMs;
  CHECK(office.waiting_for("hanako") == 0);
  CHECK(office.ask("chief", "/delegation").has(R"({"to":""})"));
  CHECK(set("chief", R"({"to":"hanako","until":"2026-11-25"})") == 204);
  CHECK(office.waiting_for("hanako") == 1);
  office.service->accounts().set_disabled("chief", true, "operator");
  CHECK(office.waiting_for("hanako") == 0);
  office.service->accounts().set_disabled("chief", false, "operator");
  office.audit("");                            // what is lazy is written
  CHECK(office.waiting_for("hanako") == 0);    // it ended with his account
  CHECK(set("chief", R"({"to":""})") == 401);  // his token, too
}

TEST_CASE("approval: who was named but has another place or no role by now does not stand in") {
  Office office;
  office.take(asking());
  REQUIRE(office.ask("chief", "/delegation", "PUT", R"({"to":"hanako","until":"2026-11-25"})").status == 204);
  CHECK(office.waiting_for("hanako") == 1);
  office.service->accounts().set_department("hanako", "建設部", "operator");
  CHECK(office.waiting_for("hanako") == 0);
  office.service->accounts().set_department("hanako", "総務部/総務課", "operator");
  CHECK(office.waiting_for("hanako") == 1);
  office.service->accounts().set_roles("hanako", {Role::reviewer}, "operator");
  CHECK(office.waiting_for("hanako") == 0);
  CHECK(office.waiting_for("chief") == 1);
}

TEST_CASE("approval: what took the place of something returned waits, also where no rule asks") {
  Office office;
  DropBundle bundle = asking();
  bundle.count = 2;
  office.take(bundle);
  CHECK(office.approve("chief", bundle, "return").status == 200);
  DropBundle unlocked = bundle;
  unlocked.part = 2;
  unlocked.approval.clear();
  office.take(unlocked);
  CHECK(office.stages_of(bundle.id).back() == DropStage::waiting);
  CHECK(office.ask("taro", path_of(bundle) + "/files/1").status == 403);
  CHECK(office.waiting_for("chief") == 1);
  // The accepting twin: what was only held before is had when no rule asks.
  DropBundle held = make_drop();
  set_held(held);
  office.take(held);
  DropBundle released = make_drop();
  released.id = held.id;
  released.submission = held.submission;
  released.part = 2;
  office.take(released);
  CHECK(office.stages_of(held.id).back() == DropStage::delivered);
}

TEST_CASE("approval: what waited and is held by now keeps no place in the line") {
  Office office;
  DropBundle bundle = asking();
  office.take(bundle);
  CHECK(office.store->drops().waiting(10).size() == 1);
  DropBundle held = bundle;
  held.part = 2;
  set_held(held);
  office.take(held);
  CHECK(office.store->drops().waiting(10).empty());
}

TEST_CASE("approval: each step of it stands in the trail") {
  Office office;
  const DropBundle bundle = asking();
  office.take(bundle);
  const auto needed = office.audit("approval-needed");
  REQUIRE(needed.size() == 1);
  CHECK(needed[0] ==
        "gate {\"submission\":\"" + bundle.submission.text() + "\",\"rules\":[\"部外からの図面\"]}");
  office.turn();
  CHECK(office.audit("approval-asked") == std::vector<std::string>{R"(gate {"to":"chief@city.example.jp"})"});
  CHECK(office.approve("chief", bundle).status == 200);
  CHECK(office.audit("approved").size() == 1);
  CHECK(office.ask("taro", path_of(bundle) + "/files/0").status == 200);
  CHECK(office.audit("picked-up").size() == 1);
  CHECK(office.ask("chief", "/delegation", "PUT", R"({"to":"hanako","until":"2026-11-25"})").status == 204);
  office.service->accounts().set_disabled("hanako", true, "operator");
  CHECK(office.audit("delegations-ended") == std::vector<std::string>{R"(gate {"login":"hanako"})"});
}

TEST_CASE("rounds: where nobody may approve, the trail says so once; whom nobody knows is asked to sign in") {
  Office office;
  // Whoever signs in by the directory has no account before: nobody can be asked in his place.
  DropBundle unknown = asking({"shiro@city.example.jp"});
  office.take(unknown);
  office.turn();
  CHECK(office.told_by_mail() == std::set<std::string>{"shiro"});
  office.now_ms += kHourMs;
  office.turn();
  CHECK(office.told_by_mail().empty());
  office.add("shiro");
  office.now_ms += kHourMs;
  office.turn();
  CHECK(office.told_by_mail() == std::set<std::string>{"chief"});
  CHECK(office.approve("chief", unknown).status == 200);

  // The only one who could decide is the one it is for.
  DropBundle own = asking({"mayor@city.example.jp"});
  office.take(own);
  for (int i = 0; i < 2; ++i) {
    office.now_ms += kHourMs;
    office.turn();
  }
  CHECK(office.told_by_mail() == std::set<std::string>{"shiro"});  // of what was approved before
  CHECK(office.audit("approval-nobody") ==
        std::vector<std::string>{R"(gate {"to":"mayor@city.example.jp"})"});
}

TEST_CASE("rounds: each hears once when files are there, of more, of a return, and when all were held") {
  Office office;
  DropBundle bundle = make_drop();
  bundle.count = 2;
  office.take(bundle);
  office.turn();
  CHECK(office.told_by_mail().empty());  // the second file may come at any moment
  DropBundle second = next_of(bundle, "second.docx");
  set_held(second);
  office.take(second);
  office.turn();
  const std::vector<transfer::Bundle> mails = office.mails();
  REQUIRE(mails.size() == 1);
  CHECK_FALSE(gate::verify_mail(mails[0].content));
  CHECK(mails[0].recipients[0].address == "taro@city.example.jp");
  office.turn();
  CHECK(office.told_by_mail().empty());
  second.part = 2;
  second.verdict = transfer::DropVerdict::clean;
  second.files = {clean_text("second.txt")};
  office.now_ms += 60'000;
  office.take(second);
  office.turn();
  CHECK(office.told_by_mail() == std::set<std::string>{"taro"});

  const DropBundle returned = asking({"hanako@city.example.jp"});
  office.take(returned);
  office.approve("chief", returned, "return");
  office.turn();
  CHECK(office.told_by_mail() == std::set<std::string>{"hanako"});

  DropBundle held = make_drop({"jiro@city.example.jp"});
  set_held(held);
  office.take(held);
  office.turn();
  CHECK(office.told_by_mail() == std::set<std::string>{"jiro"});
  office.now_ms += 3 * kHourMs;
  office.turn();
  CHECK(office.told_by_mail().empty());
}

TEST_CASE("rounds: a file that does not come keeps nobody waiting for more than ten minutes") {
  Office office;
  DropBundle bundle = make_drop();
  bundle.count = 2;
  office.take(bundle);
  office.now_ms += 598'000;
  office.turn();
  CHECK(office.told_by_mail().empty());
  office.now_ms += 3'000;
  office.turn();
  CHECK(office.told_by_mail() == std::set<std::string>{"taro"});
}

TEST_CASE("mail of our own: it is clean whatever was sent, with the title or without it") {
  gate::Letter letter;
  letter.to = "taro@city.example.jp";
  letter.title = "見積書の件";
  letter.sender = "outside@example.com";
  letter.files = 3;
  letter.expires_ms = kWednesday;
  const gate::Letterhead head{"gate.example.jp", "kiyome@city.example.jp", "https://gate.example.jp/"};
  for (const auto kind : {gate::MailKind::available, gate::MailKind::approval, gate::MailKind::returned,
                          gate::MailKind::more, gate::MailKind::held}) {
    letter.kind = kind;
    const transfer::Bundle mail = gate::write_mail(letter, head, new_item_id(), kWednesday);
    CHECK_FALSE(gate::verify_mail(mail.content));
    CHECK(mail.content.find("To: taro@city.example.jp") != std::string::npos);
    CHECK(mail.content.find("Wed, 18 Nov 2026 09:00:00 +0900") != std::string::npos);
  }
  letter.title = "file://server/share";  // never taken by the gate
  const transfer::Bundle plain = gate::write_mail(letter, head, new_item_id(), kWednesday);
  CHECK_FALSE(gate::verify_mail(plain.content));
  CHECK(plain.content.find("To: ") == std::string::npos);
  CHECK_THROWS_AS(gate::write_mail(letter, {"gate.example.jp", "nobody", ""}, new_item_id(), kWednesday),
                  TemporaryFailure);
}
