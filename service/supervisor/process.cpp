#include "service/supervisor/process.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "service/base/errors.h"

namespace kiyome::supervisor {
namespace {

constexpr int kFirstGift = 3;
constexpr int kParking = 512;  // above every gift: descriptors are parked there before they take their places

struct Plan {
  std::vector<std::string> words;
  std::vector<std::string> environment;
  std::vector<int> sources;
  int program = -1;
  int nothing = -1;  // /dev/null
};

char** pointers(std::vector<std::string>& words, std::vector<char*>& out) {
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out.data();
}

// Runs in the child, between fork and exec: system calls only.
[[noreturn]] void become(const RoleProcess& role, const Plan& plan, char** argv, char** envp) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::setsid();  // a terminal's signals are the supervisor's, and nothing can be typed into it from here
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int program = ::fcntl(plan.program, F_DUPFD_CLOEXEC, kParking);
  bool fine = program >= 0 && ::fchdir(role.directory) == 0 && ::dup2(plan.nothing, STDIN_FILENO) >= 0 &&
              ::dup2(plan.nothing, STDOUT_FILENO) >= 0;
  const int count = static_cast<int>(plan.sources.size());
  for (int i = 0; fine && i < count; ++i)
    fine = ::dup2(plan.sources[static_cast<std::size_t>(i)], kParking + 32 + i) >= 0;
  for (int i = 0; fine && i < count; ++i) fine = ::dup2(kParking + 32 + i, kFirstGift + i) >= 0;
  ::close_range(static_cast<unsigned>(kFirstGift + count), ~0U, CLOSE_RANGE_CLOEXEC);
  if (fine && role.account.change)
    fine = ::setgroups(0, nullptr) == 0 &&
           ::setresgid(role.account.gid, role.account.gid, role.account.gid) == 0 &&
           ::setresuid(role.account.uid, role.account.uid, role.account.uid) == 0;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // the change of user cleared it
  ::umask(027);
  if (fine) ::syscall(SYS_execveat, program, "", argv, envp, AT_EMPTY_PATH);
  ::_exit(126);
}

}  // namespace

void start(RoleProcess& role) {
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) throw_errno("socketpair");
  role.control.reset(pair[0]);
  const Descriptor theirs(pair[1]);
  const Descriptor program(::open(role.program.c_str(), O_PATH | O_CLOEXEC));
  if (!program) throw_errno("open " + role.program);

  const Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) throw_errno("open /dev/null");
  Plan plan{{"kiyome-" + role.role, "role", role.role},
            {"PATH=/usr/bin:/bin", "LANG=C.UTF-8"},
            {},
            program.get(),
            nothing.get()};
  if (const char* zone = std::getenv("TZ")) plan.environment.push_back(std::string("TZ=") + zone);
  for (const char* name : {"JOURNAL_STREAM", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
    if (const char* value = std::getenv(name)) plan.environment.push_back(std::string(name) + "=" + value);
  const auto give = [&](const std::string& name, int fd) {
    plan.words.push_back("--fd");
    plan.words.push_back(name + "=" + std::to_string(kFirstGift + static_cast<int>(plan.sources.size())));
    plan.sources.push_back(fd);
  };
  give("control", theirs.get());
  for (const Gift& gift : role.gifts) give(gift.name, gift.fd);

  std::vector<char*> argv_store, envp_store;
  char** argv = pointers(plan.words, argv_store);
  char** envp = pointers(plan.environment, envp_store);
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) become(role, plan, argv, envp);
  role.pid = pid;
  role.ready = false;
  role.started = Steady::now();
}

}  // namespace kiyome::supervisor
