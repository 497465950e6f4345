// The pick-up's operations as people use them, over a real store and real accounts.
#include "service/gate/verify.h"
#include "tests/unit/service_gate/drop_fixture.h"

using namespace kiyome;
using namespace kiyome::testing;
using auth::Role;
using gate::DropStore;
using transfer::DropBundle;
using transfer::DropStage;

namespace {}  // namespace

TEST_CASE("pick-up: a file is listed, shown, taken, and told as picked up") {
  PickUpDesk desk;
  desk.add("taro");
  const DropBundle bundle = make_drop({"Taro@City.example.jp"});
  CHECK(desk.take(bundle) == DropStore::Inserted::taken);
  CHECK(desk.stages_of(bundle.id) == Stages{DropStage::delivered});
  const Told list = desk.ask("taro", "/deliveries");
  CHECK(list.status == 200);
  CHECK(list.has("\"id\":\"" + bundle.submission.text() + "\""));
  CHECK(list.has("\"title\":\"見積書の件\""));
  CHECK(list.has("\"state\":\"none\""));
  CHECK(list.has("\"complete\":true"));
  CHECK_FALSE(list.has("picked_up_at"));
  const Told file = desk.ask("taro", path_of(bundle) + "/files/0");
  CHECK(file.status == 200);
  CHECK(file.content == "Hello.\r\n");
  CHECK(file.headers.at("Content-Type") == "text/plain; charset=utf-8");
  CHECK(file.headers.at("Content-Disposition") ==
        "attachment; filename=\"report.docx.txt\"; filename*=UTF-8''report.docx.txt");
  CHECK(file.headers.at("Content-Security-Policy").starts_with("sandbox"));
  CHECK(desk.stages_of(bundle.id) == Stages{DropStage::delivered, DropStage::picked_up});
  CHECK(desk.ask("taro", path_of(bundle)).has("picked_up_at"));
  CHECK(desk.audit("picked-up") == std::vector<std::string>{"taro {\"files\":[0]}"});
  // Once more is not told once more.
  CHECK(desk.ask("taro", path_of(bundle) + "/files/0").status == 200);
  CHECK(desk.stages_of(bundle.id).size() == 2);
}

TEST_CASE("pick-up: a preview and a look at the header take nothing") {
  PickUpDesk desk;
  desk.add("taro");
  const DropBundle bundle = make_drop();
  desk.take(bundle);
  const Told shown = desk.ask("taro", path_of(bundle) + "/files/0", "GET", {}, {{"preview", "true"}});
  CHECK(shown.status == 200);
  CHECK(shown.headers.at("Content-Disposition").starts_with("inline"));
  CHECK(desk.ask("taro", path_of(bundle) + "/files/0", "HEAD").status == 200);
  CHECK(desk.stages_of(bundle.id) == Stages{DropStage::delivered});
  CHECK(desk.ask("taro", path_of(bundle) + "/files/0", "GET", {}, {{"preview", "maybe"}}).status == 422);
}

TEST_CASE("pick-up: what is somebody else's is not there") {
  PickUpDesk desk;
  desk.add("taro");
  desk.add("hanako");
  desk.add("chief", "総務部/総務課", {Role::approver});
  const DropBundle bundle = make_drop();
  DropBundle second = next_of(bundle, "for-hanako.docx");  // the same submission, another person
  second.recipients = {"hanako@city.example.jp"};
  desk.take(bundle);
  desk.take(second);
  for (const char* stranger : {"hanako", "chief"}) {
    CHECK(desk.ask(stranger, path_of(bundle) + "/files/0").status == 404);
    CHECK(desk.ask(stranger, path_of(bundle) + "/files/0", "GET", {}, {{"preview", "true"}}).status == 404);
  }
  CHECK(desk.ask("chief", path_of(bundle)).status == 404);
  CHECK(desk.ask("chief", path_of(bundle) + "/archive").status == 404);
  CHECK(desk.ask("chief", "/deliveries").content == "{\"deliveries\":[]}");
  CHECK(desk.decide("chief", bundle.submission.text(), "approve", std::string(64, '0')).status == 404);
  CHECK_FALSE(desk.ask("hanako", path_of(bundle)).has("report.docx"));
  CHECK(desk.ask("hanako", path_of(bundle)).has("for-hanako.docx"));
  CHECK(desk.ask("hanako", path_of(bundle) + "/files/1").status == 200);
  CHECK(desk.ask("taro", path_of(bundle) + "/files/0").status == 200);
  CHECK(desk.ask("taro", path_of(bundle) + "/files/1").status == 404);
  for (const char* none : {"/deliveries/x", "/deliveries/00000000-0000-0000-0000-000000000000"})
    CHECK(desk.ask("taro", none).status == 404);
  for (const char* none : {"/files/9", "/files/-1", "/files/x", "/files/99999999999"})
    CHECK(desk.ask("taro", path_of(bundle) + none).status == 404);
  CHECK(desk.ask("nobody", "/deliveries").status == 401);
}

