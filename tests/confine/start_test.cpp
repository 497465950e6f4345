// A sanitizer starts confined or not at all, and its zygote ends at the first request that is none.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "proto/clean/exit_codes.h"
#include "proto/clean/job.h"
#include "service/workers/pool.h"
#include "service/workers/zygote_process.h"
#include "tests/confine/programs.h"

using namespace kiyome;

namespace {

// What came of a sanitizer started in a world where `call` fails with `error`.
struct Start {
  bool ready = false;
  int exit_code = -1;
  std::string message;
};

[[noreturn]] void execute_without(int program, int socket, int messages, int call, int error) {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (call >= 0) seccomp_rule_add(filter, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (seccomp_load(filter) != 0) _exit(99);
  dup2(messages, STDERR_FILENO);
  dup2(socket, 3);
  char* const nothing[] = {nullptr};
  char* const name[] = {const_cast<char*>("test"), nullptr};
  execveat(program, "", name, nothing, AT_EMPTY_PATH);
  _exit(98);
}

Start start_without(int call, int error) {
  int sockets[2];
  int messages[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0);
  REQUIRE(pipe2(messages, O_CLOEXEC) == 0);
  const Descriptor program = confine_test::program("hostile");
  const Descriptor high(fcntl(program.get(), F_DUPFD_CLOEXEC, 50));
  const pid_t pid = fork();
  if (pid == 0) execute_without(high.get(), sockets[1], messages[1], call, error);
  close(sockets[1]);
  close(messages[1]);
  Start out;
  char octets[256];
  const ssize_t count = recv(sockets[0], octets, sizeof octets, 0);
  out.ready = count > 0 && clean::decode_job({octets, static_cast<std::size_t>(count)}).has_value();
  close(sockets[0]);  // a zygote that is ready ends now
  int status = 0;
  waitpid(pid, &status, 0);
  out.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  const ssize_t said = read(messages[0], octets, sizeof octets);
  if (said > 0) out.message.assign(octets, static_cast<std::size_t>(said));
  close(messages[0]);
  return out;
}

// Sends one datagram with `fds` to a fresh zygote and gives the exit code of its process, or of the job that
// it began.
int exit_after(const std::string& octets, const std::vector<int>& fds) {
  workers::ZygoteProcess zygote("hostile", confine_test::program("hostile").get());
  char ready[256];
  REQUIRE(recv(zygote.socket()->get(), ready, sizeof ready, 0) > 0);
  iovec part{const_cast<char*>(octets.data()), octets.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 8)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
  }
  REQUIRE(sendmsg(zygote.socket()->get(), &message, MSG_NOSIGNAL) > 0);
  char reply[256];
  const ssize_t said = recv(zygote.socket()->get(), reply, sizeof reply, 0);
  if (said > 0) {
    const auto ended = clean::decode_job({reply, static_cast<std::size_t>(said)});
    REQUIRE(ended);
    return std::get<clean::JobEnded>(*ended).exit_code;
  }
  const int status = zygote.end();
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_CASE("start: a sanitizer in a world that has everything gets ready and ends with its socket") {
  const Start start = start_without(-1, 0);
  CHECK(start.ready);
  CHECK(start.exit_code == 0);
  CHECK(start.message.empty());
}

TEST_CASE(
    "start: without a required wall there is a clear message and exit code 70, and never a ready zygote") {
  struct Missing {
    int call;
    const char* named;
  };
  const Missing missing[] = {
      {SCMP_SYS(unshare), "namespaces"},      {SCMP_SYS(mount), "mount"},
      {SCMP_SYS(pivot_root), "pivot_root"},   {SCMP_SYS(umount2), "umount"},
      {SCMP_SYS(seccomp), "seccomp"},         {SCMP_SYS(capset), "capset"},
      {SCMP_SYS(close_range), "close_range"}, {SCMP_SYS(landlock_restrict_self), "landlock"},
  };
  for (const Missing& one : missing) {
    INFO(one.named);
    const Start start = start_without(one.call, EPERM);
    CHECK_FALSE(start.ready);
    CHECK(start.exit_code == clean::kExitUnconfined);
    CHECK(start.message.find(std::string("cannot be confined: ")) != std::string::npos);
    CHECK(start.message.find(one.named) != std::string::npos);
  }
}

TEST_CASE("start: a kernel without Landlock is enough") {
  CHECK(start_without(SCMP_SYS(landlock_create_ruleset), ENOSYS).ready);
  CHECK(start_without(SCMP_SYS(landlock_create_ruleset), EOPNOTSUPP).ready);
}

TEST_CASE("start: a sanitizer called by hand says who may start it") {
  int messages[2];
  REQUIRE(pipe2(messages, O_CLOEXEC) == 0);
  const Descriptor program = confine_test::program("hostile");
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(messages[1], STDERR_FILENO);
    close(3);
    char* const nothing[] = {nullptr};
    execveat(program.get(), "", nothing, nothing, AT_EMPTY_PATH);
    _exit(98);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  CHECK(WEXITSTATUS(status) == clean::kExitUnconfined);
  char text[256] = {};
  CHECK(read(messages[0], text, sizeof text - 1) > 0);
  CHECK(std::string(text).find("started by kiyome only") != std::string::npos);
  close(messages[0]);
  close(messages[1]);
}

TEST_CASE("start: a zygote, or the job it began, ends at the first request that is none") {
  const Descriptor input = workers::sealed_input("good");
  int pipe_ends[2];
  REQUIRE(pipe2(pipe_ends, O_CLOEXEC) == 0);
  const Descriptor reading(pipe_ends[0]);
  const Descriptor writing(pipe_ends[1]);
  const std::string request = clean::encode_job(clean::JobRequest{1, 5, 256u << 20, {}});
  CHECK(exit_after(request, {input.get(), writing.get()}) == 0);  // the accepting twin
  CHECK(exit_after("garbage", {}) == clean::kExitProtocol);
  CHECK(exit_after(request, {}) == clean::kExitProtocol);
  CHECK(exit_after(request, {input.get()}) == clean::kExitProtocol);
  CHECK(exit_after(request, {input.get(), writing.get(), input.get()}) == clean::kExitProtocol);
  CHECK(exit_after(request + "x", {input.get(), writing.get()}) == clean::kExitProtocol);
  CHECK(exit_after(request.substr(0, request.size() - 1), {input.get(), writing.get()}) ==
        clean::kExitProtocol);
  CHECK(exit_after(request.substr(0, 8), {input.get(), writing.get()}) == clean::kExitProtocol);
  CHECK(exit_after(std::string(1000, 'x'), {}) == clean::kExitProtocol);
  const std::string kill = clean::encode_job(clean::JobKill{1});
  CHECK(exit_after(kill + "x", {}) == clean::kExitProtocol);
  CHECK(exit_after(kill, {input.get(), writing.get()}) == clean::kExitProtocol);
  CHECK(exit_after(clean::encode_job(clean::Ready{}), {}) == clean::kExitProtocol);
}
