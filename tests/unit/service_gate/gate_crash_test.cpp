// The real program, started as the supervisor starts it and killed without warning.
#include <sys/resource.h>

#include <map>
#include <random>
#include <set>

#include "tests/unit/service_gate/gate_program.h"

using namespace kiyome;
using namespace kiyome::testing;
using transfer::Accepted;
using transfer::DeliveryResult;
using transfer::ResultClass;

namespace {

int exit_code_of(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, 1);
    ::dup2(null, 2);
    ::execv(KIYOME_GATE, argv.data());
    ::_exit(126);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("kiyome-gate: exit codes of its command line") {
  CHECK(exit_code_of({"kiyome-gate", "--version"}) == 0);
  CHECK(exit_code_of({"kiyome-gate", "--help"}) == 0);
  CHECK(exit_code_of({"kiyome-gate"}) == 2);
  CHECK(exit_code_of({"kiyome-gate", "role"}) == 2);
  CHECK(exit_code_of({"kiyome-gate", "role", "edge"}) == 2);
  CHECK(exit_code_of({"kiyome-gate", "role", "gate", "--fd"}) == 2);
  CHECK(exit_code_of({"kiyome-gate", "role", "gate", "--fd", "config=x"}) == 2);
}

TEST_CASE(
    "gate with a full disk accepts nothing, and what was offered again is delivered when there is room") {
  if (store::tests_on_postgres()) return;  // whose disk is not this process's
  SmtpSink sink;
  Program program(sink.port());
  const transfer::Bundle small = make_bundle(), large = make_bundle(1, 200000);
  rlimit full{4096, RLIM_INFINITY};  // of any file: the write-ahead log and the blobs cannot grow
  REQUIRE(::prlimit(program.pid, RLIMIT_FSIZE, &full, nullptr) == 0);
  for (const transfer::Bundle* bundle : {&small, &large}) {
    InternetSide side(program.socket);
    side.send(*bundle);
    CHECK(side.hung_up());
  }
  CHECK(program.folder.blobs("gate/blobs") == 0);
  full.rlim_cur = RLIM_INFINITY;
  REQUIRE(::prlimit(program.pid, RLIMIT_FSIZE, &full, nullptr) == 0);
  InternetSide side(program.socket);
  side.send(small);
  side.send(large);
  unsigned accepted = 0, results = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const auto message = side.next();
    REQUIRE(message);
    accepted += std::holds_alternative<Accepted>(*message) ? 1 : 0;
    results += std::holds_alternative<DeliveryResult>(*message) ? 1 : 0;
  }
  CHECK(accepted == 2);
  CHECK(results == 2);
  CHECK(sink.count() == 2);
  CHECK(program.stop() == 0);
}

TEST_CASE("gate killed between accept and delivery: delivered after the start, once") {
  const std::uint16_t port = dead_port();
  Program program(port);
  std::vector<transfer::Bundle> bundles;
  {
    InternetSide side(program.socket);
    for (unsigned i = 0; i < 20; ++i) bundles.push_back(make_bundle(1, i % 5 == 0 ? 100000 : 3000));
    for (const transfer::Bundle& bundle : bundles) side.send(bundle);
    for (unsigned i = 0; i < bundles.size(); ++i) side.expect<Accepted>();
    program.kill_now();
  }
  SmtpSink::Settings settings;
  settings.port = port;
  SmtpSink sink(settings);
  program.start();
  InternetSide side(program.socket);
  std::map<ItemId, unsigned> told;
  for (unsigned i = 0; i < bundles.size(); ++i) ++told[side.expect<DeliveryResult>().id];
  CHECK(told.size() == bundles.size());
  CHECK(sink.count() == bundles.size());
  CHECK(side.silent());
  CHECK(program.stop() == 0);
}

TEST_CASE("gate killed at random moments under load: nothing accepted is lost, a repeat is the same mail") {
  SmtpSink sink;
  Program program(sink.port());
  std::mt19937 random(7);
  std::map<ItemId, transfer::Bundle> bundles;
  for (unsigned i = 0; i < 600; ++i) {
    transfer::Bundle bundle = make_bundle(1 + i % 3, 2000);
    bundles.emplace(bundle.id, std::move(bundle));
  }
  std::map<ItemId, bool> accepted;
  std::map<ItemId, std::set<std::uint32_t>> told;
  unsigned expected = 0, kills = 0;
  for (const auto& [id, bundle] : bundles) expected += static_cast<unsigned>(bundle.recipients.size());
  const auto hear = [&](InternetSide& side, std::chrono::milliseconds patience) {
    const auto deadline = Steady::now() + patience;
    while (Steady::now() < deadline) {
      const auto message = side.next(std::chrono::milliseconds(20));
      if (!message) {
        unsigned heard = 0;
        for (const auto& [id, recipients] : told) heard += static_cast<unsigned>(recipients.size());
        if (heard == expected && accepted.size() == bundles.size()) return true;
        continue;
      }
      if (const auto* one = std::get_if<Accepted>(&*message)) accepted[one->id] = true;
      if (const auto* one = std::get_if<DeliveryResult>(&*message)) {
        CHECK(one->result == ResultClass::delivered);
        told[one->id].insert(one->recipient);
        side.confirm(*one);
      }
    }
    return false;
  };
  for (bool done = false; !done;) {
    InternetSide side(program.socket);
    std::string octets;
    for (const auto& [id, bundle] : bundles)
      if (!accepted.contains(id) && octets.size() < 300000)
        octets += transfer::encode(transfer::Forward(bundle));
    side.send_octets(octets);
    const bool kill = kills < 25;
    done = hear(side, std::chrono::milliseconds(kill ? random() % 60 : 5000));
    if (!kill) continue;
    ++kills;
    program.kill_now();
    program.start();
    done = false;
  }
  std::map<std::string, std::set<std::string>> contents;  // by the id in the mail
  for (const SinkMail& mail : sink.mails()) {
    const std::size_t place = mail.content.find("X-Kiyome-Id: ") + 13;
    contents[mail.content.substr(place, 36)].insert(mail.content);
  }
  CHECK(contents.size() == bundles.size());
  for (const auto& [id, bundle] : bundles) {
    const auto& seen = contents[id.text()];
    CHECK((seen.size() == 1 && *seen.begin() == bundle.content));
  }
  MESSAGE("kills: " << kills << ", mails: " << bundles.size() << ", deliveries: " << sink.count());
  CHECK(program.stop() == 0);
}