TEST_CASE("pick-up: an account without an address has nothing, whatever recipients are") {
  PickUpDesk desk;
  auth::Account account;
  account.login = "clerk";
  account.name = "clerk";
  account.roles = {Role::staff};
  desk.service->accounts().add(account, "correct horse battery", "operator");
  desk.take(make_drop());
  const auto token = desk.service->accounts().add_program_token("clerk", "test", "operator");
  CHECK_FALSE(token.empty());
  CHECK(desk.store->drops().sent_to("", "", {}, 10).empty());
}

TEST_CASE("pick-up: found by words of title, sender and file, wide or narrow, and by page") {
  PickUpDesk desk;
  desk.add("taro");
  std::vector<DropBundle> all;
  for (int i = 0; i < 5; ++i) {
    all.push_back(make_drop({"taro@city.example.jp"}, "plan-" + std::to_string(i) + ".docx"));
    desk.take(all.back());
  }
  const auto count = [&](const std::map<std::string, std::string>& query) {
    const Told told = desk.ask("taro", "/deliveries", "GET", {}, query);
    CHECK(told.status == 200);
    std::size_t out = 0;
    for (std::size_t at = 0; (at = told.content.find("\"files_total\"", at)) != std::string::npos; ++at)
      ++out;
    return out;
  };
  CHECK(count({}) == 5);
  CHECK(count({{"query", "PLAN-3"}}) == 1);
  CHECK(count({{"query", "ｐｌａｎ－３"}}) == 1);
  CHECK(count({{"query", "見積書"}}) == 5);
  CHECK(count({{"query", "OUTSIDE@example"}}) == 5);
  CHECK(count({{"query", "%"}}) == 0);
  CHECK(count({{"query", "' OR 1=1 --"}}) == 0);
  CHECK(count({{"limit", "2"}}) == 2);
  CHECK(count({{"limit", "2"}, {"before", all[1].submission.text()}}) == 1);
  CHECK(count({{"before", all[0].submission.text()}}) == 0);
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"limit", "0"}, {"before", "x"}, {"query", std::string(201, 'a')}})
    CHECK(desk.ask("taro", "/deliveries", "GET", {}, {{name, value}}).status == 422);
  CHECK(desk.ask("taro", "/deliveries", "GET", {}, {{"limit", "101"}}).status == 422);
  CHECK(count({{"limit", "100"}, {"query", std::string(200, 'a')}}) == 0);
}

TEST_CASE("pick-up: the archive is a clean ZIP with names of their own, and takes all its files") {
  PickUpDesk desk;
  desk.add("taro");
  DropBundle first = make_drop();
  first.count = 2;
  first.files = {clean_text("資料.txt"),
                 clean_text("A.txt", std::string(100'000, 'x').insert(50'000, "\r\n") + "\r\n")};
  DropBundle second = next_of(first, "other.docx");
  second.files = {clean_text("a.txt")};
  desk.take(first);
  CHECK(desk.ask("taro", path_of(first)).has("\"complete\":false"));
  desk.take(second);
  CHECK(desk.ask("taro", path_of(first)).has("\"complete\":true"));
  CHECK(desk.folder.blobs() == 1);
  const Told zip = desk.ask("taro", path_of(first) + "/archive");
  CHECK(zip.status == 200);
  CHECK(zip.headers.at("Content-Type") == "application/zip");
  const auto violation = gate::verify_zip(zip.content);
  CHECK_MESSAGE(!violation, (violation ? violation->reason : ""));
  CHECK(zip.has("資料.txt"));
  CHECK(zip.has("a (2).txt"));
  CHECK(desk.stages_of(first.id).back() == DropStage::picked_up);
  CHECK(desk.stages_of(second.id).back() == DropStage::picked_up);
  DropBundle held = make_drop();
  set_held(held);
  desk.take(held);
  CHECK(desk.ask("taro", path_of(held) + "/archive").status == 404);
  CHECK(desk.ask("taro", path_of(held)).has("\"verdict\":\"held\""));
  CHECK(desk.stages_of(held.id).empty());
}

TEST_CASE("pick-up: an item of several files is picked up when all of them are") {
  PickUpDesk desk;
  desk.add("taro");
  DropBundle bundle = make_drop();
  bundle.files = {clean_text("a.txt"), clean_text("b.txt")};
  desk.take(bundle);
  desk.ask("taro", path_of(bundle) + "/files/0");
  CHECK(desk.stages_of(bundle.id).size() == 1);
  desk.ask("taro", path_of(bundle) + "/files/1");
  CHECK(desk.stages_of(bundle.id) == Stages{DropStage::delivered, DropStage::picked_up});
}

