#include <doctest/doctest.h>

#include "service/gate/outbox.h"

using namespace kiyome;
using namespace kiyome::gate;
using delivery::RecipientResult;
using transfer::ResultClass;
using Kind = RecipientResult::Kind;

namespace {

constexpr std::int64_t kHour = 3'600'000;

RecipientResult said(Kind kind, std::uint16_t a, std::uint16_t b, std::uint16_t c) {
  RecipientResult out;
  out.kind = kind;
  out.status_class = a;
  out.status_subject = b;
  out.status_detail = c;
  out.reached = true;
  return out;
}

Outcome judge_one(const RecipientResult& result, std::uint8_t notify = 0, std::int64_t age_ms = 1000,
                  bool delay_told = false, unsigned attempts = 0) {
  PendingBundle bundle;
  bundle.received_ms = 1'000'000;
  bundle.attempts = attempts;
  bundle.delay_told = delay_told;
  SmtpClientConfig config;  // 60 s, doubling to an hour; notice after 4 hours, end after 120
  return judge(bundle, {{5, "a@b", notify, {}}}, {result}, config, bundle.received_ms + age_ms, 0.5);
}

struct Told {
  ResultClass result;
  int a, b, c;
};
bool told(const Outcome& outcome, const Told& expected) {
  if (outcome.results.size() != 1) return false;
  const transfer::DeliveryResult& one = outcome.results[0];
  return one.recipient == 5 && one.result == expected.result && one.status_class == expected.a &&
         one.status_subject == expected.b && one.status_detail == expected.c;
}

}  // namespace

TEST_CASE("judge: delivered, relayed and failed are final") {
  CHECK(told(judge_one(said(Kind::delivered, 2, 0, 0)), {ResultClass::delivered, 2, 0, 0}));
  CHECK(told(judge_one(said(Kind::relayed_without_dsn, 2, 6, 0)), {ResultClass::delivered, 2, 6, 0}));
  CHECK(told(judge_one(said(Kind::relayed_without_dsn, 2, 6, 0), transfer::kNotifySuccess),
             {ResultClass::relayed, 2, 6, 0}));
  CHECK(told(judge_one(said(Kind::delivered, 2, 0, 0), transfer::kNotifySuccess),
             {ResultClass::delivered, 2, 0, 0}));
  CHECK(told(judge_one(said(Kind::permanent, 5, 1, 1)), {ResultClass::failed, 5, 1, 1}));
  CHECK(judge_one(said(Kind::permanent, 5, 1, 1)).left.empty());
}

TEST_CASE("judge: temporary stays, with a pause that grows") {
  const Outcome first = judge_one(said(Kind::temporary, 4, 2, 1));
  CHECK(first.results.empty());
  CHECK(first.left.at(0).status == "4.2.1");
  CHECK(first.bundle.attempts == 1);
  CHECK(first.bundle.next_ms == 1'000'000 + 1000 + 60'000);
  CHECK(judge_one(said(Kind::temporary, 4, 2, 1), 0, 1000, false, 2).bundle.next_ms == 1'001'000 + 240'000);
}

TEST_CASE("judge: a delay is told once, when its time has come") {
  const RecipientResult later = said(Kind::temporary, 4, 4, 1);
  CHECK(judge_one(later, 0, 4 * kHour - 1).results.empty());
  CHECK(judge_one(later, 0, 4 * kHour - 1).bundle.next_ms == 1'000'000 + 4 * kHour);
  const Outcome outcome = judge_one(later, 0, 4 * kHour);
  CHECK(told(outcome, {ResultClass::delayed, 4, 4, 1}));
  CHECK(outcome.bundle.delay_told);
  CHECK(outcome.left.size() == 1);
  CHECK(judge_one(later, 0, 5 * kHour, true).results.empty());
}

TEST_CASE("judge: the end of its life, one below, at and one above") {
  const RecipientResult later = said(Kind::temporary, 4, 2, 0);
  CHECK(judge_one(later, 0, 120 * kHour - 1, true).results.empty());
  CHECK(judge_one(later, 0, 120 * kHour - 1, true).bundle.next_ms == 1'000'000 + 120 * kHour);
  CHECK(told(judge_one(later, 0, 120 * kHour, true), {ResultClass::expired, 4, 4, 7}));
  CHECK(told(judge_one(later, 0, 120 * kHour + 1), {ResultClass::expired, 4, 4, 7}));
  CHECK(told(judge_one(said(Kind::delivered, 2, 0, 0), 0, 121 * kHour), {ResultClass::delivered, 2, 0, 0}));
}
