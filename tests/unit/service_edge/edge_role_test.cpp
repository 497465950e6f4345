// The whole role in a process of its own, as the supervisor starts it: descriptors, control socket, reload,
// stop.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "service/base/log.h"
#include "service/base/role.h"
#include "service/base/sockets.h"
#include "service/edge/edge_role.h"
#include "tests/unit/service_edge/edge_fixture.h"

using namespace edge_test;

namespace {

std::string named(const char* name, const Descriptor& descriptor) {
  return std::string(name) + "=" + std::to_string(descriptor.get());
}

struct Role {
  explicit Role(const std::string& config_text, const std::string& recipients) {
    for (const char* name : {"/edge", "/edge/originals", "/run"})
      std::filesystem::create_directory(folder.path() + name);
    keys = kiyome::store::load_or_make_cleaner_key(folder.path() + "/run");
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    control.reset(pair[0]);
    const Descriptor theirs(pair[1]);
    const Descriptor smtp = listen_loopback(port);
    const Descriptor config = kiyome::memory_file("config", config_text);
    const Descriptor list = kiyome::memory_file("recipients", recipients);
    const Descriptor run(::open((folder.path() + "/run").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const Descriptor admin = kiyome::listen_unix(run.get(), "edge.admin.sock");
    process = ::fork();
    REQUIRE(process >= 0);
    if (process > 0) return;
    if (::chdir((folder.path() + "/edge").c_str()) != 0) ::_exit(9);
    kiyome::RoleContext context("edge",
                                {named("config", config), named("control", theirs), named("smtp", smtp),
                                 named("recipients", list), named("admin", admin)});
    ::_exit(kiyome::edge::run_edge(context));
  }
  ~Role() {
    if (process <= 0) return;
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }
  std::string word() {
    std::string text;
    std::vector<Descriptor> none;
    CHECK(kiyome::wait_for(control.get(), POLLIN, Steady::now() + kPatience));
    kiyome::receive_message(control.get(), text, none);
    return text;
  }
  std::string reload(const std::string& config_text, const std::string& recipients) {
    const Descriptor config = kiyome::memory_file("config", config_text);
    const Descriptor list = kiyome::memory_file("recipients", recipients);
    kiyome::send_message(control.get(), "reload config recipients", {config.get(), list.get()});
    return word();
  }
  int wait() {
    int status = 0;
    ::waitpid(process, &status, 0);
    process = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  TemporaryFolder folder;
  kiyome::store::CleanerKeyPair keys;
  Descriptor control;
  std::uint16_t port = 0;
  pid_t process = 0;
};

std::string ask_recipient(std::uint16_t port, const std::string& recipient) {
  Client client(port);
  client.reply();
  client.ask("EHLO c.example");
  client.ask("MAIL FROM:<>");
  return client.ask("RCPT TO:<" + recipient + ">").substr(0, 9);
}

}  // namespace

TEST_CASE("edge role: starts, takes mail, reloads, refuses a bad reload, stops on the supervisor's word") {
  const std::string config =
      "[edge.smtp]\nhostname = \"mx.example\"\nrecipients_file = \"list\"\nfree_bytes_min = 0\n";
  Role role(config, "b@b.example\n");
  CHECK(role.word() == "ready");
  {
    Client client(role.port);
    CHECK(client.reply() == "220 mx.example ESMTP\r\n");
    CHECK(send_mail(client, "x\r\n").substr(0, 24) == "250 2.0.0 Ok: queued as ");
  }
  CHECK(ask_recipient(role.port, "c@b.example") == "550 5.1.1");
  CHECK(role.reload(config, "c@b.example\n") == "reloaded");
  CHECK(ask_recipient(role.port, "c@b.example") == "250 2.1.5");
  CHECK(role.reload(config, "# nobody\n").starts_with("refused: "));
  CHECK(ask_recipient(role.port, "c@b.example") == "250 2.1.5");
  Client idle(role.port);
  idle.reply();
  const auto began = Steady::now();
  kiyome::send_message(role.control.get(), "stop", {});
  CHECK(idle.reply().substr(0, 9) == "421 4.3.2");
  CHECK(idle.reply().empty());
  CHECK(role.wait() == 0);
  CHECK(Steady::now() - began < 9s);
}

TEST_CASE("edge role: SIGTERM stops it, and what it accepted is announced by its next life") {
  const std::string config = "[edge.smtp]\nfree_bytes_min = 0\n";
  Role role(config, "");
  CHECK(role.word() == "ready");
  std::string reply;
  {
    Client client(role.port);
    client.reply();
    reply = send_mail(client, "kept\r\n");
  }
  ::kill(role.process, SIGTERM);
  CHECK(role.wait() == 0);
  std::vector<kiyome::transfer::Announce> pending;
  kiyome::store::OriginalLog next(role.folder.path() + "/edge/originals", role.keys.public_key,
                                  [&](const kiyome::transfer::Announce& item) { pending.push_back(item); });
  REQUIRE(pending.size() == 1);
  CHECK(reply == "250 2.0.0 Ok: queued as " + pending[0].id.text() + "\r\n");
}
