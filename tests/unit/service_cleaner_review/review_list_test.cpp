#include "service/cleaner/review/review_list.h"

#include <doctest/doctest.h>

#include "tests/unit/service_review_index/index_fixture.h"
#include "tests/unit/store_place.h"

using namespace kiyome;

namespace {

struct Desk {
  test::Store store;
  cleaner::CurrentConfig config{configuration()};
  cleaner::ReviewSight sight{kiyome::store::items_at(store.folder.path), config};
  cleaner::ReviewList list{kiyome::store::items_at(store.folder.path), config, sight};
  review::Desk desk;
  review::Call call;

  Desk() {
    list.add_to(desk);
    call.actor.login = "reviewer";
    call.actor.roles = review::kReviewer;
  }
  static Config configuration() {
    Config out;
    TenantConfig town;
    town.name = "町";
    town.domains = {"town.example"};
    out.tenants.push_back(town);
    town.name = "村";
    town.domains = {"village.example"};
    out.tenants.push_back(town);
    return out;
  }

  std::string ask(const std::string& operation, std::map<std::string, std::string> query,
                  std::map<std::string, std::string> path = {}) {
    while (list.index().turn()) {
    }
    call.operation = operation;
    call.query = std::move(query);
    call.path = std::move(path);
    return desk.answer(call).content;
  }
  std::string listed(std::map<std::string, std::string> query) { return ask("listItems", std::move(query)); }
  int refused(const std::string& name, const std::string& value) {
    try {
      listed({{name, value}});
    } catch (const http::Problem& problem) {
      return problem.fields == std::vector<std::string>{name} ? problem.status : -1;
    }
    return 0;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("review list: a filter that cannot be is refused by its name, and one that can is taken") {
  Desk desk;
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"verdict", "maybe"},
                                                        {"state", "lost"},
                                                        {"direction", "up"},
                                                        {"reason", "no-such"},
                                                        {"kept", "yes"},
                                                        {"sha256", "xyz"},
                                                        {"sha256", "abc"},
                                                        {"id", "12"},
                                                        {"since", "tomorrow"},
                                                        {"until", "2026-13-01"},
                                                        {"after", "-1"},
                                                        {"after", "9223372036854775807"},
                                                        {"before", "x"},
                                                        {"limit", "0"},
                                                        {"limit", "201"},
                                                        {"q", std::string(201, 'q')}}) {
    const std::string filter = name + "=" + value;
    CHECK_MESSAGE(desk.refused(name, value) == 422, filter);
  }
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"verdict", "held"},
                                                        {"state", "bounced"},
                                                        {"direction", "drop"},
                                                        {"reason", "encrypted"},
                                                        {"kept", "true"},
                                                        {"sha256", "ABCDEF"},
                                                        {"id", new_item_id().text()},
                                                        {"since", "2026-11-22"},
                                                        {"until", "2026-11-22T10:00:00Z"},
                                                        {"after", "9223372036854775806"},
                                                        {"before", "0"},
                                                        {"limit", "200"},
                                                        {"q", std::string(200, 'q')},
                                                        {"q", ""}}) {
    const std::string filter = name + "=" + value;
    CHECK_MESSAGE(desk.refused(name, value) == 0, filter);
  }
}

TEST_CASE("review list: an item's id is found as it stands in a mail's header") {
  Desk desk;
  const std::string id = desk.store.add({}).text();
  desk.store.add({});
  for (const std::string& text : {id, id + ".2", " " + id + " "}) {
    CHECK(has(desk.listed({{"q", text}}), id));
    CHECK_FALSE(has(desk.listed({{"q", text}}), "},{\"id\""));
  }
  CHECK(has(desk.listed({{"id", id + ".12"}}), id));
  CHECK(has(desk.listed({{"q", new_item_id().text()}}), "\"items\":[]"));
}

