// The drop box's bundles through the real program: over the bundle channel in, over HTTP out, by mail told,
// and killed in between.
#include <thread>

#include "service/gate/verify.h"
#include "tests/unit/service_gate/drop_fixture.h"
#include "tests/unit/service_gate/gate_program.h"
#include "tests/unit/service_http/site.h"

using namespace kiyome;
using namespace kiyome::testing;
using transfer::Accepted;
using transfer::DropBundle;
using transfer::DropResult;
using transfer::DropStage;
using transfer::Refused;

namespace {

// An account with a token for programs. Gives the token.
std::string add_account(Program& program, const std::string& login) {
  program.ask(
      R"({"command":"user.add","actor":"operator","login":")" + login + R"(","name":"氏名","mail":")" +
      login +
      R"(@city.example.jp","tenant":"","department":"総務部","roles":["staff"],"password":"correct horse battery"})");
  const std::vector<std::string> lines =
      program.ask(R"({"command":"user.token","actor":"operator","login":")" + login + R"(","for":"test"})");
  REQUIRE(!lines.empty());
  const std::size_t begin = lines[0].find("\"token\":\"") + 9;
  return lines[0].substr(begin, lines[0].find('"', begin) - begin);
}

Answer get(const Program& program, const std::string& token, const std::string& path) {
  return Peer(program.port())
      .ask("GET /api/v1" + path + " HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer " + token + "\r\n\r\n");
}

DropResult result_of(const DropBundle& bundle, DropStage stage) { return {bundle.id, bundle.part, 0, stage}; }

void confirm(InternetSide& side, const DropResult& result) {
  side.send(transfer::DropResultTaken{result.id, result.part, result.recipient, result.stage});
}

}  // namespace

