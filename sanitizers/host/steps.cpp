// See steps.h. Trusts nothing but the kernel's answers.
#include "sanitizers/host/steps.h"

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
#include "sanitizers/host/confine.h"

namespace kiyome::sanitizer {
namespace {

constexpr unsigned kNobody = 65534;

[[noreturn]] void refuse(const char* what) {
  dprintf(STDERR_FILENO, "kiyome sanitizer: cannot be confined: %s (%s)\n", what, std::strerror(errno));
  _exit(clean::kExitUnconfined);
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

void drop_capabilities(Keep keep) {
  constexpr unsigned long kLocked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  require(prctl(PR_SET_SECUREBITS, kLocked, 0, 0, 0) == 0, "PR_SET_SECUREBITS");
  for (unsigned long capability = 0; capability < 64; ++capability) {
    if (keep == Keep::mounting && capability == CAP_SYS_ADMIN) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    require(errno == EINVAL && capability > CAP_SYS_ADMIN,
            "PR_CAPBSET_DROP");  // past the last one of this kernel
    break;
  }
  require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0, "PR_CAP_AMBIENT_CLEAR_ALL");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct rights[_LINUX_CAPABILITY_U32S_3] = {};
  if (keep == Keep::mounting) rights[0].permitted = rights[0].effective = 1U << CAP_SYS_ADMIN;
  require(syscall(SYS_capset, &header, rights) == 0, "capset");
}

}  // namespace

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

void enter_new_mount(unsigned long flags, const char* options) {
  require(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount: private root");
  const char* const places[] = {"/tmp", "/proc", "/dev",
                                "/usr"};  // any folder will do, only this process sees it
  for (const char* place : places) {
    if (mount("none", place, "tmpfs", flags | MS_NOSUID | MS_NODEV | MS_NOEXEC, options) == 0)
      return require(chdir(place) == 0, "chdir: new root");
  }
  refuse("mount: new root");
}

void enter_new_root() {
  require(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
  require(umount2(".", MNT_DETACH) == 0, "umount: old root");
  require(chdir("/") == 0, "chdir: new root");
}

void drop_privileges(Keep keep) {
  drop_capabilities(keep);
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

void set_limits(std::span<const Limit> own) {
  const Limit common[] = {
      {RLIMIT_CORE, 0},      // a dump would be hostile bytes on a disk
      {RLIMIT_MEMLOCK, 0},   // no locked memory
      {RLIMIT_MSGQUEUE, 0},  // no message queues
      {RLIMIT_NICE, 0},      // no better priority
      {RLIMIT_RTPRIO, 0},    // no real time
      {RLIMIT_SIGPENDING, 64}, {RLIMIT_STACK, limits::kJobStack},
  };
  for (const Limit& one : common) require(limit(one.resource, one.value, one.value), "setrlimit");
  for (const Limit& one : own) require(limit(one.resource, one.value, one.value), "setrlimit");
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

std::string_view map_sealed(int input) {
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  struct stat status {};
  const int seals = fcntl(input, F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals || syscall(SYS_fstat, input, &status) != 0)
    _exit(clean::kExitInput);
  if (status.st_size <= 0) return {};
  const std::size_t size = static_cast<std::size_t>(status.st_size);
  void* const at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, input, 0);
  if (at == MAP_FAILED) _exit(clean::kExitMemory);
  return {static_cast<const char*>(at), size};
}

}  // namespace kiyome::sanitizer
