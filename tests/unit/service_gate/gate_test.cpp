#include "service/gate/gate.h"

#include "service/base/errors.h"
#include "service/gate/intake.h"
#include "tests/unit/service_gate/gate_fixture.h"

using namespace kiyome;
using namespace kiyome::gate;
using namespace kiyome::testing;
using transfer::Accepted;
using transfer::DeliveryResult;
using transfer::Refused;
using transfer::ResultClass;

namespace {

// A gate in this process, with a mail server behind it and its socket before it.
struct Running {
  Folder folder;
  std::string socket = (folder.path / "gate.sock").string();
  Config config;
  std::unique_ptr<Gate> gate;

  explicit Running(const SmtpClientConfig& deliver) {
    config.deliver = deliver;
    config.smtp.hostname = "kiyome.example.jp";
    folder.share(config);
    start();
  }
  void start() { gate = std::make_unique<Gate>(folder.path.string(), config, listen_unix(AT_FDCWD, socket)); }
  InternetSide connect() const { return InternetSide(socket); }
  std::vector<std::string> ask(const std::string& request) {
    std::vector<std::string> lines;
    gate->admin(request, [&](std::string_view line) { return lines.emplace_back(line), true; });
    return lines;
  }
};

bool is_for(const DeliveryResult& result, const transfer::Bundle& bundle, std::uint32_t recipient,
            ResultClass what) {
  return result.id == bundle.id && result.part == bundle.part && result.recipient == recipient &&
         result.result == what;
}

}  // namespace

TEST_CASE("gate: a bundle is accepted, delivered unchanged, and its result is told until it is confirmed") {
  SmtpSink sink;
  Running running(deliver_to({sink.port()}));
  const transfer::Bundle bundle = make_bundle(2);
  DeliveryResult second;
  {
    InternetSide side = running.connect();
    side.send(bundle);
    CHECK(side.expect<Accepted>() == Accepted{bundle.id, bundle.part});
    REQUIRE(sink.wait_for(1));
    CHECK((sink.mails()[0].content == bundle.content));
    CHECK(sink.mails()[0].from.starts_with("MAIL FROM:<sender@example.com> SIZE="));
    CHECK(sink.mails()[0].to.size() == 2);
    const auto first = side.expect<DeliveryResult>();
    CHECK(is_for(first, bundle, 0, ResultClass::delivered));
    second = side.expect<DeliveryResult>();
    CHECK(is_for(second, bundle, 1, ResultClass::delivered));
    side.confirm(first);
    CHECK(side.silent());
  }
  {
    InternetSide side = running.connect();
    CHECK(side.expect<DeliveryResult>() == second);
    side.confirm(second);
    CHECK(side.silent());
  }
  InternetSide side = running.connect();
  CHECK(side.silent());
}

TEST_CASE("gate: the same bundle again is accepted again and delivered once") {
  SmtpSink sink;
  Running running(deliver_to({sink.port()}));
  InternetSide side = running.connect();
  const transfer::Bundle bundle = make_bundle();
  side.send_octets(transfer::encode(transfer::Forward(bundle)) + transfer::encode(transfer::Forward(bundle)));
  unsigned accepted = 0, results = 0;
  for (int i = 0; i < 3; ++i) {
    const auto message = side.next();
    REQUIRE(message);
    accepted += std::holds_alternative<Accepted>(*message) ? 1 : 0;
    results += std::holds_alternative<DeliveryResult>(*message) ? 1 : 0;
  }
  CHECK(accepted == 2);
  CHECK(results == 1);
  side.send(bundle);
  CHECK(side.expect<Accepted>().id == bundle.id);
  CHECK(side.silent());
  running.gate.reset();
  running.start();
  InternetSide again = running.connect();
  again.send(bundle);
  CHECK(again.next());
  CHECK(again.next());
  CHECK(again.silent());
  CHECK(sink.count() == 1);
}

