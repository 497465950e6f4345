// The small CA, and what is said of certificates before they are used.
#include "tests/unit/service_zone/two_hosts.h"

#include "service/base/config.h"
#include "service/base/errors.h"

using namespace two_hosts;

namespace {

TransferConfig push(Side side, const Papers& papers) {
  TransferConfig out = papers.config(side);
  out.lines = {{"mode", 2}, {"connect", 3}, {"listen", 3}, {"certificate", 4},
               {"key", 5},  {"ca", 6},      {"peers", 7}};
  if (side == Side::internet)
    out.connect = {"192.0.2.1:8442"};
  else
    out.listen = "192.0.2.1:8442";
  return out;
}

void change_places(TransferConfig& config) {
  const std::string listen = std::exchange(config.listen, config.connect.empty() ? "" : config.connect[0]);
  config.connect.clear();
  if (!listen.empty()) config.connect.push_back(listen);
}

}  // namespace

TEST_CASE("certificate: each side's says which side it is, until when, and its pin is the key's") {
  const Papers papers;
  const auto internet = facts_of(papers.internet.certificate_pem),
             closed = facts_of(papers.closed.certificate_pem);
  REQUIRE(internet);
  REQUIRE(closed);
  CHECK(internet->side == Side::internet);
  CHECK(closed->side == Side::closed);
  CHECK_FALSE(internet->authority);
  CHECK(internet->pin.size() == 64);
  CHECK(internet->pin != closed->pin);
  CHECK(internet->end_ms - unix_ms_now() > 9 * 86'400'000LL);
  CHECK(internet->end_ms - unix_ms_now() <= 10 * 86'400'000LL);
  const auto ca = facts_of(papers.ca.certificate_pem);
  REQUIRE(ca);
  CHECK(ca->authority);
  CHECK_FALSE(ca->side);
  CHECK_FALSE(facts_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

TEST_CASE("certificate: a renewed one has the same side and pin, and needs no private key") {
  const Papers papers;
  const Issued renewed = renew(papers.ca, papers.closed.certificate_pem, unix_ms_now() + 86'400'000, 20);
  const auto before = facts_of(papers.closed.certificate_pem), after = facts_of(renewed.certificate_pem);
  CHECK(after->side == before->side);
  CHECK(after->pin == before->pin);
  CHECK(after->end_ms > before->end_ms);
  CHECK(renewed.key_pem.empty());
  CHECK(pin_of(issue(papers.ca, Side::closed, unix_ms_now(), 20)) != before->pin);
  CHECK_THROWS_AS(renew(papers.ca, papers.ca.certificate_pem, unix_ms_now(), 20), PermanentFailure);
}

TEST_CASE("certificate: none outlives its CA, and a CA that has ended makes none") {
  const Issued ca = make_authority("short", unix_ms_now(), 5);
  const Issued leaf = issue(ca, Side::internet, unix_ms_now(), 700);
  CHECK(facts_of(leaf.certificate_pem)->end_ms == facts_of(ca.certificate_pem)->end_ms);
  CHECK_THROWS_AS(issue(ca, Side::internet, unix_ms_now() + 6 * 86'400'000LL, 1), PermanentFailure);
  CHECK_THROWS_AS(issue({ca.certificate_pem, leaf.key_pem}, Side::internet, unix_ms_now(), 1),
                  PermanentFailure);
}

TEST_CASE("certificate: a name is one of 1 to 64 characters, Japanese ones too") {
  CHECK_NOTHROW(make_authority("○○市 清め CA", unix_ms_now(), 1));
  CHECK_THROWS_AS(make_authority("", unix_ms_now(), 1), PermanentFailure);
  CHECK_THROWS_AS(make_authority(std::string(65, 'x'), unix_ms_now(), 1), PermanentFailure);
}

TEST_CASE("inspection: what fits has no mistake, in both modes and on both sides") {
  const Papers papers;
  for (const Side side : {Side::internet, Side::closed}) {
    TransferConfig config = push(side, papers);
    Inspection found = inspect(config, "k.toml", unix_ms_now());
    CHECK(found.mistakes.empty());
    CHECK(found.ended.empty());
    CHECK(found.side == side);
    config.mode = TransferMode::pull;
    change_places(config);
    CHECK(inspect(config, "k.toml", unix_ms_now()).mistakes.empty());
  }
  CHECK(inspect(TransferConfig(), "k.toml", unix_ms_now()).mistakes.empty());
}

TEST_CASE("inspection: who has to connect and listens is told with the line, by his certificate") {
  const Papers papers;
  TransferConfig config = push(Side::internet, papers);
  change_places(config);
  const Inspection found = inspect(config, "k.toml", unix_ms_now());
  REQUIRE(found.mistakes.size() == 1);
  CHECK(found.mistakes[0].starts_with("k.toml:3: transfer.listen: the Internet side connects in this mode"));
}

TEST_CASE("inspection: a foreign key, a foreign CA, no certificate, the own pin are told") {
  const Papers papers, others;
  const auto first = [&](auto&& change) {
    TransferConfig config = push(Side::closed, papers);
    change(config);
    const Inspection found = inspect(config, "k.toml", unix_ms_now());
    return found.mistakes.empty() ? std::string() : found.mistakes[0];
  };
  CHECK(first([&](TransferConfig& c) { c.key_pem = papers.internet.key_pem; }) ==
        "k.toml:5: transfer.key: is not the key of transfer.certificate");
  CHECK(first([&](TransferConfig& c) {
          c.key_pem = "x";
        }).starts_with("k.toml:5: transfer.key: no private key"));
  CHECK(first([&](TransferConfig& c) {
          c.ca_pem = others.ca.certificate_pem;
        }).starts_with("k.toml:4: transfer.certificate: transfer.ca did not issue it"));
  CHECK(first([&](TransferConfig& c) { c.ca_pem = papers.closed.certificate_pem; }) ==
        "k.toml:6: transfer.ca: is not the certificate of a CA");
  CHECK(first([&](TransferConfig& c) { c.certificate_pem = ""; }) ==
        "k.toml:4: transfer.certificate: no PEM certificate can be read");
  CHECK(first([&](TransferConfig& c) {
          c.certificate_pem = papers.ca.certificate_pem;
          c.key_pem = papers.ca.key_pem;
        }).starts_with("k.toml:4: transfer.certificate: is of neither side"));
  CHECK(first([&](TransferConfig& c) {
          c.peers = {pin_of(papers.closed)};
        }).starts_with("k.toml:7: transfer.peers: names this host's own key"));
  CHECK(first([&](TransferConfig& c) { c.peers = {pin_of(papers.internet)}; }) == "");
}

TEST_CASE("inspection: an end that comes near is noted, one that has come is told") {
  const Papers papers;  // ten days, of a CA of thirty
  const TransferConfig config = push(Side::internet, papers);
  constexpr std::int64_t kDay = 86'400'000;
  CHECK(inspect(config, "k.toml", unix_ms_now()).notes.size() == 2);
  const Inspection late = inspect(config, "k.toml", unix_ms_now() + 11 * kDay);
  REQUIRE(late.ended.size() == 1);
  CHECK(late.ended[0].starts_with("k.toml:4: transfer.certificate: 期限が切れました"));
  CHECK(late.mistakes.empty());
  CHECK(inspect(config, "k.toml", unix_ms_now() - kDay).ended.size() == 2);
  Papers longer;
  longer.ca = make_authority("long", unix_ms_now(), 400);
  longer.internet = issue(longer.ca, Side::internet, unix_ms_now(), 300);
  CHECK(inspect(push(Side::internet, longer), "k.toml", unix_ms_now()).notes.empty());
}
