// The sections of the quarantine review, of requests, digests and the audit trail.
#include <doctest/doctest.h>

#include <string>

#include "service/base/config.h"
#include "service/base/errors.h"

using namespace kiyome;

namespace {

std::string mistakes(std::string_view text) {
  try {
    (void)parse_config(text, "k.toml");
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("config: the console is there when its section is") {
  CHECK(parse_config("", "k.toml").console.http.listen.empty());
  const Config config = parse_config(R"(
[console]
url = "https://review.city.example.lg.jp"
authority = "○○市 情報政策課"
second_person = false
proposal_hours = 24
originals_to = ["*@security.example.jp"]
[[console.department]]
name = "総務課"
addresses = ["soumu-*@city.example.lg.jp"]
[request]
tries = 3
[digest]
recipients = true
hour = 7
[audit]
days = 100
syslog = "tls://log.example.jp:6514"
syslog_ca = "ca.pem"
)",
                                     "etc/k.toml");
  CHECK(config.console.http.listen == std::vector<HostPort>{{"127.0.0.1", 8443}});
  CHECK(config.console.authority == "○○市 情報政策課");
  CHECK_FALSE(config.console.second_person);
  CHECK(config.console.proposal_hours == 24);
  CHECK(config.console.originals_to == std::vector<std::string>{"*@security.example.jp"});
  REQUIRE(config.console.departments.size() == 1);
  CHECK(config.console.departments[0].name == "総務課");
  CHECK(config.request.tries == 3);
  CHECK(config.digest.recipients);
  CHECK(config.digest.hour == 7);
  CHECK(config.audit.days == 100);
  CHECK(config.audit.syslog == "tls://log.example.jp:6514");
  CHECK(config.audit.syslog_ca == "etc/ca.pem");
  CHECK_FALSE(config.gate_takes_originals);
}

TEST_CASE("config: nobody gets an original by default") {
  const Config config = parse_config("[console]", "k.toml");
  CHECK(config.console.originals_to.empty());
  CHECK(config.console.second_person);
  CHECK_FALSE(config.gate_takes_originals);
}

TEST_CASE("config: mistakes of the review's sections are told, and what is right is taken") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"console.listen = 'here'", "console.listen = '127.0.0.1:1'"},
      {"console.url = 'review'", "console.url = 'https://review'"},
      {"console.second_person = 2", "console.second_person = true"},
      {"console.proposal_hours = 0", "console.proposal_hours = 1"},
      {"console.reviewers = ['nobody']", "console.reviewers = ['a@example.jp']"},
      {"[[console.department]]\nname = 'a'", "[[console.department]]\nname = 'a'\naddresses = ['a@*']"},
      {"[[console.department]]\nname = ''\naddresses = ['a@*']",
       "[[console.department]]\nname = '課'\naddresses = ['a@*']"},
      {"request.tries = 0", "request.tries = 1"},
      {"request.days = -1", "request.days = 1"},
      {"digest.hour = 24", "digest.hour = 23"},
      {"audit.days = 0", "audit.days = 1"},
      {"audit.syslog = 'log.example.jp'", "audit.syslog = 'tcp://log.example.jp:601'"},
      {"audit.syslog = 'udp://a:1'", "audit.syslog = 'tls://a:1'"},
      {"audit.syslog = 'tls://a'", "audit.syslog = ''"},
      {"gate.originals = 'yes'", "gate.originals = true"},
  };
  for (const auto& [wrong, right] : rows) {
    const std::string line(wrong), told = mistakes(line);
    CAPTURE(line);
    CHECK(told.starts_with("k.toml:"));
    CHECK(told.find('\n') == std::string::npos);
    CHECK(mistakes(right) == "");
  }
}
