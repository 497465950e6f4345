#include "sanitizers/host/confine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "proto/base/limits.h"
#include "proto/clean/exit_codes.h"
#include "sanitizers/host/landlock.h"
#include "sanitizers/host/policy.h"

namespace kiyome::sanitizer {
namespace {

constexpr unsigned kNobody = 65534;

[[noreturn]] void refuse(const char* what) {
  dprintf(STDERR_FILENO, "kiyome sanitizer: cannot be confined: %s (%s)\n", what, std::strerror(errno));
  _exit(clean::kExitUnconfined);
}

void require(bool done, const char* what) {
  if (!done) refuse(what);
}

void keep_only_control_socket() {
  require(close_range(0, STDERR_FILENO - 1, 0) == 0 && close_range(kControlSocket + 1, ~0U, 0) == 0,
          "close_range, Linux 5.9 or later is needed");
}

// As root we become nobody first, so that even outside the namespaces the process is no one. Where nobody is
// not mapped (root of a small container), uid 0 already is a plain user of the machine.
void leave_root() {
  if (geteuid() != 0 && getuid() != 0) return;
  if (setgroups(0, nullptr) != 0 && errno != EPERM) refuse("setgroups");
  if (setresgid(kNobody, kNobody, kNobody) != 0) return require(errno == EINVAL, "setresgid");
  require(setresuid(kNobody, kNobody, kNobody) == 0, "setresuid");
}

void write_file(const char* path, const char* text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  require(file >= 0, path);
  require(write(file, text, std::strlen(text)) == static_cast<ssize_t>(std::strlen(text)), path);
  close(file);
}

void map_id(const char* path, unsigned outside) {
  char line[64];
  std::snprintf(line, sizeof line, "%u %u 1\n", kNobody, outside);
  write_file(path, line);
}

void enter_namespaces() {
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  constexpr int kRequired =
      CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  if (unshare(kRequired | CLONE_NEWCGROUP) != 0)
    require(unshare(kRequired) == 0,
            "unshare: user, mount, pid, net, ipc and uts namespaces are needed; see "
            "kernel.unprivileged_userns_clone, "
            "user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns");
  // Becoming nobody made /proc/self root's; the maps are ours to write again.
  require(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0, "PR_SET_DUMPABLE");
  write_file("/proc/self/setgroups", "deny");
  map_id("/proc/self/uid_map", uid);
  map_id("/proc/self/gid_map", gid);
  // When memory runs out, a job goes first, not the role that waits for it. Wish, not need.
  const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) {
    [[maybe_unused]] const ssize_t wished = write(score, "500", 3);
    close(score);
  }
}

// The root becomes an empty read-only file system without room for a single file; the old one is out of
// reach.
void enter_empty_root() {
  require(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount: private root");
  const char* const places[] = {"/tmp", "/proc", "/dev",
                                "/usr"};  // any folder will do, only this process sees it
  const char* place = nullptr;
  for (const char* candidate : places) {
    if (mount("none", candidate, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=4k,nr_inodes=1,mode=0") == 0) {
      place = candidate;
      break;
    }
  }
  require(place != nullptr, "mount: empty root");
  require(chdir(place) == 0, "chdir: empty root");
  require(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
  require(umount2(".", MNT_DETACH) == 0, "umount: old root");
  require(chdir("/") == 0, "chdir: new root");
}

void drop_capabilities() {
  constexpr unsigned long kLocked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  require(prctl(PR_SET_SECUREBITS, kLocked, 0, 0, 0) == 0, "PR_SET_SECUREBITS");
  for (unsigned long capability = 0; capability < 64; ++capability) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    require(errno == EINVAL && capability > CAP_SYS_ADMIN,
            "PR_CAPBSET_DROP");  // past the last one of this kernel
    break;
  }
  require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0, "PR_CAP_AMBIENT_CLEAR_ALL");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  require(syscall(SYS_capset, &header, none) == 0, "capset");
}

void drop_privileges() {
  drop_capabilities();
  require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS");
  require(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "PR_SET_DUMPABLE");
  // Memory can never become executable any more (Linux 6.3). Wish: the filter says the same.
  constexpr int kSetMemoryDenyWriteExecute = 65;
  constexpr unsigned long kRefuseExecGain = 1;
  prctl(kSetMemoryDenyWriteExecute, kRefuseExecGain, 0, 0, 0);
}

bool limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  const rlimit value{soft, hard};
  return setrlimit(resource, &value) == 0;
}

void set_limits() {
  struct Limit {
    __rlimit_resource resource;
    rlim_t value;
  };
  const Limit limits[] = {
      {RLIMIT_CORE, 0},      // a dump would be hostile bytes on a disk
      {RLIMIT_FSIZE, 0},     // no file grows
      {RLIMIT_MEMLOCK, 0},   // no locked memory
      {RLIMIT_MSGQUEUE, 0},  // no message queues
      {RLIMIT_NICE, 0},      // no better priority
      {RLIMIT_RTPRIO, 0},    // no real time
      {RLIMIT_SIGPENDING, 64},
      {RLIMIT_STACK, limits::kJobStack},
      {RLIMIT_NPROC, limits::kZygoteJobs + 8},  // of this user in this namespace: launcher, zygote, jobs
      {RLIMIT_NOFILE, 8},                       // standard error, socket, input and pipe of one request
  };
  for (const Limit& one : limits) require(limit(one.resource, one.value, one.value), "setrlimit");
}

void take_filter(const std::vector<sock_filter>& filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()),
                           const_cast<sock_filter*>(filter.data())};
  require(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "seccomp");
}

[[noreturn]] void wait_for_zygote(pid_t zygote, const Filters& filters) {
  close_range(0, ~0U, 0);
  take_filter(filters.launcher);
  int status = 0;
  while (wait4(zygote, &status, 0, nullptr) < 0 && errno == EINTR) {
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

Filters compile_filters(Profile profile) {
  Filters filters{compile_filter(Rights::launcher, profile), compile_filter(Rights::zygote, profile),
                  compile_filter(Rights::job, profile)};
  require(!filters.launcher.empty() && !filters.zygote.empty() && !filters.job.empty(), "libseccomp");
  return filters;
}

}  // namespace

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
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
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
  set_limits();
  drop_privileges();
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
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  struct stat status {};
  const int seals = fcntl(input, F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals || syscall(SYS_fstat, input, &status) != 0)
    _exit(clean::kExitInput);
  std::string_view octets;
  if (status.st_size > 0) {
    const std::size_t size = static_cast<std::size_t>(status.st_size);
    void* const at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, input, 0);
    if (at == MAP_FAILED) _exit(clean::kExitMemory);
    octets = {static_cast<const char*>(at), size};
  }
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
