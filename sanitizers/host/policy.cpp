#include "sanitizers/host/policy.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <span>

#include "sanitizers/host/confine.h"
#include "sanitizers/host/rights.h"

namespace kiyome::sanitizer {
namespace {

constexpr Allowed kLauncher[] = {
    {SCMP_SYS(wait4), "waits for the zygote"},
    {SCMP_SYS(exit_group), "passes its exit on"},
#ifdef KIYOME_ASAN
    {SCMP_SYS(sigaltstack), "AddressSanitizer looks for a signal stack before it ends", {0, kLong, 0}},
#endif
};

constexpr Allowed kJob[] = {
    {SCMP_SYS(write), "the answer, on its pipe and nowhere else", {0, kInt, kAnswerPipe}},
    {SCMP_SYS(brk), "memory"},
    {SCMP_SYS(mmap), "memory; no file, never executable", kNotExecutable, kNoFile},
    {SCMP_SYS(mprotect), "memory of malloc's later arenas; never executable", kNotExecutable},
    {SCMP_SYS(mremap), "realloc of large blocks"},
    {SCMP_SYS(munmap), "gives memory back"},
    {SCMP_SYS(futex),
     "pthread_once wakes those who wait, though there are none",
     {1, kInt, FUTEX_WAKE_PRIVATE}},
    {SCMP_SYS(clock_gettime), "the time, where the vDSO has to ask the kernel"},
    {SCMP_SYS(exit_group), "the end of the job"},
#ifdef KIYOME_ASAN
    {SCMP_SYS(write), "AddressSanitizer reports on standard error", {0, kInt, STDERR_FILENO}},
    {SCMP_SYS(sigaltstack), "AddressSanitizer looks for a signal stack before it unwinds", {0, kLong, 0}},
    {SCMP_SYS(madvise), "AddressSanitizer gives shadow memory back"},
    {SCMP_SYS(sched_yield), "AddressSanitizer's spin locks"},
#endif
};

constexpr Allowed kLibrary[] = {
    {SCMP_SYS(sysinfo), "qsort of glibc asks how much memory there is"},
    {SCMP_SYS(madvise), "gives memory back"},
    {SCMP_SYS(getrusage), "how much time was used"},
    {SCMP_SYS(futex), "locks of libraries that could have threads", {1, kInt, FUTEX_WAIT_PRIVATE}},
};

// Beside the rights of a job, which the zygote must hold because filters can only take away.
constexpr Allowed kZygote[] = {
    {SCMP_SYS(recvmsg), "requests, on the control socket only", {0, kInt, kControlSocket}},
    {SCMP_SYS(sendto), "replies, on the control socket only", {0, kInt, kControlSocket}},
    {SCMP_SYS(ppoll), "waits for a request or the end of a child"},
    {SCMP_SYS(rt_sigreturn), "ends the empty handler of SIGCHLD"},
    {SCMP_SYS(wait4), "how a child ended"},
    {SCMP_SYS(kill), "a deadline has passed; only its own children can be named", {1, kInt, SIGKILL}},
    {SCMP_SYS(clone), "fork of a child, nothing shared", {0, kLong, kForkFlags}},
    {SCMP_SYS(set_robust_list), "fork() of glibc calls it in the child"},
    {SCMP_SYS(close), "closes what it handed to a child"},
    {SCMP_SYS(write), "says on standard error why it ends", {0, kInt, STDERR_FILENO}},
    // What a child does before it takes its own filter:
    {SCMP_SYS(dup3), "the answer pipe takes the place of the control socket", {1, kInt, kAnswerPipe}},
    {SCMP_SYS(close_range), "closes everything else"},
    {SCMP_SYS(fstat), "how large the input is"},
    {SCMP_SYS(fcntl), "whether the input is sealed", {1, kInt, F_GET_SEALS}},
    {SCMP_SYS(mmap), "maps the input; never executable", kNotExecutable},
    {SCMP_SYS(prlimit64), "lowers its own limits", {0, kInt, 0}},
    {SCMP_SYS(seccomp), "takes its own filter", {0, kInt, SECCOMP_SET_MODE_FILTER}, {1, kInt, 0}},
};

bool allow(scmp_filter_ctx context, std::span<const Allowed> list) {
  for (const Allowed& right : list) {
    scmp_arg_cmp bounds[2];
    unsigned count = 0;
    for (const Bound& bound : {right.first, right.second}) {
      if (bound.mask != 0)
        bounds[count++] = SCMP_CMP64(bound.index, SCMP_CMP_MASKED_EQ, bound.mask, bound.value);
    }
    if (seccomp_rule_add_array(context, SCMP_ACT_ALLOW, right.call, count, bounds) != 0) return false;
  }
  return true;
}

bool no_clone3(scmp_filter_ctx context) {
  // The arguments of clone3 lie in memory, where a filter cannot look: "not there" makes callers use clone.
  return seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

bool allow_job(scmp_filter_ctx context, Profile profile) {
  switch (profile) {
    case Profile::plain:
      return allow(context, kJob);
    case Profile::library:
      return allow(context, kJob) && allow(context, kLibrary);
    case Profile::office:
      return allow(context, kJob) && allow(context, kLibrary) && allow(context, office_job_rights());
  }
  return false;
}

bool fill(scmp_filter_ctx context, Rights rights, Profile profile) {
  // A call by another ABI (32-bit, x32) is as forbidden as any other.
  if (seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0) return false;
  switch (rights) {
    case Rights::launcher:
      return allow(context, kLauncher);
    case Rights::job:
      return allow_job(context, profile) && (profile != Profile::office || no_clone3(context));
    case Rights::zygote:
      return allow_job(context, profile) && allow(context, kZygote) && no_clone3(context) &&
             (profile != Profile::office || allow(context, office_zygote_rights()));
  }
  return false;
}

std::vector<sock_filter> exported(scmp_filter_ctx context) {
  std::vector<sock_filter> out;
  const int file = memfd_create("filter", MFD_CLOEXEC);
  if (file < 0) return out;
  if (seccomp_export_bpf(context, file) == 0) {
    const off_t size = lseek(file, 0, SEEK_END);
    if (size > 0 && static_cast<std::size_t>(size) % sizeof(sock_filter) == 0) {
      out.resize(static_cast<std::size_t>(size) / sizeof(sock_filter));
      if (pread(file, out.data(), static_cast<std::size_t>(size), 0) != size) out.clear();
    }
  }
  close(file);
  return out;
}

}  // namespace

std::vector<sock_filter> compile_filter(Rights rights, Profile profile) {
  const scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
  if (context == nullptr) return {};
  std::vector<sock_filter> out;
  if (fill(context, rights, profile)) out = exported(context);
  seccomp_release(context);
  return out;
}

}  // namespace kiyome::sanitizer
