// Two municipalities on one pick-up: each sees, decides and is told of its own alone, for its own days; and
// rules that ask by the recipient's department.
#include "proto/clean/findings.h"
#include "tests/unit/service_gate/drop_fixture.h"

using namespace kiyome;
using namespace kiyome::testing;
using auth::Role;
using transfer::DropBundle;
using transfer::DropStage;

namespace {

// 甲市 and 乙市 have a department of the same name, and an approver each.
struct TwoCities : PickUpDesk {
  TwoCities() {
    TenantConfig kou, otsu;
    kou.name = "甲市";
    kou.domains = {"kou.example.jp"};
    kou.pick_up_days = 3;
    kou.retention = RetentionConfig{14, 30, 5};
    otsu.name = "乙市";
    otsu.domains = {"otsu.example.jp"};
    config.tenants = {kou, otsu};
    reopen();
    for (const auto& [tenant, domain] : {std::pair("甲市", "kou"), std::pair("乙市", "otsu")}) {
      const std::string at = std::string(domain) + ".example.jp", name = domain;
      add(name + ".staff", "総務部", {Role::staff}, tenant, at);
      add(name + ".chief", "総務部", {Role::approver, Role::staff}, tenant, at);
    }
  }
  void use(const std::function<void(Config&)>& change) {
    change(config);
    CHECK(service->reload(config, "", "").empty());
  }
  std::size_t listed(const std::string& login, const std::string& path = "/deliveries") {
    const Told told = ask(login, path);
    CHECK(told.status == 200);
    std::size_t out = 0;
    for (std::size_t at = 0; (at = told.content.find("\"files_total\"", at)) != std::string::npos; ++at)
      ++out;
    return out;
  }
};

DropBundle to_both(const std::vector<std::string>& approval = {}) {
  DropBundle out = make_drop({"kou.staff@kou.example.jp", "otsu.staff@otsu.example.jp"});
  out.approval = approval;
  return out;
}

ApprovalRule by_department(const std::string& department) {
  ApprovalRule out;
  out.name = "部署の規則";
  out.department = department;
  return out;
}

}  // namespace

TEST_CASE("tenants: of one delivery to two of them each sees itself and nothing of the other") {
  TwoCities desk;
  const DropBundle bundle = to_both({"部外から"}), other = make_drop({"otsu.staff@otsu.example.jp"});
  desk.take(bundle);
  desk.take(other);
  CHECK(desk.listed("kou.staff") == 1);
  CHECK(desk.listed("otsu.staff") == 2);
  CHECK(desk.listed("kou.chief", "/approvals") == 1);
  for (const char* login : {"kou.staff", "kou.chief"}) {
    const Told mine = desk.ask(login, path_of(bundle));
    CHECK(mine.has("\"recipients\":[\"kou.staff@kou.example.jp\"]"));
    CHECK_FALSE(mine.has("otsu"));
    CHECK(desk.ask(login, path_of(other)).status == 404);
    CHECK(desk.ask(login, path_of(other) + "/files/0").status == 404);
    CHECK(desk.ask(login, path_of(other) + "/archive").status == 404);
  }
  // A decision is one tenant's own.
  CHECK(desk.decide("kou.chief", other.submission.text(), "approve", std::string(64, '0')).status == 404);
  const std::string id = bundle.submission.text();
  CHECK(desk.decide("kou.chief", id, "approve", desk.digest("kou.chief", id), "甲の判断").status == 200);
  CHECK(desk.stages_of(bundle.id, 0) == Stages{DropStage::waiting, DropStage::delivered});
  CHECK(desk.stages_of(bundle.id, 1) == Stages{DropStage::waiting});
  CHECK(desk.ask("kou.staff", path_of(bundle) + "/files/0").status == 200);
  CHECK(desk.ask("otsu.staff", path_of(bundle) + "/files/0").code == "not-approved");
  const Told theirs = desk.ask("otsu.staff", path_of(bundle));
  CHECK_FALSE(theirs.has("甲の判断"));
  CHECK_FALSE(theirs.has("kou."));
  CHECK(theirs.has("\"state\":\"waiting\""));
}

TEST_CASE("tenants: mails about what waits go to the approvers of the recipient's tenant") {
  TwoCities desk;
  DropBundle bundle = make_drop({"kou.staff@kou.example.jp"});
  bundle.approval = {"部外から"};
  desk.take(bundle);
  desk.turn();
  const auto mails = desk.mails();
  REQUIRE(mails.size() == 1);
  CHECK(mails[0].recipients.at(0).address == "kou.chief@kou.example.jp");
}

