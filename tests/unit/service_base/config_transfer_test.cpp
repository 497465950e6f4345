// [transfer]: what goes with which mode.
#include <doctest/doctest.h>

#include <string>

#include "proto/base/limits.h"
#include "service/base/config.h"
#include "service/base/errors.h"

using namespace kiyome;

namespace {

constexpr const char* kPapers = "certificate = \"a.crt\"\nkey = \"a.key\"\nca = \"/ca.crt\"\n";

std::string mistakes(const std::string& text) {
  try {
    (void)parse_config("[transfer]\n" + text, "etc/k.toml");
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("config: two hosts, each with its part of the wire") {
  CHECK(parse_config("", "k.toml").transfer.mode == TransferMode::local);
  const std::string pin = "AB:" + std::string(62, 'c');
  const Config config =
      parse_config("[transfer]\nmode = \"push\"\nconnect = \"gate.example.lg.jp:8442\"\n" +
                       std::string(kPapers) + "peers = \"" + pin + "\"\nsilence_seconds = 5\n",
                   "etc/k.toml");
  const TransferConfig& transfer = config.transfer;
  CHECK(transfer.mode == TransferMode::push);
  CHECK(transfer.connect == std::vector<std::string>{"gate.example.lg.jp:8442"});
  CHECK(transfer.listen.empty());
  CHECK(transfer.certificate == "etc/a.crt");
  CHECK(transfer.ca == "/ca.crt");
  CHECK(transfer.peers == std::vector<std::string>{"ab" + std::string(62, 'c')});
  CHECK(transfer.silence_seconds == 5);
  CHECK(transfer.lines.front() == std::pair<std::string, std::uint32_t>{"mode", 2});
  CHECK(mistakes("mode = \"pull\"\nlisten = \"[::]:8442\"\n" + std::string(kPapers)).empty());
}

TEST_CASE("config: the other side may be several hosts") {
  const std::string two = "mode = \"pull\"\nconnect = [\"a:1\", \"b:2\"]\n" + std::string(kPapers);
  const Config config = parse_config("[transfer]\n" + two, "etc/k.toml");
  CHECK(config.transfer.connect == std::vector<std::string>{"a:1", "b:2"});
  CHECK(mistakes("mode = \"pull\"\nconnect = [\"a:1\", \"b\"]\n" + std::string(kPapers))
            .starts_with("etc/k.toml:3: transfer.connect: \"b\" is not an ADDRESS:PORT"));
  CHECK(mistakes("mode = \"pull\"\nconnect = []\n" + std::string(kPapers))
            .starts_with("etc/k.toml:2: transfer.mode: needs transfer.listen"));
  std::string many;
  for (std::size_t i = 0; i <= limits::kZonePeers; ++i) many += "\"h:" + std::to_string(i + 1) + "\", ";
  CHECK(mistakes("mode = \"pull\"\nconnect = [" + many + "]\n" + std::string(kPapers)) ==
        "etc/k.toml:3: transfer.connect: names too many hosts");
}

TEST_CASE("config: what belongs to two hosts is told on one, and what is missing on two") {
  CHECK(mistakes("listen = \"192.0.2.1:8442\"\n") ==
        "etc/k.toml:2: transfer.listen: is for mode = \"push\" or \"pull\"; this host is \"local\"");
  CHECK(
      mistakes("mode = \"local\"\nca = \"ca.crt\"\n").starts_with("etc/k.toml:3: transfer.ca: is for mode"));
  CHECK(mistakes("listen = \"\"\nconnect = \"\"\ncertificate = \"\"\npeers = []\n").empty());
  const std::string bare = mistakes("mode = \"push\"\nconnect = \"192.0.2.1:8442\"\n");
  CHECK(bare.find("etc/k.toml:2: transfer.mode: needs transfer.certificate") == 0);
  CHECK(bare.find("transfer.mode: needs transfer.key") != std::string::npos);
  CHECK(bare.find("transfer.mode: needs transfer.ca") != std::string::npos);
  CHECK(mistakes("mode = \"pull\"\n" + std::string(kPapers))
            .starts_with("etc/k.toml:2: transfer.mode: needs transfer.listen"));
  CHECK(mistakes("mode = \"pull\"\nlisten = \"0.0.0.0:1\"\nconnect = \"h:2\"\n" + std::string(kPapers)) ==
        "etc/k.toml:4: transfer.connect: stands beside listen: a host has one of them");
}

TEST_CASE("config: an address, a pin and a mode are what they are") {
  CHECK(mistakes("mode = \"push\"\nconnect = \"192.0.2.1\"\n" + std::string(kPapers))
            .find("etc/k.toml:3: transfer.connect: \"192.0.2.1\" is not an ADDRESS:PORT") == 0);
  CHECK(mistakes("mode = \"send\"\n").starts_with("etc/k.toml:2: transfer.mode: must be one of"));
  const std::string where = "mode = \"push\"\nconnect = \"h:1\"\n" + std::string(kPapers);
  for (const std::string& pin :
       {std::string(63, 'a'), std::string(65, 'a'), std::string(63, 'a') + "g", std::string()})
    CHECK(mistakes(where + "peers = [\"" + pin + "\"]\n").find("etc/k.toml:7: transfer.peers: ") == 0);
  CHECK(mistakes(where + "peers = [\"" + std::string(64, 'A') + "\"]\n").empty());
  CHECK(mistakes(where + "silence_seconds = 1\n")
            .find("transfer.silence_seconds: must be a whole number from 2") != std::string::npos);
  CHECK(mistakes(where + "conect = \"h:1\"\n").find("did you mean transfer.connect?") != std::string::npos);
}