TEST_CASE(
    "gate: an altered byte, an unclean mail and another item's mail are refused, a clean one beside them is "
    "not") {
  SmtpSink sink;
  Running running(deliver_to({sink.port()}));
  InternetSide side = running.connect();
  transfer::Bundle altered = make_bundle();
  altered.content[altered.content.size() / 2] ^= 1;
  side.send(altered);
  CHECK(side.expect<Refused>() == Refused{altered.id, altered.part, transfer::RefusalReason::digest, 0});

  transfer::Bundle unclean = make_bundle();
  const std::size_t place = unclean.content.find("text/plain");
  unclean.content.replace(place, 10, "text/htmls");
  unclean.sha256 = sha256(unclean.content);
  side.send(unclean);
  const auto refused = side.expect<Refused>();
  CHECK(refused.id == unclean.id);
  CHECK(refused.reason == transfer::RefusalReason::grammar);
  CHECK(refused.offset >= place);
  CHECK(refused.offset <= place + 10);

  transfer::Bundle stolen = make_bundle();
  stolen.id = new_item_id();
  side.send(stolen);
  CHECK(side.expect<Refused>().reason == transfer::RefusalReason::envelope);

  const transfer::Bundle clean = make_bundle();
  side.send(clean);
  CHECK(side.expect<Accepted>().id == clean.id);
  REQUIRE(sink.wait_for(1));
  CHECK(side.expect<DeliveryResult>().id == clean.id);
  CHECK(sink.count() == 1);
}

TEST_CASE("gate: X-Kiyome-Id is the id, or the id and the part") {
  for (const auto& [suffix, fine] : {std::pair("", true), std::pair(".3", true), std::pair(".2", false)}) {
    transfer::Bundle bundle = make_bundle(1, 100, new_item_id(), 3);
    const std::string id = bundle.id.text();
    for (const std::string& before : {" id " + id, "X-Kiyome-Id: " + id})
      bundle.content.insert(bundle.content.find(before) + before.size(), suffix);
    bundle.sha256 = sha256(bundle.content);
    CHECK(refuse(bundle).has_value() == !fine);
  }
}

TEST_CASE("gate: a frame that does not decode ends its connection, and the next one is served") {
  SmtpSink sink;
  Running running(deliver_to({sink.port()}));
  for (const std::string_view octets :
       {std::string_view("\x02\0\0\0\x09x", 6), std::string_view("\xff\xff\xff\xffx", 5)}) {
    InternetSide side = running.connect();
    side.send_octets(octets);
    CHECK(side.hung_up());
  }
  InternetSide side = running.connect();
  side.send(make_bundle());
  CHECK(side.next());
  CHECK(sink.wait_for(1));
}

TEST_CASE("gate: a newer connection takes the place of an older one") {
  SmtpSink sink;
  Running running(deliver_to({sink.port()}));
  InternetSide older = running.connect();
  older.send(make_bundle());
  CHECK(std::holds_alternative<Accepted>(older.next().value()));
  InternetSide newer = running.connect();
  while (older.next()) {
  }
  CHECK(older.hung_up());
  CHECK(newer.expect<DeliveryResult>().result == ResultClass::delivered);
}

TEST_CASE("gate: recipients have results of their own; who was put off is tried again alone") {
  std::atomic<int> third{0};
  SmtpSink sink(scripted([&](const std::string& what) -> std::optional<std::string> {
    if (what.starts_with("RCPT TO:<r1@")) return "550 5.1.1 unknown\r\n";
    if (what.starts_with("RCPT TO:<r2@") && ++third < 3) return "450 4.2.1 greylisted\r\n";
    return std::nullopt;
  }));
  Running running(deliver_to({sink.port()}));
  InternetSide side = running.connect();
  const transfer::Bundle bundle = make_bundle(3);
  side.send(bundle);
  side.expect<Accepted>();
  CHECK(is_for(side.expect<DeliveryResult>(), bundle, 0, ResultClass::delivered));
  const auto failed = side.expect<DeliveryResult>();
  CHECK(is_for(failed, bundle, 1, ResultClass::failed));
  CHECK(failed.status_subject == 1);
  CHECK(is_for(side.expect<DeliveryResult>(), bundle, 2, ResultClass::delivered));
  REQUIRE(sink.count() == 2);
  CHECK(sink.mails()[0].to.size() == 1);
  CHECK(sink.mails()[1].to.size() == 1);
  CHECK((sink.mails()[1].content == bundle.content));
}