TEST_CASE("tenants: nobody of another one can be named to stand in") {
  TwoCities desk;
  desk.add("kou.deputy", "総務部", {Role::staff}, "甲市", "kou.example.jp");
  const Told choices = desk.ask("kou.chief", "/delegation");
  CHECK(choices.has("kou.deputy"));
  CHECK_FALSE(choices.has("otsu"));
  const auto name = [&](const std::string& login) {
    return desk
        .ask("kou.chief", "/delegation", "PUT",
             R"({"to":")" + login + R"(","until":")" + iso_time(desk.now_ms + 9 * kDayMs).substr(0, 10) +
                 "\"}")
        .status;
  };
  CHECK(name("otsu.chief") == 422);
  CHECK(name("kou.deputy") == 204);
}

TEST_CASE(
    "tenants: an account whose address is not its tenant's is refused, and one that is left sees nothing") {
  TwoCities desk;
  const auto refusal = [&](const std::string& tenant, const std::string& mail) {
    auth::Account account;
    account.login = "somebody";
    account.mail = mail;
    account.tenant = tenant;
    return desk.service->accounts().trouble_with({account, ""});
  };
  CHECK(refusal("甲市", "a@kou.example.jp").code.empty());
  CHECK(refusal("", "a@elsewhere.example").code.empty());
  CHECK(refusal("甲市", "a@otsu.example.jp").detail == "mail");
  CHECK(refusal("丙市", "a@kou.example.jp").detail == "tenant");
  // The configuration changes after the account was made.
  const DropBundle bundle = to_both({"部外から"});
  desk.take(bundle);
  CHECK(desk.listed("kou.staff") == 1);
  desk.use([](Config& config) { std::swap(config.tenants[0].name, config.tenants[1].name); });
  CHECK(desk.listed("kou.staff") == 0);
  CHECK(desk.ask("kou.staff", path_of(bundle)).status == 404);
  CHECK(desk.listed("kou.chief", "/approvals") == 0);
  CHECK(desk.ask("kou.chief", path_of(bundle)).status == 404);
  desk.use([](Config& config) { config.tenants.clear(); });
  CHECK(desk.listed("kou.staff") == 1);
}

TEST_CASE("tenants: a delivery ends after its tenant's days, one of two after the longer") {
  TwoCities desk;
  const DropBundle kou = make_drop({"kou.staff@kou.example.jp"}), both = to_both();
  desk.take(kou);
  desk.take(both);
  const auto until = [&](const DropBundle& bundle) {
    return desk.ask("kou.staff", path_of(bundle)).member("expires_at").substr(0, 23);
  };
  CHECK(until(kou) == iso_time(desk.now_ms + 3 * kDayMs).substr(0, 23));
  CHECK(until(both) == iso_time(desk.now_ms + 14 * kDayMs).substr(0, 23));
  desk.now_ms += 3 * kDayMs - 1000;
  desk.turn();
  CHECK(desk.listed("kou.staff") == 2);
  desk.now_ms += 2000;
  desk.turn();
  CHECK(desk.stages_of(kou.id) == Stages{DropStage::delivered, DropStage::expired});
  CHECK(desk.listed("kou.staff") == 1);
  // A change of the days counts for what is there.
  desk.use([](Config& config) { config.tenants[1].pick_up_days = 2; });
  desk.turn();
  CHECK(desk.stages_of(both.id) == Stages{DropStage::delivered, DropStage::expired});
  CHECK(desk.listed("otsu.staff") == 0);
}

TEST_CASE("tenants: what has ended is forgotten after its tenant's records_days") {
  TwoCities desk;
  const DropBundle kou = make_drop({"kou.staff@kou.example.jp"}),
                   otsu = make_drop({"otsu.staff@otsu.example.jp"});
  desk.take(kou);
  desk.take(otsu);
  const auto known = [&] {
    std::set<ItemId> out;
    desk.store->drops().list([&](const gate::ListedDrop& one) { return out.insert(one.id).second; });
    return out;
  };
  desk.now_ms += 15 * kDayMs;
  desk.turn();
  CHECK(known() == std::set<ItemId>{otsu.id});
}

