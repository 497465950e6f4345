// The real program, started as the supervisor starts it.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <string>
#include <utility>
#include <vector>

#include "service/base/admin.h"
#include "tests/unit/service_gate/gate_fixture.h"

namespace kiyome::testing {

// The sockets outlive the process, as they do with the supervisor.
struct Program {
  Folder folder;
  std::string socket = (folder.path / "gate.sock").string();
  Descriptor bundles = listen_unix(AT_FDCWD, socket);
  Descriptor admin = listen_unix(AT_FDCWD, (folder.path / "admin.sock").string());
  std::string config;
  Descriptor pick_up, web;  // given when they are there
  Descriptor control;
  pid_t pid = -1;

  explicit Program(std::uint16_t port, bool with_pick_up = false)
      : config("[gate.deliver]\nhosts = [\"127.0.0.1:" + std::to_string(port) +
               "\"]\nretry_first_seconds = 0.2\nretry_max_seconds = 0.5\n[log]\nlevel = \"warning\"\n") {
    std::filesystem::create_directory(folder.path / "gate");
    Config shared;
    folder.share(shared);
    if (shared.store.shared()) config += "[store]\nurl = \"" + shared.store.url + "\"\n";
    if (with_pick_up) {
      pick_up = listen_tcp({"127.0.0.1", 0}, "test");
      std::filesystem::create_directory(folder.path / "web");
      web.reset(::open((folder.path / "web").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      config += "[auth]\nsecond_factor = []\n";
    }
    start();
  }
  ~Program() { kill_now(); }

  void start() {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    control.reset(pair[0]);
    const Descriptor theirs(pair[1]);
    const Descriptor text = memory_file("config", config);
    std::vector<std::pair<const char*, int>> gifts = {{"control", theirs.get()},
                                                      {"config", text.get()},
                                                      {"bundles", bundles.get()},
                                                      {"admin", admin.get()}};
    if (pick_up) gifts.insert(gifts.end(), {{"pick_up", pick_up.get()}, {"web", web.get()}});
    std::vector<std::string> words = {"kiyome-gate", "role", "gate"};
    for (const auto& [name, fd] : gifts) {
      words.push_back("--fd");
      words.push_back(std::string(name) + "=" + std::to_string(fd));
    }
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string directory = (folder.path / "gate").string();
    pid = ::fork();
    if (pid == 0) {
      for (const auto& [name, fd] : gifts) ::fcntl(fd, F_SETFD, 0);
      signal(SIGXFSZ, SIG_IGN);  // for the disk that is full
      if (::chdir(directory.c_str()) == 0) ::execv(KIYOME_GATE, argv.data());
      ::_exit(126);
    }
    std::string word;
    std::vector<Descriptor> none;
    REQUIRE(receive_message(control.get(), word, none));
    REQUIRE(word == "ready");
  }
  std::uint16_t port() const {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    ::getsockname(pick_up.get(), reinterpret_cast<sockaddr*>(&at), &size);
    return ntohs(at.sin_port);
  }
  std::vector<std::string> ask(const std::string& request) {
    std::vector<std::string> out;
    CHECK(ask_admin((folder.path / "admin.sock").string(), request,
                    [&](const std::string& line) { out.push_back(line); }) == "");
    return out;
  }
  void kill_now() {
    if (pid < 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pid = -1;
  }
  // Gives the exit code.
  int stop() {
    send_message(control.get(), "stop", {});
    int status = 0;
    ::waitpid(pid, &status, 0);
    pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

}  // namespace kiyome::testing
