// The zygote's loop. It sees requests of the service and the deaths of its children, never an octet from
// outside. Of a request it reads only which job it is: the rest, a name and passwords, is decoded in the
// child and wiped here, or every later job would be born with it in its memory.
#include "sanitizers/host/serve.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "proto/clean/exit_codes.h"
#include "sanitizers/host/confine.h"
#include "sanitizers/host/large_pages.h"

namespace kiyome::sanitizer {
namespace {

constexpr std::size_t kFlushBytes = 256u << 10;  // a long answer goes out in pieces of this size
constexpr std::uint8_t kRequest = 1;             // the kind of a JobRequest; its number follows (FORMAT.md)

[[noreturn]] void break_off(const char* what) {
  [[maybe_unused]] ssize_t count = write(STDERR_FILENO, "kiyome sanitizer: ", 18);
  count = write(STDERR_FILENO, what, std::strlen(what));
  count = write(STDERR_FILENO, "\n", 1);
  _exit(clean::kExitProtocol);
}

// One datagram with the descriptors that came along.
struct Received {
  std::array<char, limits::kJobDatagram> octets;
  std::size_t size = 0;
  std::array<int, 2> fds{-1, -1};
  std::size_t fd_count = 0;
};

// false when the service has closed the socket. Anything that a request of ours cannot be ends the zygote.
bool receive(Received& into) {
  iovec part{into.octets.data(), into.octets.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof into.fds)];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t count = recvmsg(kControlSocket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
    into.size = 0;
    return true;
  }
  if (count <= 0) return false;
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) break_off("request too large");
  into.size = static_cast<std::size_t>(count);
  into.fd_count = 0;
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) return true;
  if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof into.fds))
    break_off("request without its two descriptors");
  std::memcpy(into.fds.data(), CMSG_DATA(header), sizeof into.fds);
  into.fd_count = into.fds.size();
  return true;
}

void send(const clean::JobMessage& message) {
  const std::string octets = clean::encode_job(message);
  while (::send(kControlSocket, octets.data(), octets.size(), MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) _exit(0);  // the service is gone; so are we
  }
}

// Takes the last rights away from a fresh child; what it returns is the input.
using ConfineJob = std::function<std::string_view(const clean::JobRequest& request, int input, int answer)>;

class Zygote {
 public:
  Zygote(const Sanitizer& sanitizer, ConfineJob confine_job)
      : sanitizer_(sanitizer), confine_job_(std::move(confine_job)) {}

  // Returns when the service closes the socket, or when the zygote is old and idle.
  void serve() {
    send(clean::Ready{});
    Received received;
    do {
      // Old and idle: what the service has sent until now is still served; from now on its sending fails, and
      // it asks the next zygote.
      if (!closing_ && count_ == 0 && old()) {
        shutdown(kControlSocket, SHUT_RD);
        closing_ = true;
      }
      if (!await(1)) continue;
      if (!receive(received)) break;
      if (received.size > 0) handle(received);
      explicit_bzero(received.octets.data(), received.size);
    } while (true);
    while (closing_ && count_ > 0) await(0);
  }

 private:
  struct Child {
    pid_t pid = 0;
    std::uint64_t job = 0;
  };

  bool old() const { return sanitizer_.jobs_max != 0 && started_ >= sanitizer_.jobs_max; }

  // Waits for a request (`sockets` is 1) or the end of a child. true when there is something to receive.
  bool await(nfds_t sockets) {
    sigset_t everything_wakes;
    sigemptyset(&everything_wakes);
    pollfd entry{kControlSocket, POLLIN, 0};
    const int ready = ppoll(&entry, sockets, nullptr, &everything_wakes);
    reap();
    return ready > 0;
  }

  void handle(const Received& received) {
    const std::string_view octets(received.octets.data(), received.size);
    ByteReader in(octets);
    const bool request = in.u8() == kRequest;
    const std::uint64_t job = in.u64();
    if (in.failed()) break_off("request too short");
    if (request) {
      if (received.fd_count != 2) break_off("request without its two descriptors");
      return start(job, received);
    }
    const auto message = clean::decode_job(octets);
    if (!message) break_off("request that does not decode");
    if (!std::holds_alternative<clean::JobKill>(*message)) break_off("a reply as a request");
    if (received.fd_count != 0) break_off("kill with descriptors");
    end(job);
  }

