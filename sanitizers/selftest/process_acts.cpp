// Processes, threads, signals, identities, rights.
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sanitizers/selftest/acts.h"

namespace kiyome::sanitizer::selftest {
namespace {

Outcome of_fork(long pid) {
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return of_call(pid, "a child ran");
}

Outcome fork_bomb() {
  int made = 0;
  for (int i = 0; i < 64; ++i) {
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    if (pid > 0) ++made;
  }
  while (waitpid(-1, nullptr, 0) > 0) {
  }
  return made > 0 ? Outcome{true, "children ran"} : Outcome{false, "no child"};
}

Outcome start_thread() {
  pthread_t thread{};
  const int trouble = pthread_create(
      &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
  if (trouble != 0) return {false, "no thread"};
  pthread_join(thread, nullptr);
  return {true, "a thread ran"};
}

Outcome clone_by_new_call() {
  std::uint64_t arguments[8] = {};  // struct clone_args, first version
  arguments[4] = SIGCHLD;           // exit_signal
  return of_fork(syscall(SYS_clone3, arguments, sizeof arguments));
}

Outcome signal_others(const Surroundings& around) {
  for (int pid = 2; pid < 300; ++pid) {
    if (kill(pid, 0) == 0) return {true, "a process can be signalled"};
  }
  if (kill(around.process, 0) == 0) return {true, "a process can be signalled"};
  return {false, "nobody there"};
}

Outcome read_other_process(const Surroundings& around) {
  static const char kHere[] = "the same address in every job and in the zygote";
  char copy[sizeof kHere] = {};
  const iovec local{copy, sizeof copy};
  const iovec remote{const_cast<char*>(kHere), sizeof kHere};
  return of_call(process_vm_readv(around.process, &local, 1, &remote, 1, 0), "read");
}

Outcome write_other_process(const Surroundings& around) {
  static char here[] = "0123456789";
  static char there[] = "9876543210";
  const iovec local{here, sizeof here};
  const iovec remote{there, sizeof there};
  return of_call(process_vm_writev(around.process, &local, 1, &remote, 1, 0), "written");
}

Outcome outlive_time_limit() {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  return of_call(sigaction(SIGXCPU, &action, nullptr), "the time limit is ignored");
}

Outcome raise_limit() {
  rlimit limit{};
  if (syscall(SYS_prlimit64, 0, RLIMIT_CPU, nullptr, &limit) != 0) return {false, "no limit is told"};
  return of_call(syscall(SYS_prlimit64, 0, RLIMIT_CPU, &limit, nullptr), "limits can be set");
}

Outcome take_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct wanted[2] = {{1U << CAP_SYS_ADMIN, 1U << CAP_SYS_ADMIN, 0}, {}};
  return of_call(syscall(SYS_capset, &header, wanted), "taken");
}

Outcome add_filter() {
  sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{1, allow};
  return of_call(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "a filter was added");
}

constexpr Act kActs[] = {
    {"fork", Stop::killed, Twin::works, [](const Surroundings&) { return of_fork(fork()); }},
    {"fork by the oldest call", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_fork(syscall(SYS_fork)); }},
    {"fork sharing memory", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_fork(syscall(SYS_vfork)); }},
    {"fork by clone3", Stop::killed, Twin::works, [](const Surroundings&) { return clone_by_new_call(); }},
    {"fork bomb", Stop::killed, Twin::works, [](const Surroundings&) { return fork_bomb(); }},
    {"start a thread", Stop::killed, Twin::works, [](const Surroundings&) { return start_thread(); }},
    {"ask for the own number", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(syscall(SYS_getpid), "told"); }},
    {"ask for the parent's number", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(syscall(SYS_getppid), "told"); }},
    {"signal process 1", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return of_call(kill(1, 0), "it can be signalled"); }},
    {"kill the zygote", Stop::killed, Twin::harmful,
     [](const Surroundings& around) { return of_call(kill(around.process, SIGKILL), "sent"); }},
    {"signal everyone", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(kill(-1, 0), "somebody can be signalled"); }},
    {"signal other jobs", Stop::killed, Twin::works_as_root,
     [](const Surroundings& around) { return signal_others(around); }},
    {"signal a thread of another", Stop::killed, Twin::works,
     [](const Surroundings& around) {
       return of_call(syscall(SYS_tgkill, around.process, around.process, 0), "it can be signalled");
     }},
    {"queue a signal", Stop::killed, Twin::works,
     [](const Surroundings& around) {
       return of_call(sigqueue(around.process, 0, sigval{}), "it can be queued");
     }},
    {"get hold of a process", Stop::killed, Twin::works,
     [](const Surroundings& around) { return of_call(syscall(SYS_pidfd_open, around.process, 0), "held"); }},
    {"trace a process", Stop::killed, Twin::harmful,
     [](const Surroundings& around) {
       return of_call(ptrace(PTRACE_ATTACH, around.process, 0, 0), "attached");
     }},
    {"be traced", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(ptrace(PTRACE_TRACEME, 0, 0, 0), "traced"); }},
    {"read another process's memory", Stop::killed, Twin::works, &read_other_process},
    {"write another process's memory", Stop::killed, Twin::works, &write_other_process},
    {"survive the time limit", Stop::killed, Twin::works,
     [](const Surroundings&) { return outlive_time_limit(); }},
    {"block signals", Stop::killed, Twin::works,
     [](const Surroundings&) {
       sigset_t all;
       sigfillset(&all);
       return of_call(sigprocmask(SIG_BLOCK, &all, nullptr), "blocked");
     }},
    {"set limits", Stop::killed, Twin::works, [](const Surroundings&) { return raise_limit(); }},
    {"become root", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return of_call(setuid(0), "root"); }},
    {"change groups", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return of_call(syscall(SYS_setgroups, 0, nullptr), "changed"); }},
    {"take capabilities", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return take_capabilities(); }},
    {"make a user namespace", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(unshare(CLONE_NEWUSER), "made"); }},
    {"enter a namespace", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(setns(3, 0), "entered"); }},
    {"become dumpable", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(prctl(PR_SET_DUMPABLE, 1), "dumpable"); }},
    {"add a filter", Stop::killed, Twin::works_as_root, [](const Surroundings&) { return add_filter(); }},
    {"make readable memory executable", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(personality(READ_IMPLIES_EXEC), "done"); }},
    {"get a better priority", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return of_call(setpriority(PRIO_PROCESS, 0, -5), "better"); }},
    {"start a session", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(setsid(), "started"); }},
};

}  // namespace

std::span<const Act> process_acts() { return kActs; }

}  // namespace kiyome::sanitizer::selftest