TEST_CASE("departments: a rule asks for the recipients of such a department, and for nobody else") {
  TwoCities desk;
  desk.add("kou.builder", "建設部", {Role::staff}, "甲市", "kou.example.jp");
  desk.use([](Config& config) { config.approvals = {by_department("総務部*")}; });
  const DropBundle bundle = make_drop({"kou.staff@kou.example.jp", "kou.builder@kou.example.jp"});
  desk.take(bundle);
  CHECK(desk.stages_of(bundle.id, 0) == Stages{DropStage::waiting});
  CHECK(desk.stages_of(bundle.id, 1) == Stages{DropStage::delivered});
  CHECK(desk.ask("kou.staff", path_of(bundle) + "/files/0").code == "not-approved");
  CHECK(desk.ask("kou.staff", path_of(bundle)).has("\"reasons\":[\"部署の規則\"]"));
  CHECK(desk.ask("kou.chief", path_of(bundle)).has("\"reasons\":[\"部署の規則\"]"));
  CHECK(desk.ask("kou.builder", path_of(bundle)).has("\"reasons\":[]"));
  CHECK(desk.ask("kou.builder", path_of(bundle) + "/files/0").status == 200);
  const std::string id = bundle.submission.text();
  CHECK(desk.decide("kou.chief", id, "approve", desk.digest("kou.chief", id)).status == 200);
  CHECK(desk.ask("kou.staff", path_of(bundle) + "/files/0").status == 200);
  const auto trail = desk.audit("approval-needed");
  REQUIRE(trail.size() == 1);
  CHECK(trail[0].find("部署の規則") != std::string::npos);
}

TEST_CASE("departments: all other keys of the rule have to fit as well, for this recipient") {
  TwoCities desk;
  const auto waits = [&](const std::function<void(ApprovalRule&)>& set,
                         const std::function<void(DropBundle&)>& be) {
    desk.use([&](Config& config) {
      config.approvals = {by_department("*")};
      set(config.approvals[0]);
    });
    DropBundle bundle = to_both();
    be(bundle);
    desk.take(bundle);
    const Stages stages = desk.stages_of(bundle.id, 0);
    return !stages.empty() && stages[0] == DropStage::waiting;
  };
  const auto as_it_is = [](DropBundle&) {};
  const auto found = [](clean::Finding finding) {
    return [finding](DropBundle& bundle) { bundle.findings = {static_cast<std::uint16_t>(finding)}; };
  };
  CHECK(waits([](ApprovalRule&) {}, as_it_is));
  CHECK(waits([](ApprovalRule& rule) { rule.to = "*@kou.example.jp"; }, as_it_is));
  CHECK_FALSE(waits([](ApprovalRule& rule) { rule.to = "*@otsu.example.jp"; }, as_it_is));
  CHECK(waits([](ApprovalRule& rule) { rule.from = "*@example.com"; }, as_it_is));
  CHECK_FALSE(waits([](ApprovalRule& rule) { rule.from = "*@other.example"; }, as_it_is));
  CHECK_FALSE(waits([](ApprovalRule& rule) { rule.type = "image/*"; }, as_it_is));
  CHECK_FALSE(waits([](ApprovalRule& rule) { rule.importance = "至急"; }, as_it_is));
  CHECK_FALSE(waits([](ApprovalRule& rule) { rule.size_over = 12345; }, as_it_is));
  CHECK(waits([](ApprovalRule& rule) { rule.finding = "my-number"; }, found(clean::Finding::kMyNumber)));
  CHECK_FALSE(waits([](ApprovalRule& rule) { rule.finding = "my-number"; }, as_it_is));
  CHECK(waits([](ApprovalRule& rule) { rule.released = true; }, found(clean::Finding::kReleased)));
  CHECK_FALSE(waits([](ApprovalRule& rule) { rule.released = true; }, as_it_is));
  CHECK_FALSE(waits([](ApprovalRule&) {}, set_held));  // there is nothing to approve
}

TEST_CASE("departments: of whom nobody knows the department, every department is asked for") {
  TwoCities desk;
  desk.use([](Config& config) { config.approvals = {by_department("総務部*")}; });
  const DropBundle bundle = make_drop({"kou.newcomer@kou.example.jp"});
  desk.take(bundle);
  CHECK(desk.stages_of(bundle.id) == Stages{DropStage::waiting});
  desk.add("kou.newcomer", "総務部", {Role::staff}, "甲市", "kou.example.jp");
  CHECK(desk.ask("kou.newcomer", path_of(bundle) + "/files/0").code == "not-approved");
  CHECK(desk.listed("kou.chief", "/approvals") == 1);
}