TEST_CASE("pick-up: a later part takes the place of the earlier one, unless that was taken") {
  PickUpDesk desk;
  desk.add("taro");
  DropBundle held = make_drop();
  set_held(held);
  desk.take(held);
  DropBundle released = held;
  released.part = 2;
  released.verdict = transfer::DropVerdict::clean;
  released.files = {clean_text("released.txt")};
  CHECK(desk.take(released) == DropStore::Inserted::taken);
  CHECK(desk.take(released) == DropStore::Inserted::known);
  CHECK_FALSE(desk.ask("taro", path_of(held)).has("\"held\""));
  CHECK(desk.ask("taro", path_of(held) + "/files/0").content == "Hello.\r\n");
  DropBundle third = released;
  third.part = 3;
  third.files = {clean_text("third.txt", "Third.\r\n")};
  desk.take(third);
  CHECK(desk.ask("taro", path_of(held)).has("released.txt"));  // he has it
  CHECK(desk.ask("taro", path_of(held) + "/files/1").content == "Third.\r\n");
  DropBundle late = make_drop();
  late.part = 2;
  desk.take(late);
  late.part = 1;
  late.files = {clean_text("older.txt")};
  desk.take(late);
  CHECK_FALSE(desk.ask("taro", path_of(late)).has("older.txt"));
}

TEST_CASE("pick-up: a submission that changes its words is refused, the same words are not") {
  PickUpDesk desk;
  const DropBundle first = make_drop();
  CHECK(desk.take(first) == DropStore::Inserted::taken);
  CHECK(desk.take(next_of(first, "b.docx")) == DropStore::Inserted::taken);
  for (int i = 0; i < 4; ++i) {
    DropBundle other = next_of(first, "c.docx");
    (i == 0 ? other.title : i == 1 ? other.sender : i == 2 ? other.message : other.sender_name) += "x";
    CHECK(desk.take(other) == DropStore::Inserted::contradicts);
  }
}

TEST_CASE("pick-up: what nobody takes in time ends: files gone, told as expired, and nothing else with it") {
  PickUpDesk desk;
  desk.add("taro");
  desk.add("hanako");
  DropBundle old = make_drop({"taro@city.example.jp", "hanako@city.example.jp"});
  old.files = {clean_text("large.txt", std::string(70'000, 'x').insert(900, "\r\n") + "\r\n")};
  desk.take(old);
  desk.ask("hanako", path_of(old) + "/files/0");
  CHECK(desk.folder.blobs() == 1);
  desk.now_ms += 10 * 86'400'000LL;
  const DropBundle young = make_drop();
  desk.take(young);
  desk.turn();
  CHECK(desk.ask("taro", path_of(old)).status == 200);
  desk.now_ms += 5 * 86'400'000LL;
  desk.turn();
  CHECK(desk.ask("taro", path_of(old)).status == 404);
  CHECK(desk.ask("taro", path_of(old) + "/files/0").status == 404);
  CHECK(desk.ask("taro", path_of(young)).status == 200);
  CHECK(desk.folder.blobs() == 0);
  CHECK(desk.stages_of(old.id, 0) == Stages{DropStage::delivered, DropStage::expired});
  CHECK(desk.stages_of(old.id, 1) == Stages{DropStage::delivered, DropStage::picked_up});
  CHECK(desk.audit("expired").size() == 1);
  std::vector<std::string> listed;
  desk.store->drops().list([&](const gate::ListedDrop& one) {
    if (one.id == old.id && one.stage == gate::Stage::expired) listed.push_back(one.recipient);
    return true;
  });
  CHECK(listed == std::vector<std::string>{"taro@city.example.jp"});
  desk.now_ms += 1200 * 86'400'000LL;
  desk.turn();
  desk.turn();
  unsigned left = 0;
  desk.store->drops().list([&](const gate::ListedDrop&) { return ++left != 0; });
  CHECK(left == 0);
}

TEST_CASE("pick-up: all of it is there after a restart, and unread results are said again") {
  PickUpDesk desk;
  desk.add("taro");
  DropBundle bundle = make_drop();
  bundle.files.push_back(clean_text("large.txt", std::string(70'000, 'x').insert(900, "\r\n") + "\r\n"));
  desk.take(bundle);
  desk.ask("taro", path_of(bundle) + "/files/0");
  desk.reopen();
  CHECK(desk.ask("taro", path_of(bundle)).has("picked_up_at"));
  CHECK(desk.ask("taro", path_of(bundle) + "/files/1").content == bundle.files[1].content);
  CHECK(desk.store->results_after(0, 10).size() == 2);
  const transfer::DropResultTaken taken{bundle.id, bundle.part, 0, DropStage::delivered};
  gate::commit(*desk.writer, [&](gate::GateStore& store) { store.drops().taken(taken); });
  const auto left = desk.store->results_after(0, 10);
  REQUIRE(left.size() == 1);
  CHECK(std::get<transfer::DropResult>(left[0].result).stage == DropStage::picked_up);
  CHECK(desk.take(bundle) == DropStore::Inserted::known);
}
