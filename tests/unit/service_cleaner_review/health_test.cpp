// What the health of the service's parts is told as, of facts that are given.
#include "service/cleaner/review/health.h"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "service/base/errors.h"
#include "service/cleaner/review/probes.h"

using namespace kiyome;
using namespace kiyome::cleaner;

namespace {

constexpr std::int64_t kNow = 1'795'000'000'000, kDay = 86'400'000;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("health: a certificate is well while there is time to have a new one made") {
  CHECK(certificate_look(kNow + 90 * kDay, kNow).ok);
  CHECK(has(certificate_look(kNow + 90 * kDay, kNow).en, "(90 days left)"));
  CHECK(certificate_look(kNow + 21 * kDay, kNow).ok);
  CHECK_FALSE(certificate_look(kNow + 21 * kDay - 1, kNow).ok);
  CHECK(has(certificate_look(kNow + kDay, kNow).en, "(1 day left)"));
  CHECK_FALSE(certificate_look(kNow, kNow).ok);
  CHECK(has(certificate_look(kNow - 1, kNow).ja, "期限が切れました"));
  CHECK_FALSE(certificate_look(std::nullopt, kNow).ok);
}

TEST_CASE("health: the collector's state tells what it was not given yet, and why not") {
  const Health::Look good = syslog_look({true, 17, kNow, ""}, 3);
  CHECK(good.ok);
  CHECK(has(good.en, "not sent yet: 3"));
  CHECK(has(good.en, "last sent 20"));
  const Health::Look bad = syslog_look({false, 17, 0, "connection refused"}, 2000);
  CHECK_FALSE(bad.ok);
  CHECK(has(bad.ja, "2000 件"));
  CHECK(has(bad.en, "(connection refused)"));
  CHECK_FALSE(has(bad.en, "last sent"));
}

TEST_CASE("health: the next hop is well that takes mail or refuses one recipient, not one that refuses all") {
  NextHop hop;
  CHECK(hop.look().ok);
  hop.heard(kNow, "delivered", "2.0.0");
  CHECK(hop.look().ok);
  hop.heard(kNow, "delayed", "4.4.1");
  CHECK_FALSE(hop.look().ok);
  CHECK(has(hop.look().en, "delayed (4.4.1)"));
  hop.heard(kNow, "failed", "5.1.1");
  hop.heard(kNow, "failed", "5.1.1");
  CHECK(hop.look().ok);
  hop.heard(kNow, "failed", "5.7.1");
  CHECK_FALSE(hop.look().ok);
  hop.heard(kNow, "relayed", "2.0.0");
  CHECK(hop.look().ok);
  hop.heard(kNow, "expired", "4.4.7");
  CHECK_FALSE(hop.look().ok);
}

TEST_CASE("health: what cannot be looked at is not well, and what is not configured is not there") {
  Health health(".");
  health.add("one", [] { return Health::Look{true, "はい", "yes"}; });
  health.add("two", []() -> std::optional<Health::Look> { throw TemporaryFailure("no disk"); });
  health.add("three", []() -> std::optional<Health::Look> { return std::nullopt; });
  health.start();
  for (int i = 0; i < 500 && health.parts().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  health.stop();
  const std::vector<PartHealth> parts = health.parts();
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].ok);
  CHECK(parts[0].since_ms > 0);
  CHECK_FALSE(parts[1].ok);
  CHECK(has(parts[1].en, "no disk"));
}

TEST_CASE("health: a scanner that is not there says why") {
  CHECK_FALSE(ping_clamd("/nowhere/clamd").empty());
}
