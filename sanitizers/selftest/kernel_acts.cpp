// Parts of the kernel where bugs are found, and matters of the whole machine.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sys/klog.h>
#include <sys/reboot.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sanitizers/selftest/acts.h"

namespace kiyome::sanitizer::selftest {
namespace {

Outcome count_events() {
  perf_event_attr wanted{};
  wanted.type = PERF_TYPE_SOFTWARE;
  wanted.size = sizeof wanted;
  wanted.config = PERF_COUNT_SW_TASK_CLOCK;
  wanted.exclude_kernel = 1;
  return of_call(syscall(SYS_perf_event_open, &wanted, 0, -1, -1, 0), "counting");
}

Outcome load_program() {
  bpf_attr wanted{};
  wanted.map_type = BPF_MAP_TYPE_ARRAY;
  wanted.key_size = 4;
  wanted.value_size = 4;
  wanted.max_entries = 1;
  return of_call(syscall(SYS_bpf, BPF_MAP_CREATE, &wanted, sizeof wanted), "loaded");
}

#ifdef __x86_64__
// getpid by the 32-bit door: another table of calls, so another filter would be needed.
Outcome use_32_bit_call() {
  long result = 0;
  asm volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
  return {result > 0, result > 0 ? "answered" : "refused"};
}

Outcome use_x32_call() { return of_call(syscall(0x40000000 + SYS_getpid), "answered"); }
#endif

constexpr Act kActs[] = {
    {"make an io_uring", Stop::killed, Twin::works,
     [](const Surroundings&) {
       io_uring_params wanted{};
       return of_call(syscall(SYS_io_uring_setup, 4, &wanted), "made");
     }},
    {"load a BPF map", Stop::killed, Twin::works_as_root, [](const Surroundings&) { return load_program(); }},
    {"count performance events", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return count_events(); }},
    {"add a key", Stop::killed, Twin::harmful,
     [](const Surroundings&) {
       return of_call(syscall(SYS_add_key, "user", "selftest", "x", 1, KEY_SPEC_PROCESS_KEYRING), "added");
     }},
    {"look into a keyring", Stop::killed, Twin::harmful,
     [](const Surroundings&) {
       return of_call(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1), "seen");
     }},
    {"handle page faults", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return of_call(syscall(SYS_userfaultfd, O_CLOEXEC), "handling"); }},
    {"make secret memory", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(syscall(SYS_memfd_secret, 0), "made"); }},
    {"load a kernel module", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(syscall(SYS_init_module, nullptr, 0, ""), "loaded"); }},
    {"read the kernel's log", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) {
       char text[256];
       return of_call(klogctl(3, text, sizeof text), "read");
     }},
    {"ask for the machine's name", Stop::killed, Twin::works,
     [](const Surroundings&) {
       utsname name{};
       return of_call(uname(&name), "told");
     }},
    {"set the machine's name", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(sethostname("selftest", 8), "set"); }},
    {"ask for the machine's load", Stop::killed, Twin::works,
     [](const Surroundings&) {
       struct sysinfo load {};
       return of_call(sysinfo(&load), "told");
     }},
    {"set the clock", Stop::killed, Twin::harmful,
     [](const Surroundings&) {
       const timeval epoch{};
       return of_call(settimeofday(&epoch, nullptr), "set");
     }},
    {"reboot", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(reboot(RB_DISABLE_CAD), "done"); }},
    {"swap to a file", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(swapon("/swap", 0), "swapping"); }},
#ifdef __x86_64__
    {"use a 32-bit system call", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return use_32_bit_call(); }},
    {"use an x32 system call", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return use_x32_call(); }},
    {"get at the ports of the machine", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(syscall(SYS_iopl, 3), "done"); }},
    {"change the descriptor table", Stop::killed, Twin::harmful,
     [](const Surroundings&) {
       char entry[16] = {};
       return of_call(syscall(SYS_modify_ldt, 1, entry, sizeof entry), "changed");
     }},
#endif
    {"use a call that does not exist", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(syscall(4000), "it does"); }},
};

}  // namespace

std::span<const Act> kernel_acts() { return kActs; }

}  // namespace kiyome::sanitizer::selftest
