#include "tests/unit/service_cleaner_decide/two_people.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using namespace kiyome::two_people;

namespace {

// The ZIP out of the mail, and out of that by 7-Zip the file and its name.
struct Unsealed {
  std::string name, content;
};
Unsealed unsealed(const std::string& mail, const std::string& password) {
  const Folder folder;
  const std::size_t head = mail.find("Content-Type: application/zip");
  REQUIRE(head != std::string::npos);
  const std::size_t begin = mail.find("\r\n\r\n", head) + 4;
  const std::string zip = base64_decoded(mail.substr(begin, mail.find("\r\n--", begin) - begin));
  std::ofstream(folder.path / "a.zip", std::ios::binary) << zip;
  const std::string command = "cd '" + folder.path.string() + "' && mkdir out && 7z x -oout '-p" + password +
                              "' a.zip >/dev/null 2>&1";
  CHECK(std::system(command.c_str()) == 0);
  Unsealed out;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path / "out")) {
    out.name = entry.path().filename();
    std::ifstream file(entry.path(), std::ios::binary);
    out.content.assign(std::istreambuf_iterator<char>(file), {});
  }
  return out;
}

std::string password_of(const std::string& json) {
  const std::size_t begin = json.find("\"password\":\"") + 12;
  return json.substr(begin, json.find('"', begin) - begin);
}

}  // namespace