TEST_CASE("gate: success that is asked for and cannot be promised is told as relayed") {
  SmtpSink::Settings settings;
  settings.extensions = "250-sink\r\n250 PIPELINING\r\n";
  SmtpSink sink(settings);
  Running running(deliver_to({sink.port()}));
  InternetSide side = running.connect();
  transfer::Bundle bundle = make_bundle(2);
  bundle.recipients[1].notify = transfer::kNotifySuccess;
  side.send(bundle);
  side.expect<Accepted>();
  CHECK(side.expect<DeliveryResult>().result == ResultClass::delivered);
  CHECK(side.expect<DeliveryResult>().result == ResultClass::relayed);
}

TEST_CASE("gate: a delay is told once, and at the end of its life a mail has expired") {
  SmtpSink sink(scripted([](const std::string& what) -> std::optional<std::string> {
    return what.starts_with("RCPT") ? std::optional("450 4.2.1 later\r\n") : std::nullopt;
  }));
  SmtpClientConfig deliver = deliver_to({sink.port()});
  deliver.delay_notice_hours = 0.3 / 3600;
  deliver.lifetime_hours = 1.2 / 3600;
  Running running(deliver);
  InternetSide side = running.connect();
  const transfer::Bundle bundle = make_bundle();
  side.send(bundle);
  side.expect<Accepted>();
  const auto delayed = side.expect<DeliveryResult>();
  CHECK(delayed.result == ResultClass::delayed);
  CHECK(delayed.status_class == 4);
  const auto expired = side.expect<DeliveryResult>();
  CHECK(expired.result == ResultClass::expired);
  CHECK(expired.status_detail == 7);
  CHECK(side.silent());
  CHECK(running.ask(R"({"command":"list"})").empty());
}

TEST_CASE(
    "gate: with the first mail server down the second is used; with all down the queue waits and then "
    "empties") {
  SmtpSink second;
  {
    Running running(deliver_to({dead_port(), second.port()}));
    InternetSide side = running.connect();
    side.send(make_bundle());
    CHECK(second.wait_for(1));
  }
  const std::uint16_t port = dead_port();
  SmtpClientConfig deliver = deliver_to({port});
  deliver.retry_first_seconds = 2;
  deliver.retry_max_seconds = 3000;
  Running running(deliver);
  InternetSide side = running.connect();
  constexpr unsigned kMails = 50;
  for (unsigned i = 0; i < kMails; ++i) side.send(make_bundle());
  for (unsigned i = 0; i < kMails; ++i) side.expect<Accepted>();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(running.ask(R"({"command":"list"})").size() == kMails);
  SmtpSink::Settings settings;
  settings.port = port;
  SmtpSink back(settings);
  const auto start = Steady::now();
  CHECK(back.wait_for(kMails));
  CHECK(Steady::now() - start < std::chrono::seconds(20));
}

TEST_CASE("gate: a large mail is a file until it is delivered") {
  std::atomic<bool> open{false};
  SmtpSink sink(scripted([&](const std::string& what) -> std::optional<std::string> {
    return what.starts_with("MAIL") && !open ? std::optional("451 4.3.0 later\r\n") : std::nullopt;
  }));
  Running running(deliver_to({sink.port()}));
  InternetSide side = running.connect();
  const transfer::Bundle bundle = make_bundle(1, 300000);
  side.send(bundle);
  side.expect<Accepted>();
  CHECK(running.folder.blobs() == 1);
  running.gate.reset();
  running.start();
  open = true;
  InternetSide again = running.connect();
  CHECK(again.expect<DeliveryResult>().result == ResultClass::delivered);
  CHECK((sink.mails().at(0).content == bundle.content));
  CHECK(running.folder.blobs() == 0);
}