TEST_CASE("review list: a tenant's account is told of its own departments, in filters and in rows") {
  Desk desk;
  Config config = Desk::configuration();
  config.console.departments = {{"町の総務課", {"soumu@town.example"}},
                                {"村の総務課", {"soumu*@village.example"}},
                                {"両方の窓口", {"madoguchi@*"}}};
  OrganisationConfig school;
  school.name = "村の学校";
  school.addresses = {"*@village.example"};
  config.tenants[1].organisations = {school};
  desk.config.set(config);
  desk.store.add({.to = {"soumu@town.example", "soumu2@village.example"}, .tenants = {"村", "町"}});
  for (const char* operation : {"getFilters", "listItems"}) {
    CAPTURE(operation);
    desk.call.actor.tenant.clear();
    const std::string all = desk.ask(operation, {});
    desk.call.actor.tenant = "町";
    const std::string own = desk.ask(operation, {});
    for (const char* name : {"町の総務課", "村の総務課", "村の学校"}) CHECK(has(all, name));
    CHECK(has(own, "町の総務課"));
    for (const char* name : {"村の総務課", "村の学校"}) CHECK_FALSE(has(own, name));
  }
  CHECK(has(desk.ask("getFilters", {}), "両方の窓口"));
}

TEST_CASE("review list: a day's end belongs to it") {
  Desk desk;
  const std::int64_t noon = *unix_ms_of("2026-03-03") + 12LL * 3'600'000;
  const std::string id = desk.store.add({.received_ms = noon}).text();
  CHECK(has(desk.listed({{"since", "2026-03-03"}, {"until", "2026-03-03"}}), id));
  CHECK_FALSE(has(desk.listed({{"until", "2026-03-02"}}), id));
  CHECK_FALSE(has(desk.listed({{"since", "2026-03-04"}}), id));
}

TEST_CASE("review list: a tenant's account sees its items, and of their recipients its own") {
  Desk desk;
  const ItemId both =
      desk.store.add({.to = {"a@town.example", "b@village.example"}, .tenants = {"村", "町"}});
  const ItemId other =
      desk.store.add({.to = {"b@village.example"}, .verdict = Verdict::held, .tenants = {"村"}});
  CHECK(has(desk.listed({}), other.text()));
  CHECK(has(desk.listed({}), "\"held\":1"));
  CHECK(desk.sight.may_see(desk.call.actor, other));
  desk.call.actor.tenant = "町";
  const std::string own = desk.listed({});
  CHECK(has(own, both.text()));
  CHECK_FALSE(has(own, other.text()));
  CHECK(has(own, "a@town.example"));
  CHECK_FALSE(has(own, "b@village.example"));
  CHECK_FALSE(has(own, "村"));
  CHECK(has(own, "\"recipient_count\":1"));
  CHECK(has(own, "\"held\":0"));
  CHECK(has(desk.listed({{"tenant", "村"}, {"q", "b@village.example"}}), both.text()));  // it is theirs, too
  CHECK(has(desk.listed({{"id", other.text()}}), "\"items\":[]"));
  CHECK(desk.sight.may_see(desk.call.actor, both));
  CHECK_FALSE(desk.sight.may_see(desk.call.actor, other));
  CHECK_FALSE(desk.sight.may_see(desk.call.actor, new_item_id()));
  CHECK(desk.sight.may_see(desk.call.actor, "a@town.example"));
  CHECK_FALSE(desk.sight.may_see(desk.call.actor, "b@village.example"));
  CHECK_NOTHROW(desk.ask("listSimilar", {}, {{"item", both.text()}}));
  for (const std::string& text : {other.text(), new_item_id().text(), std::string("x")})
    CHECK_THROWS_AS(desk.ask("listSimilar", {}, {{"item", text}}), http::Problem);
  CHECK_FALSE(has(desk.ask("getFilters", {}), "村"));
  desk.call.actor.tenant = "市";  // not configured (any more)
  CHECK_FALSE(desk.sight.may_see(desk.call.actor, both));
  CHECK(has(desk.listed({}), "\"items\":[]"));
}