TEST_CASE("gate: a file of the drop box is taken once, told, offered, and picked up over HTTP") {
  SmtpSink sink;
  Program program(sink.port(), true);
  const std::string token = add_account(program, "taro");
  InternetSide side(program.socket);
  DropBundle bundle = make_drop();
  bundle.files.push_back(clean_text("large.txt", std::string(90'000, 'x').insert(900, "\r\n") + "\r\n"));
  side.send(bundle);
  CHECK(side.expect<Accepted>().id == bundle.id);
  CHECK(side.expect<DropResult>() == result_of(bundle, DropStage::delivered));
  side.send(bundle);
  CHECK(side.expect<Accepted>().id == bundle.id);
  REQUIRE(sink.wait_for(1));  // the mail that tells taro of it
  CHECK(sink.mails()[0].to.at(0).find("taro@city.example.jp") != std::string::npos);
  const std::string path = "/deliveries/" + bundle.submission.text();
  CHECK(get(program, token, path + "/files/1").content == bundle.files[1].content);
  const Answer zip = get(program, token, path + "/archive");
  CHECK(zip.status == 200);
  CHECK_FALSE(gate::verify_zip(zip.content));
  CHECK(side.expect<DropResult>() == result_of(bundle, DropStage::picked_up));
  CHECK(side.silent());
  CHECK(get(program, "wrong", path).status == 401);
  CHECK(program.ask(R"({"command":"drops"})").at(0).find("\"state\":\"picked-up\"") != std::string::npos);
  CHECK(program.ask(R"({"command":"audit.verify"})").back().find("\"intact\":true") != std::string::npos);
  CHECK(program.ask(R"({"command":"audit.list"})").size() > 3);
  CHECK(sink.count() == 1);
  CHECK(program.stop() == 0);
}

TEST_CASE("gate: results of pick-ups and of mails that come at once are all said on one connection") {
  SmtpSink sink;
  Program program(sink.port(), true);
  const std::string token = add_account(program, "taro");
  InternetSide side(program.socket);
  constexpr unsigned kDrops = 30, kMails = 200;
  std::vector<DropBundle> drops;
  for (unsigned i = 0; i < kDrops; ++i) {
    drops.push_back(make_drop());
    side.send(drops.back());
  }
  for (unsigned i = 0; i < 2 * kDrops; ++i) REQUIRE(side.next());
  std::thread people([&] {
    for (const DropBundle& drop : drops)
      CHECK(get(program, token, "/deliveries/" + drop.submission.text() + "/files/0").status == 200);
  });
  for (unsigned i = 0; i < kMails; ++i) side.send(make_bundle());
  unsigned accepted = 0, delivered = 0, picked = 0;
  while (accepted + delivered + picked < 2 * kMails + kDrops) {
    const auto message = side.next();
    REQUIRE(message);
    accepted += std::holds_alternative<Accepted>(*message) ? 1 : 0;
    delivered += std::holds_alternative<transfer::DeliveryResult>(*message) ? 1 : 0;
    if (const auto* one = std::get_if<DropResult>(&*message))
      picked += one->stage == DropStage::picked_up ? 1 : 0;
  }
  people.join();
  CHECK(picked == kDrops);
  CHECK(delivered == kMails);
}

TEST_CASE("gate: forged files of the drop box are refused, a clean one beside them is not") {
  SmtpSink sink;
  Program program(sink.port(), true);
  InternetSide side(program.socket);
  DropBundle altered = make_drop();
  altered.files[0].content[0] ^= 1;
  side.send(altered);
  CHECK(side.expect<Refused>() == Refused{altered.id, 1, transfer::RefusalReason::digest, 0});
  const DropBundle clean = make_drop();
  side.send(clean);
  CHECK(side.expect<Accepted>().id == clean.id);
  CHECK(side.expect<DropResult>() == result_of(clean, DropStage::delivered));
  DropBundle usurper = next_of(clean, "b.docx");
  usurper.count = 1;
  usurper.number = 1;
  usurper.title = "他の件";
  side.send(usurper);
  CHECK(side.expect<Refused>().reason == transfer::RefusalReason::envelope);
  CHECK(side.silent());
}

TEST_CASE("gate without a pick-up refuses files of the drop box and still takes mails") {
  SmtpSink sink;
  Program program(sink.port());
  InternetSide side(program.socket);
  side.send(make_drop());
  CHECK(side.expect<Refused>().reason == transfer::RefusalReason::envelope);
  side.send(make_bundle());
  side.expect<Accepted>();
  CHECK(sink.wait_for(1));
}

TEST_CASE(
    "gate killed over and over: what it accepted can be picked up, and its results are said until taken") {
  SmtpSink sink;
  Program program(sink.port(), true);
  const std::string token = add_account(program, "taro");
  std::vector<DropBundle> bundles;
  for (unsigned i = 0; i < 24; ++i) {
    bundles.push_back(make_drop());
    if (i % 6 == 0)
      bundles.back().files = {clean_text("l.txt", std::string(80'000, 'x').insert(900, "\r\n") + "\r\n")};
  }
  std::set<ItemId> accepted, told;
  for (unsigned round = 0; told.size() < bundles.size() && round < 60; ++round) {
    InternetSide side(program.socket);
    for (const DropBundle& bundle : bundles)
      if (!accepted.contains(bundle.id)) side.send(bundle);
    const auto deadline = Steady::now() + std::chrono::milliseconds(5 + round * 7);
    while (Steady::now() < deadline) {
      const auto message = side.next(std::chrono::milliseconds(5));
      if (!message) continue;
      if (const auto* one = std::get_if<Accepted>(&*message)) accepted.insert(one->id);
      if (const auto* one = std::get_if<DropResult>(&*message)) {
        CHECK(one->stage == DropStage::delivered);
        told.insert(one->id);
        if (round > 4) confirm(side, *one);
      }
    }
    program.kill_now();
    program.start();
  }
  CHECK(accepted.size() == bundles.size());
  CHECK(told.size() == bundles.size());
  for (const DropBundle& bundle : bundles)
    CHECK(get(program, token, "/deliveries/" + bundle.submission.text() + "/files/0").content ==
          bundle.files[0].content);
  CHECK(program.folder.blobs("gate/blobs") == 4);
  CHECK(program.ask(R"({"command":"audit.verify"})").back().find("\"intact\":true") != std::string::npos);
  REQUIRE(sink.wait_for(static_cast<unsigned>(bundles.size())));
  CHECK(program.stop() == 0);
}