TEST_CASE("original: two people, a scan that finds nothing, and a sealed ZIP that holds exactly its octets") {
  const Folder folder;
  Clamd clamd((folder.path / "clamd.sock").string(), "EVIL");
  Room room(folder, config_for(folder));
  const std::string mail = "From: a@outside.example\r\nSubject: x\r\n\r\n" + std::string(kMarker) + "\r\n" +
                           std::string(100'000, 'y');
  const std::int64_t number = room.propose_original(room.item(mail));
  CHECK(clamd.scans == 0);
  CHECK(has(room.agree(number), R"("outcome":"sent")"));
  CHECK(clamd.scans == 1);
  const auto sent = room.mails_to("kato@partner.example");
  REQUIRE(sent.size() == 1);
  CHECK_FALSE(has(room.answer("suzuki", "getProposal", "", number).content, R"("password_waits":true)"));
  CHECK(room.problem("suzuki", "showPassword", "", number) == "404 not-found");
  CHECK(has(room.answer("sato", "getProposal", "", number).content, R"("password_waits":true)"));
  const std::string password = password_of(room.answer("sato", "showPassword", "", number).content);
  CHECK(password.size() == 29);
  CHECK(room.problem("sato", "showPassword", "", number) == "404 not-found");
  CHECK_FALSE(has(room.answer("sato", "getProposal", "", number).content, R"("password_waits":true)"));
  for (const std::string& text : {sent[0].content, base64_decoded(sent[0].content)}) {
    CHECK_FALSE(has(text, password));
    CHECK_FALSE(has(text, kMarker));
  }
  const Unsealed file = unsealed(sent[0].content, password);
  CHECK(file.content == mail);
  CHECK(file.name == "四半期の報告.eml");
  CHECK(room.events() == std::vector<std::string>{"proposed", "proposal-agreed", "original-scanned",
                                                  "original-sent", "proposal-done", "password-shown"});
}

TEST_CASE("original: a dropped file goes as the file it is, under a name without tricks") {
  const Folder folder;
  Clamd clamd((folder.path / "clamd.sock").string(), "EVIL");
  Room room(folder, config_for(folder));
  const std::int64_t number = room.propose_original(room.item("PK octets", {}, true));
  CHECK(has(room.agree(number), R"("outcome":"sent")"));
  const std::string password = password_of(room.answer("sato", "showPassword", "", number).content);
  const Unsealed file = unsealed(room.mails_to("kato@partner.example").at(0).content, password);
  CHECK(file.content == "PK octets");
  CHECK(file.name == "書txt.xlsx");
}

TEST_CASE("original: what the scanner finds does not leave, nor what it cannot look at") {
  const Folder folder;
  Config config = config_for(folder);
  {
    Clamd clamd(config.scan.clamd, "EVIL");
    Room room(folder, config);
    const std::int64_t number = room.propose_original(room.item("an EVIL mail"));
    const std::string now = room.agree(number);
    CHECK(has(now, R"("state":"failed")"));
    CHECK(has(now, "malware Kiyome.Test"));
    CHECK(room.mails_to("kato@partner.example").empty());
    CHECK(room.problem("sato", "showPassword", "", number) == "404 not-found");
  }
  std::filesystem::remove(config.scan.clamd);
  Room room(folder, config);
  const std::int64_t number = room.propose_original(room.item("a good mail"));
  CHECK(has(room.agree(number), "scan-failed"));
  CHECK(room.mails_to("kato@partner.example").empty());
}

TEST_CASE("original: not without a scanner, not to everybody, not when it is gone or too large") {
  const Folder folder;
  Clamd clamd((folder.path / "clamd.sock").string(), "EVIL");
  Room room(folder, config_for(folder));
  const ItemId item = room.item("x");
  const auto asked = [&](const std::string& to, const char* zone = "internet") {
    return room.problem("sato", "propose", Room::original_body(item, to, zone));
  };
  for (const char* to : {"kato@elsewhere.example", "kato@partner.example.evil", "not an address",
                         "@partner.example", "a\\\"b@partner.example"})
    CHECK(asked(to) == "422 invalid to");
  CHECK(asked("kato@partner.example", "closed") == "422 invalid to");  // no recipient of it
  CHECK(asked("kato@partner.example", "moon") == "422 invalid zone");
  CHECK(room.problem("sato", "propose", Room::original_body(new_item_id())) == "404 not-found");
  CHECK(room.problem("sato", "propose",
                     R"({"kind":"release","item":")" + item.text() +
                         R"(","to":"kato@partner.example","reason":"a"})") == "422 invalid kind");
  const std::int64_t number = room.propose_original(item);
  Config other = config_for(folder);
  other.scan.clamd.clear();
  room.config.set(other);
  CHECK(asked("kato@partner.example") == "409 no-scan");
  CHECK(room.problem("suzuki", "decideProposal", R"({"decision":"agree","reason":"a"})", number) ==
        "409 no-scan");
  other = config_for(folder);
  other.console.originals_to.clear();
  room.config.set(other);
  CHECK(asked("kato@partner.example") == "422 invalid to");
  CHECK(room.problem("suzuki", "decideProposal", R"({"decision":"agree","reason":"a"})", number) ==
        "422 invalid to");
  room.config.set(config_for(folder));
  {
    store::Database db(store::items_at(room.folder).place);
    db.execute("UPDATE items SET original_kept=0");
  }
  CHECK(asked("kato@partner.example") == "409 not-kept");
  CHECK(room.mails_to("kato@partner.example").empty());
}

TEST_CASE("original: to the closed side it goes to a recipient, by the gate, and the gate's word counts") {
  const Folder folder;
  Clamd clamd((folder.path / "clamd.sock").string(), "EVIL");
  Room room(folder, config_for(folder));
  for (const bool taken : {true, false}) {
    const Reply reply =
        room.answer("sato", "propose", Room::original_body(room.item("a mail"), "B@city.example", "closed"));
    const std::int64_t number = std::stoll(reply.content.substr(reply.content.find(':') + 1));
    CHECK(has(room.agree(number), R"("outcome":"sent")"));
    REQUIRE(room.crossing.size() == 1);
    const auto sealed = std::get<transfer::SealedOriginal>(room.crossing[0]);
    room.crossing.clear();
    CHECK(sealed.recipient == "b@city.example");
    const auto kept = room.items.load_bundle(sealed.id, 1);  // offered again until the gate answers
    REQUIRE(kept);
    CHECK(std::get<transfer::SealedOriginal>(*kept) == sealed);
    CHECK_FALSE(has(sealed.content, "a mail"));
    if (taken) {
      room.items.bundle_accepted(sealed.id, 1);
      std::promise<bool> done;
      room.items.delivery({sealed.id, 1, 0, transfer::ResultClass::delivered, 2, 1, 5}, "",
                          [&](bool ok) { done.set_value(ok); });
      CHECK(done.get_future().get());
      CHECK(has(room.answer("sato", "getProposal", "", number).content, R"("outcome":"delivered")"));
      CHECK(room.answer("sato", "showPassword", "", number).status == 200);
    } else {
      std::promise<bool> done;
      room.items.bundle_refused({sealed.id, 1, transfer::RefusalReason::envelope, 0}, std::nullopt,
                                [&](bool ok) { done.set_value(ok); });
      CHECK(done.get_future().get());
      const std::string now = room.answer("sato", "getProposal", "", number).content;
      CHECK(has(now, R"("outcome":"refused-by-gate")"));
      CHECK(has(now, R"("state":"failed")"));
      CHECK(room.problem("sato", "showPassword", "", number) == "404 not-found");
    }
    CHECK_FALSE(room.items.load_bundle(sealed.id, 1));
  }
}

