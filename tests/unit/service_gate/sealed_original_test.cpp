#include "proto/transfer/sealed.h"

#include "service/gate/gate.h"
#include "tests/unit/service_gate/gate_fixture.h"
#include "tests/unit/service_gate/sealed_sample.h"

using namespace kiyome;
using namespace kiyome::gate;
using namespace kiyome::testing;
using transfer::Accepted;
using transfer::DeliveryResult;
using transfer::Refused;
using transfer::SealedOriginal;

namespace {

struct Running {
  Folder folder;
  std::string socket = (folder.path / "gate.sock").string();
  Config config;
  std::unique_ptr<Gate> gate;

  Running(const SmtpClientConfig& deliver, bool takes) {
    config.deliver = deliver;
    config.smtp.hostname = "kiyome.example.jp";
    config.gate_takes_originals = takes;
    gate = std::make_unique<Gate>(folder.path.string(), config, listen_unix(AT_FDCWD, socket));
  }
};

SealedOriginal original(const std::string& name = "契約書.docx") {
  SealedOriginal out;
  out.id = new_item_id();
  out.item = new_item_id();
  out.recipient = "kato@city.example.jp";
  out.name = name;
  out.content = sealed_sample::sealed(name, 5000);
  out.sha256 = sha256(out.content);
  return out;
}

bool is_refused(const Refused& refused, const SealedOriginal& sealed, transfer::RefusalReason reason) {
  return refused.id == sealed.id && refused.part == 1 && refused.reason == reason;
}

}  // namespace

TEST_CASE("sealed original: as the gate is delivered it takes none") {
  CHECK_FALSE(Config().gate_takes_originals);
  SmtpSink sink;
  Running running(deliver_to({sink.port()}), false);
  InternetSide internet(running.socket);
  const SealedOriginal sealed = original();
  internet.send(sealed);
  CHECK(is_refused(internet.expect<Refused>(), sealed, transfer::RefusalReason::envelope));
  internet.send(make_bundle());  // and all else goes on
  internet.expect<Accepted>();
  CHECK(internet.expect<DeliveryResult>().result == transfer::ResultClass::delivered);
  CHECK(sink.mails().size() == 1);
}

TEST_CASE("sealed original: with its switch on the gate mails it, once, in its own words") {
  SmtpSink sink;
  Running running(deliver_to({sink.port()}), true);
  InternetSide internet(running.socket);
  const SealedOriginal sealed = original();
  for (int i = 0; i < 2; ++i) {
    internet.send(sealed);
    CHECK(internet.expect<Accepted>().id == sealed.id);
    if (i == 1) continue;
    const auto result = internet.expect<DeliveryResult>();
    CHECK(result.id == sealed.id);
    CHECK(result.result == transfer::ResultClass::delivered);
    internet.confirm(result);
  }
  REQUIRE(sink.mails().size() == 1);
  const SinkMail mail = sink.mails().at(0);
  REQUIRE(mail.to.size() == 1);
  CHECK(mail.to[0].find("<kato@city.example.jp>") != std::string::npos);
  CHECK(mail.content.find("Content-Type: application/zip") != std::string::npos);
  CHECK(mail.content.find("original-" + sealed.item.text() + ".zip") != std::string::npos);
}

TEST_CASE("sealed original: what is no sealed ZIP does not pass, though the switch is on") {
  SmtpSink sink;
  Running running(deliver_to({sink.port()}), true);
  InternetSide internet(running.socket);
  SealedOriginal sealed = original();
  sealed.content = "MZ an executable " + std::string(500, 'x');
  sealed.sha256 = sha256(sealed.content);
  internet.send(sealed);
  CHECK(is_refused(internet.expect<Refused>(), sealed, transfer::RefusalReason::grammar));
  sealed = original();
  sealed.content[6] = 0;  // no longer encrypted, it says
  sealed.sha256 = sha256(sealed.content);
  internet.send(sealed);
  CHECK(is_refused(internet.expect<Refused>(), sealed, transfer::RefusalReason::grammar));
  sealed = original();
  sealed.sha256[0] ^= 1;
  internet.send(sealed);
  CHECK(is_refused(internet.expect<Refused>(), sealed, transfer::RefusalReason::digest));
  CHECK(sink.mails().empty());
}

TEST_CASE("sealed original: a name that imitates us is left out of the words") {
  SmtpSink sink;
  Running running(deliver_to({sink.port()}), true);
  InternetSide internet(running.socket);
  internet.send(
      original("\xE2\x80\xAE"
               "fdp.exe"));
  internet.expect<Accepted>();
  internet.expect<DeliveryResult>();
  CHECK(sink.mails().size() == 1);
}

TEST_CASE("sealed original: crosses as it is, and nothing else decodes as one") {
  const SealedOriginal sealed = original();
  const std::string frame = transfer::encode(transfer::Forward(sealed)).substr(4);
  const auto decoded = transfer::decode_forward(frame);
  REQUIRE(decoded);
  CHECK(std::get<SealedOriginal>(*decoded) == sealed);
  CHECK(transfer::encode(transfer::AnyBundle(sealed)).substr(4) == frame);
  CHECK_FALSE(transfer::decode_forward(frame.substr(0, frame.size() - 1)));
  CHECK_FALSE(transfer::decode_forward(frame + "x"));
  for (const char* name : {"", "a/b", "a\\b", "a\tb", "a\nb", "\xff"}) {
    SealedOriginal bad = sealed;
    bad.name = name;
    CHECK_FALSE(transfer::decode_forward(transfer::encode(transfer::Forward(bad)).substr(4)));
  }
  SealedOriginal bad = sealed;
  bad.recipient = "a b@c";
  CHECK_FALSE(transfer::decode_forward(transfer::encode(transfer::Forward(bad)).substr(4)));
  bad = sealed;
  bad.content.resize(transfer::kSealedZip + 1);
  CHECK_FALSE(transfer::decode_forward(transfer::encode(transfer::Forward(bad)).substr(4)));
}
