#include "service/cleaner/decide/allowances.h"

#include <doctest/doctest.h>

using namespace kiyome;
using clean::Authentication;
using clean::AuthMethod;
using clean::AuthResult;
using cleaner::is_proven;
using cleaner::with_allowances;

namespace {

clean::Part part(std::string type) {
  clean::Part out;
  out.detected_type = std::move(type);
  return out;
}

store::Allowed allowed(std::string type, std::string tenant = {}) {
  return {1, "a@outside.example", std::move(type), std::move(tenant), INT64_MAX};
}

}  // namespace

TEST_CASE("allowances: pages in place of hold, view and strip, and never more than pages") {
  const std::vector<store::Allowed> one{allowed("application/pdf")};
  for (const Action wish : {Action::hold, Action::view, Action::strip})
    CHECK(with_allowances(wish, one, "", part("application/pdf")) == Action::flatten);
  for (const Action wish : {Action::text, Action::flatten, Action::image})
    CHECK(with_allowances(wish, one, "", part("application/pdf")) == wish);
}

TEST_CASE("allowances: of that type by content alone, and for that tenant alone") {
  CHECK(with_allowances(Action::strip, {}, "", part("application/pdf")) == Action::strip);
  const std::vector<store::Allowed> one{allowed("application/*", "水道局")};
  CHECK(with_allowances(Action::strip, one, "水道局", part("application/pdf")) == Action::flatten);
  CHECK(with_allowances(Action::strip, one, "", part("application/pdf")) == Action::strip);
  CHECK(with_allowances(Action::strip, one, "消防", part("application/pdf")) == Action::strip);
  CHECK(with_allowances(Action::strip, one, "水道局", part("image/png")) == Action::strip);
  clean::Part claimed = part("");
  claimed.declared_type = "application/pdf";
  CHECK(with_allowances(Action::strip, one, "水道局", claimed) == Action::strip);
}

TEST_CASE("allowances: a sender is proven by the trusted upstream alone, for his very domain") {
  const auto proven = [](std::vector<Authentication> results) {
    return is_proven("a@Outside.example", results, "mx.city.example");
  };
  const Authentication pass{"mx.city.example", AuthMethod::dmarc, AuthResult::pass, "outside.example"};
  CHECK(proven({pass}));
  Authentication other = pass;
  other.method = AuthMethod::spf;
  CHECK(proven({other}));
  other = pass;
  other.server = "mx.evil.example";
  CHECK_FALSE(proven({other}));
  CHECK_FALSE(proven({pass.server.empty() ? pass
                                          : Authentication{"mx.city.example", AuthMethod::dmarc,
                                                           AuthResult::fail, "outside.example"},
                      other}));
  other = pass;
  other.domain = "example";
  CHECK_FALSE(proven({other}));
  other.domain = "evil.outside.example";
  CHECK_FALSE(proven({other}));
  // What stands below another server's words came from further outside.
  CHECK_FALSE(proven({{"mx.city.example", AuthMethod::spf, AuthResult::fail, "outside.example"},
                      {"mx.evil.example", AuthMethod::spf, AuthResult::pass, "outside.example"},
                      pass}));
  CHECK_FALSE(is_proven("a@outside.example", std::vector{pass}, ""));
  CHECK_FALSE(is_proven("nobody", std::vector{pass}, "mx.city.example"));
}