TEST_CASE("original: no answer of these operations has an octet of it") {
  const Folder folder;
  Clamd clamd((folder.path / "clamd.sock").string(), "EVIL");
  Room room(folder, config_for(folder));
  const ItemId item = room.item("From: a\r\n\r\n" + std::string(kMarker));
  const std::int64_t number = room.propose_original(item);
  room.agree(number);
  int answered = 0;
  for (const review::Operation& each : review::kOperations)
    for (const unsigned role : {review::kReviewer, review::kAuditor, review::kAdministrator}) {
      Call call = room.call("sato", each.id, "", number);
      call.actor.roles = role;
      call.path["item"] = item.text();
      call.path["allowance"] = "1";
      std::string told;
      try {
        told = room.desk.answer(call).content;
        ++answered;
      } catch (const Problem&) {
      }
      CHECK_FALSE(has(told, kMarker));
    }
  CHECK(answered > 5);
  for (const store::ReturnMail& mail : room.items.due_returns(unix_ms_now(), 50)) {
    CHECK_FALSE(has(mail.content, kMarker));
    CHECK_FALSE(has(base64_decoded(mail.content), kMarker));
  }
}

TEST_CASE("original: a tenant's account sends what several tenants got to none of the others' people") {
  const Folder folder;
  Clamd clamd((folder.path / "clamd.sock").string(), "EVIL");
  Config config = config_for(folder);
  for (const auto& [name, domain] : {std::pair("east", "east.example"), std::pair("west", "city.example")}) {
    config.tenants.emplace_back();
    config.tenants.back().name = name;
    config.tenants.back().domains = {domain};
  }
  Room room(folder, config);
  const std::string body =
      Room::original_body(room.item("a mail", {"east", "west"}), "b@city.example", "closed");
  Call call = room.call("sato", "propose", body);
  call.actor.tenant = "east";
  CHECK(room.problem(call) == "422 invalid to");
  call.actor.tenant = "west";
  CHECK(room.problem(call).empty());
}

TEST_CASE("original: a program's token neither proposes nor agrees nor is shown the password") {
  const Folder folder;
  Clamd clamd((folder.path / "clamd.sock").string(), "EVIL");
  Room room(folder, config_for(folder));
  const ItemId item = room.item("a mail");
  const auto by_token = [&](const char* who, const char* operation, std::string body, std::int64_t number) {
    Call call = room.call(who, operation, std::move(body), number);
    call.actor.program = true;
    return room.problem(call);
  };
  CHECK(by_token("sato", "propose", Room::original_body(item), 0) == "403 forbidden");
  const std::int64_t number = room.propose_original(item);
  CHECK(by_token("suzuki", "decideProposal", R"({"decision":"agree","reason":"a"})", number) ==
        "403 forbidden");
  CHECK(has(room.agree(number), R"("outcome":"sent")"));
  CHECK(by_token("sato", "showPassword", "", number) == "403 forbidden");
  CHECK(room.answer("sato", "showPassword", "", number).status == 200);
  const std::int64_t other = room.propose_original(item);  // to refuse takes no person
  CHECK(by_token("suzuki", "decideProposal", R"({"decision":"refuse","reason":"a"})", other).empty());
}
