#include "service/review/desk.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "service/base/clock.h"

using namespace kiyome;
using review::Call;
using review::Desk;
using review::Reply;

namespace {

Call call(const char* operation, unsigned roles) {
  Call out;
  out.operation = operation;
  out.actor.login = "suzuki";
  out.actor.roles = roles;
  return out;
}

int status_of(const Desk& desk, const Call& asked) {
  try {
    return desk.answer(asked).status;
  } catch (const http::Problem& problem) {
    return problem.status;
  }
}

}  // namespace

TEST_CASE("review: each operation has its own name, method and path, and somebody who may do it") {
  std::set<std::string> names, places;
  for (const review::Operation& each : review::kOperations) {
    CAPTURE(each.id);
    CHECK(names.insert(each.id).second);
    CHECK(places.insert(std::string(each.method) + " " + each.path).second);
    CHECK(each.roles != 0);
    CHECK(std::string_view(each.path).starts_with("/review/"));
  }
}

TEST_CASE("review: an auditor changes nothing but what he keeps no hand on") {
  for (const review::Operation& each : review::kOperations) {
    if (std::string_view(each.method) == "GET" || (each.roles & review::kAuditor) == 0) continue;
    CAPTURE(each.id);  // these make something to be looked at, and decide nothing
    CHECK(std::set<std::string_view>{"startLook", "makeReport", "verifyAudit"}.contains(each.id));
  }
}

TEST_CASE("review: the desk looks at roles before anybody else sees a call") {
  Desk desk;
  int asked = 0;
  desk.on("decideItem", [&](const Call&) {
    ++asked;
    return Reply::json("{}");
  });
  CHECK(status_of(desk, call("decideItem", review::kAuditor)) == 403);
  CHECK(status_of(desk, call("decideItem", review::kAdministrator)) == 403);
  CHECK(status_of(desk, call("decideItem", 0)) == 403);
  CHECK(asked == 0);
  CHECK(status_of(desk, call("decideItem", review::kReviewer | review::kAuditor)) == 200);
  CHECK(asked == 1);
  CHECK(status_of(desk, call("listItems", review::kReviewer)) == 404);  // nobody answers it
  CHECK(status_of(desk, call("dropTables", review::kReviewer)) == 404);
}

TEST_CASE("review: what a call's query says is read, or refused with the field's name") {
  Call asked = call("listItems", review::kReviewer);
  asked.query = {
      {"limit", "20"}, {"q", "議事録"}, {"since", "2026-11-21"}, {"until", "2026-11-21T03:34:56Z"}};
  CHECK(review::number_of(asked, "limit", 50, 1, 200) == 20);
  CHECK(review::number_of(asked, "page", 7, 1, 200) == 7);
  CHECK(review::text_of(asked, "q", 3) == "議事録");
  CHECK(review::text_of(asked, "sender", 3).empty());
  CHECK(review::time_of(asked, "since") == unix_ms_of("2026-11-21"));
  CHECK(review::time_of(asked, "until") == 1795232096000);
  CHECK(review::time_of(asked, "after") == 0);
  CHECK_THROWS_AS(review::text_of(asked, "q", 2), http::Problem);
  asked.query = {{"limit", "201"}, {"since", "yesterday"}};
  CHECK_THROWS_AS(review::number_of(asked, "limit", 50, 1, 200), http::Problem);
  CHECK_THROWS_AS(review::time_of(asked, "since"), http::Problem);
  for (const char* wrong : {"", " 1", "1 ", "+1", "0x1", "1e3", "99999999999999999999"}) {
    CAPTURE(wrong);
    asked.query["limit"] = wrong;
    CHECK_THROWS_AS(review::number_of(asked, "limit", 50, 1, 200), http::Problem);
  }
}

TEST_CASE("review: a call's body is read strictly") {
  Call asked = call("decideItem", review::kReviewer);
  const auto reason = [](http::JsonObject& json) { return json.text("reason", 1000); };
  asked.body = R"({"reason":"住民から電話で確認"})";
  CHECK(review::read_body(asked, reason) == "住民から電話で確認");
  for (const char* wrong : {"", "{}", "[]", "{", R"({"reason":""})", R"({"reason":1})",
                            R"({"reason":"a","other":1})", R"({"reason":"a","reason":"b"})"}) {
    CAPTURE(wrong);
    asked.body = wrong;
    CHECK_THROWS_AS(review::read_body(asked, reason), http::Problem);
  }
}