TEST_CASE("gate: two thousand bundles on one connection are all accepted and delivered, each once") {
  SmtpSink sink;
  Running running(deliver_to({sink.port()}));
  InternetSide side = running.connect();
  constexpr unsigned kMails = 2000;
  std::thread sender([&] {
    for (unsigned i = 0; i < kMails; ++i) side.send(make_bundle(1, 5000));
  });
  unsigned accepted = 0, results = 0;
  std::vector<DeliveryResult> unconfirmed;
  while (accepted < kMails || results < kMails) {
    const auto message = side.next();
    REQUIRE(message);
    accepted += std::holds_alternative<Accepted>(*message) ? 1 : 0;
    if (const auto* result = std::get_if<DeliveryResult>(&*message)) {
      ++results;
      unconfirmed.push_back(*result);
    }
  }
  sender.join();
  CHECK(accepted == kMails);
  CHECK(results == kMails);
  CHECK(sink.count() == kMails);
  CHECK(sink.connections() <= 10);
  // All of them again on a new connection, for a listener that is slow to begin.
  InternetSide again = running.connect();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  for (const DeliveryResult& result : unconfirmed) CHECK(again.expect<DeliveryResult>() == result);
  for (const DeliveryResult& result : unconfirmed) again.confirm(result);
  CHECK(again.silent());
  constexpr std::string_view kAllDone =
      R"({"waiting":0,"sending":0,"next_hop_reached":true,"results_unconfirmed":0,"internet_side_connected":true})";
  for (int i = 0; i < 100 && running.ask(R"({"command":"status"})").at(0) != kAllDone; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // a database writes them down in turn
  CHECK(running.ask(R"({"command":"status"})").at(0) == kAllDone);
}

TEST_CASE("gate: an operator sees what waits and can have it tried now") {
  std::atomic<bool> open{false};
  SmtpSink sink(scripted([&](const std::string& what) -> std::optional<std::string> {
    return what.starts_with("MAIL") && !open ? std::optional("451 4.3.0 later\r\n") : std::nullopt;
  }));
  SmtpClientConfig deliver = deliver_to({sink.port()});
  deliver.retry_first_seconds = deliver.retry_max_seconds = 3000;
  Running running(deliver);
  InternetSide side = running.connect();
  const transfer::Bundle bundle = make_bundle(2);
  side.send(bundle);
  side.expect<Accepted>();
  std::vector<std::string> lines;
  for (int i = 0; i < 200; ++i) {
    lines = running.ask(R"({"command":"list"})");
    if (lines.size() == 2 && lines[1].find("\"attempts\":1") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].starts_with("{\"id\":\"" + bundle.id.text() +
                             "\",\"part\":1,\"recipient\":\"r1@city.example.jp\""));
  CHECK(lines[1].find("\"status\":\"4.3.0\"") != std::string::npos);
  open = true;
  CHECK(running.ask(R"({"command":"retry","id":")" + new_item_id().text() + "\"}").at(0) ==
        R"({"retried":0})");
  CHECK(running.ask(R"({"command":"retry","id":")" + bundle.id.text() + "\"}").at(0) == R"({"retried":1})");
  CHECK(side.expect<DeliveryResult>().result == ResultClass::delivered);
  for (const char* wrong : {"", "[]", "{}", "x", R"({"command":"delete"})", R"({"command":"retry","id":"x"})",
                            R"({"command":7})", R"({"command":["list"]})"})
    CHECK_THROWS_AS(running.ask(wrong), std::exception);
}

TEST_CASE("gate: new settings count from the next attempt on, and wrong ones are refused") {
  SmtpSink sink;
  SmtpClientConfig deliver = deliver_to({dead_port()});
  Running running(deliver);
  InternetSide side = running.connect();
  side.send(make_bundle());
  side.expect<Accepted>();
  Config next = running.config;
  next.deliver.tls = TlsMode::required;
  next.deliver.tls_ca = "no-such-file.pem";
  CHECK(running.gate->reload(next).starts_with("gate.deliver: tls_ca"));
  next = running.config;
  next.deliver.connections_max = 11;
  CHECK_FALSE(running.gate->reload(next).empty());
  next = running.config;
  next.deliver.hosts = {{"127.0.0.1", sink.port()}};
  CHECK(running.gate->reload(next).empty());
  CHECK(side.expect<DeliveryResult>().result == ResultClass::delivered);
}

TEST_CASE("gate: stops within ten seconds although a mail server says nothing, and goes on after the start") {
  std::atomic<bool> silent{true};
  SmtpSink sink(scripted([&](const std::string& what) -> std::optional<std::string> {
    return what == "content" && silent ? std::optional(kSilence) : std::nullopt;
  }));
  SmtpClientConfig deliver = deliver_to({sink.port()});
  deliver.timeout_seconds = 300;
  Running running(deliver);
  {
    InternetSide side = running.connect();
    side.send(make_bundle());
    side.expect<Accepted>();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto start = Steady::now();
  running.gate.reset();
  CHECK(Steady::now() - start < std::chrono::seconds(10));
  silent = false;
  running.start();
  CHECK(sink.wait_for(1));
}
