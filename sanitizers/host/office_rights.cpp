// What LibreOffice needs of the kernel, found by killing it for everything else over some hundred real
// documents. Which files a call can reach is not said here but by the stage (stage.h) and by Landlock: a
// filter cannot look at paths.
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/prctl.h>

#include "sanitizers/host/confine.h"
#include "sanitizers/host/policy.h"
#include "sanitizers/host/rights.h"

namespace kiyome::sanitizer {
namespace {

// What pthread_create() of glibc passes; anything else would be a process or a new namespace.
constexpr std::uint64_t kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                                       CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
                                       CLONE_CHILD_CLEARTID;

constexpr Allowed kOfficeJob[] = {
    // Files: the stage, read-only, and the job's own /tmp.
    {SCMP_SYS(openat), "fonts, filters, settings; temporary files"},
    {SCMP_SYS(close), "…"},
    {SCMP_SYS(read), "…"},
    {SCMP_SYS(pread64), "…"},
    {SCMP_SYS(write), "temporary files; the answer, on its pipe"},
    {SCMP_SYS(pwrite64), "…"},
    {SCMP_SYS(lseek), "…"},
    {SCMP_SYS(ftruncate), "a temporary file shrinks"},
    {SCMP_SYS(fsync), "LibreOffice saves with care"},
    {SCMP_SYS(fdatasync), "…"},
    {SCMP_SYS(fstat), "how large a file is"},
    {SCMP_SYS(newfstatat), "…"},
    {SCMP_SYS(fcntl), "a font is opened and marked not to be passed on", {1, kInt, F_SETFD}},
    {SCMP_SYS(statfs), "what kind of file system /tmp is"},
    {SCMP_SYS(access), "whether a file is there"},
    {SCMP_SYS(faccessat2), "…"},
    {SCMP_SYS(getdents64), "folders of fonts and filters"},
    {SCMP_SYS(readlink), "…"},
    {SCMP_SYS(getcwd), "a damaged package is tried by another name: the folder is always the root"},
    {SCMP_SYS(mkdir), "folders for temporary files"},
    {SCMP_SYS(rmdir), "…"},
    {SCMP_SYS(unlink), "temporary files go"},
    {SCMP_SYS(rename), "a file is saved beside, then moved"},
    {SCMP_SYS(chmod), "a temporary file gets its mode"},
    // Memory.
    {SCMP_SYS(mmap), "files are mapped: fonts, the package; never executable", kNotExecutable},
    // Threads: the engine reads ahead in a stream and does pages side by side.
    {SCMP_SYS(clone), "a thread, nothing else", {0, kLong, kThreadFlags}},
    {SCMP_SYS(set_robust_list), "start of a thread"},
    {SCMP_SYS(rseq), "…"},
    {SCMP_SYS(rt_sigprocmask), "…"},
    {SCMP_SYS(prctl), "a thread has a name", {0, kInt, PR_SET_NAME}},
    {SCMP_SYS(gettid), "…"},
    {SCMP_SYS(sched_yield), "waits of threads"},
    {SCMP_SYS(futex), "locks of threads", {1, kInt, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME}},
    {SCMP_SYS(futex), "…", {1, kInt, FUTEX_WAIT_BITSET_PRIVATE}},
    {SCMP_SYS(futex), "…", {1, kInt, FUTEX_WAKE}},
    {SCMP_SYS(futex), "the end of a thread", {1, kInt, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME}},
    {SCMP_SYS(futex), "…", {1, kInt, FUTEX_WAIT}},
    {SCMP_SYS(futex), "…", {1, kInt, FUTEX_REQUEUE_PRIVATE}},
    {SCMP_SYS(futex), "…", {1, kInt, FUTEX_CMP_REQUEUE_PRIVATE}},
    {SCMP_SYS(clock_nanosleep), "a thread waits a moment"},
    {SCMP_SYS(exit), "the end of a thread"},
    // Itself and its time.
    {SCMP_SYS(getpid), "names of temporary files"},
    {SCMP_SYS(getuid), "whose files they are"},
    {SCMP_SYS(geteuid), "…"},
    {SCMP_SYS(getrandom), "names and identifiers by chance"},
    {SCMP_SYS(prlimit64), "the size of a thread's stack; nothing is set", {0, kInt, 0}, {2, kLong, 0}},
};

// What a child does before it takes its own filter.
constexpr Allowed kOfficeZygote[] = {
    {SCMP_SYS(unshare), "a job gets its own mounts", {0, kLong, CLONE_NEWNS}},
    {SCMP_SYS(mount), "… and in them its own /tmp, never anything else's", {3, kLong, kStageMountFlags}},
    {SCMP_SYS(capset), "a job gives up the right to mount"},
    {SCMP_SYS(pipe2), "standard streams that lead nowhere; the engine's new wake-up pipe after a fork"},
    {SCMP_SYS(fcntl), "… its flags", {1, kInt, F_GETFD}},
    {SCMP_SYS(dup2), "the answer pipe takes the place of the control socket"},
    {SCMP_SYS(landlock_create_ruleset), "Landlock on files"},
    {SCMP_SYS(landlock_add_rule), "…"},
    {SCMP_SYS(landlock_restrict_self), "…"},
    {SCMP_SYS(shutdown), "no more requests: the zygote is old", {0, kInt, kControlSocket}},
};

}  // namespace

std::span<const Allowed> office_job_rights() { return kOfficeJob; }
std::span<const Allowed> office_zygote_rights() { return kOfficeZygote; }

}  // namespace kiyome::sanitizer
