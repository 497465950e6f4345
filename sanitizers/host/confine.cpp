#include "sanitizers/host/confine.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "proto/base/limits.h"
#include "proto/clean/exit_codes.h"
#include "sanitizers/host/landlock.h"
#include "sanitizers/host/steps.h"

namespace kiyome::sanitizer {
namespace {

constexpr Limit kLimits[] = {
    {RLIMIT_FSIZE, 0},                        // no file grows
    {RLIMIT_NPROC, limits::kZygoteJobs + 8},  // of this user in this namespace: launcher, zygote, jobs
    {RLIMIT_NOFILE, 8},                       // standard error, socket, input and pipe of one request
};

// The root becomes an empty read-only file system without room for a single file.
void enter_empty_root() {
  enter_new_mount(MS_RDONLY, "size=4k,nr_inodes=1,mode=0");
  enter_new_root();
}

}  // namespace

void forget_handlers() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
}

void start_alone(const char* kind) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(kControlSocket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) {
    dprintf(STDERR_FILENO, "kiyome sanitizer %s: started by kiyome only, with a socket as descriptor %d\n",
            kind, kControlSocket);
    _exit(clean::kExitUnconfined);
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  personality(PER_LINUX);  // readable memory must not count as executable (READ_IMPLIES_EXEC)
  forget_handlers();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  keep_only_control_socket();
  char name[16];
  std::snprintf(name, sizeof name, "kiyome-%s", kind);
  prctl(PR_SET_NAME, name, 0, 0, 0);
}

std::vector<sock_filter> confine(Profile profile) {
  keep_only_control_socket();  // warm-up may have left some open
  Filters filters = compile_filters(profile);
  leave_root();
  enter_namespaces();
  enter_empty_root();
  set_limits(kLimits);
  drop_privileges(Keep::nothing);
  // Before the fork: launcher and zygote must be of one Landlock domain, or the death of one could not end
  // the other.
  require(deny_by_landlock(), "landlock");
  const pid_t zygote = fork();
  require(zygote >= 0, "fork");
  // Not inherited, and becoming nobody made the kernel forget it in the launcher.
  require(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, "PR_SET_PDEATHSIG");
  if (zygote != 0) wait_for_zygote(zygote, filters);
  take_filter(filters.zygote);
  return std::move(filters.job);
}

std::string_view confine_job(const std::vector<sock_filter>& filter, int input, int answer,
                             std::uint32_t cpu_seconds, std::uint64_t memory_bytes) {
  const std::string_view octets = map_sealed(input);
  bool done = answer == kAnswerPipe || dup3(answer, kAnswerPipe, 0) == kAnswerPipe;
#ifdef KIYOME_ASAN
  static_cast<void>(memory_bytes);  // the shadow memory needs terabytes of addresses
  done = done && close_range(0, STDERR_FILENO - 1, 0) == 0;
#else
  done = done && limit(RLIMIT_AS, memory_bytes, memory_bytes);
  done = done && close_range(0, kAnswerPipe - 1, 0) == 0;
#endif
  done = done && close_range(kAnswerPipe + 1, ~0U, 0) == 0;
  done = done && limit(RLIMIT_CPU, cpu_seconds, cpu_seconds + 1);
  done = done && limit(RLIMIT_NPROC, 0, 0) && limit(RLIMIT_NOFILE, 0, 0);
  if (!done) _exit(clean::kExitUnconfined);
  take_filter(filter);
  return octets;
}

}  // namespace kiyome::sanitizer