  void start(std::uint64_t job, const Received& received) {
    if (count_ == children_.size()) break_off("more jobs at once than agreed");
    const pid_t pid = fork();
    if (pid == 0) run(received);
    for (const int fd : received.fds) close(fd);
    if (pid < 0) return send(clean::JobEnded{job, clean::kExitFork, 0});
    children_[count_++] = {pid, job};
    ++started_;
  }

  [[noreturn]] void run(const Received& received) {
    try {
      const auto message = clean::decode_job({received.octets.data(), received.size});
      const auto* const request = message ? std::get_if<clean::JobRequest>(&*message) : nullptr;
      if (request == nullptr) _exit(clean::kExitProtocol);
      const std::string_view octets = confine_job_(*request, received.fds[0], received.fds[1]);
      Answer to(kAnswerPipe);
      sanitizer_.run(octets, request->options, to);
      to.flush();
      _exit(0);
    } catch (const std::bad_alloc&) {
      _exit(clean::kExitMemory);
    } catch (...) {
      _exit(clean::kExitException);
    }
  }

  void end(std::uint64_t job) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (children_[i].job == job)
        kill(children_[i].pid, SIGKILL);  // not yet reaped, so the number is still its own
    }
  }

  void reap() {
    while (count_ > 0) {
      int status = 0;
      const pid_t pid = wait4(-1, &status, WNOHANG, nullptr);
      if (pid <= 0) return;
      const auto child =
          std::find_if(children_.begin(), children_.begin() + static_cast<std::ptrdiff_t>(count_),
                       [pid](const Child& one) { return one.pid == pid; });
      if (child == children_.begin() + static_cast<std::ptrdiff_t>(count_)) continue;
      clean::JobEnded ended{child->job, -1, 0};
      if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
      // Ours to say: from a child it would make an item wait for ever that should be held.
      if (ended.exit_code == clean::kExitFork) ended.exit_code = clean::kExitException;
      if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
      *child = children_[--count_];
      send(ended);
    }
  }

  const Sanitizer& sanitizer_;
  const ConfineJob confine_job_;
  std::array<Child, limits::kZygoteJobs> children_;
  std::size_t count_ = 0;
  std::uint64_t started_ = 0;
  bool closing_ = false;
};

// SIGCHLD comes only while ppoll waits, so none is missed between a look at the children and the wait.
void hear_of_children() {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, nullptr);
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_NOCLDSTOP;
  sigaction(SIGCHLD, &action, nullptr);
}

// What glibc asks the kernel once and remembers has to be asked before the filter stands.
void warm_libc() {
  std::array<std::array<char, 64>, 64> rows{};
  std::qsort(rows.data(), rows.size(), sizeof rows[0],
             [](const void* a, const void* b) { return std::memcmp(a, b, 64); });  // sysinfo, for its buffer
}

}  // namespace

void Answer::put(const clean::Message& message) {
  clean::encode(message, pending_);
  if (pending_.size() >= kFlushBytes) flush();
}

void Answer::flush() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const ssize_t count = write(pipe_, rest.data(), rest.size());
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) _exit(0);
  }
  pending_.clear();
}

namespace {

[[noreturn]] void serve_in_empty_root(const Sanitizer& sanitizer) {
  if (sanitizer.warm_up) sanitizer.warm_up();
  hear_of_children();
  Zygote zygote(sanitizer, [filter = confine(sanitizer.profile)](const clean::JobRequest& request, int input,
                                                                 int answer) {
    return confine_job(filter, input, answer, request.cpu_seconds, request.memory_bytes);
  });
  zygote.serve();
  _exit(0);  // whatever static destructors would do is not ours to do any more
}

[[noreturn]] void serve_on_stage(const Sanitizer& sanitizer, const Engine& engine) {
  Filters filters = enter_stage(engine.stage);
  engine.start([&] {
    forget_handlers();  // the engine's own would run in a job that crashes, and write what they know
                        // somewhere
    hear_of_children();
    const StagedJob with = confine_on_stage(engine.stage, std::move(filters));
    Zygote zygote(sanitizer, [&with](const clean::JobRequest& request, int input, int answer) {
      return confine_staged_job(with, input, answer, request.cpu_seconds, request.memory_bytes);
    });
    zygote.serve();
    _exit(0);
  });
  break_off("the engine has not started");
}

}  // namespace

int serve(const Sanitizer& sanitizer) {
  start_alone(sanitizer.kind);
  move_to_large_pages();
  warm_libc();
  if (sanitizer.engine != nullptr) serve_on_stage(sanitizer, *sanitizer.engine);
  serve_in_empty_root(sanitizer);
}

}  // namespace kiyome::sanitizer
