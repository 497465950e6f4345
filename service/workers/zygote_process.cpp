#include "service/workers/zygote_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "proto/clean/exit_codes.h"
#include "service/base/errors.h"

namespace kiyome::workers {
namespace {

constexpr int kSocket = 3;        // where the program finds its socket
constexpr int kOutOfTheWay = 10;  // descriptors used after fork lie above, so that nothing overwrites them

constexpr int kPatienceMs = 1000;  // for a zygote to end when its socket is closed

// After fork() in a process with threads: nothing but calls that are safe in a signal handler.
[[noreturn]] void become(int program, int socket, char* const* arguments) {
  char* const no_environment[] = {nullptr};
  if (dup2(socket, kSocket) == kSocket && close_range(0, STDERR_FILENO - 1, 0) == 0 &&
      close_range(kSocket + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
    execveat(program, "", arguments, no_environment, AT_EMPTY_PATH);
  _exit(clean::kExitUnconfined);
}

Descriptor moved_out_of_the_way(int fd) {
  Descriptor out(fcntl(fd, F_DUPFD_CLOEXEC, kOutOfTheWay));
  if (!out) throw_errno("sanitizer: fcntl");
  return out;
}

}  // namespace

ZygoteProcess::ZygoteProcess(const std::string& kind, int program) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("sanitizer: socketpair");
  socket_ = std::make_shared<const Descriptor>(ends[0]);
  const Descriptor theirs(ends[1]);
  const Descriptor socket = moved_out_of_the_way(ends[1]);
  const Descriptor file = moved_out_of_the_way(program);
  std::string name = "kiyome-sanitizer-" + kind;
  char* const arguments[] = {name.data(), nullptr};

  sigset_t all, before;  // no handler of ours may run in the child
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_ = fork();
  if (pid_ == 0) become(file.get(), socket.get(), arguments);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  if (pid_ < 0) throw_errno("sanitizer: fork");
}

ZygoteProcess::~ZygoteProcess() { end(); }

int ZygoteProcess::end() {
  if (pid_ < 0) return status_;
  shutdown(socket_->get(), SHUT_RDWR);  // it ends by itself and tells why, if it still can
  const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  pollfd ended{process.get(), POLLIN, 0};
  if (!process || poll(&ended, 1, kPatienceMs) != 1)
    kill(pid_, SIGKILL);  // the zygote dies with its launcher, its children die with their process 1
  while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status_;
}

}  // namespace kiyome::workers
