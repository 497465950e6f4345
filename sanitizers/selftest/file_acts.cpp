// Files, folders, programs, mounts.
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sanitizers/selftest/acts.h"

namespace kiyome::sanitizer::selftest {
namespace {

constexpr const char* kFile = "selftest-file";
constexpr const char* kOther = "selftest-other";
constexpr const char* kFolder = "selftest-folder";

Outcome run_shell() {
  char* const arguments[] = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>("exit 42"),
                             nullptr};
  return of_call(execve("/bin/sh", arguments, nullptr), "");
}

Outcome run_from_memory() {
  char* const arguments[] = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>("exit 42"),
                             nullptr};
  return of_call(syscall(SYS_execveat, AT_FDCWD, "/bin/sh", arguments, nullptr, 0), "");
}

constexpr Act kActs[] = {
    {"read /etc/passwd", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(open("/etc/passwd", O_RDONLY), "opened"); }},
    {"open by the old call", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(syscall(SYS_open, "/etc/passwd", O_RDONLY), "opened"); }},
    {"open by the new call", Stop::killed, Twin::works,
     [](const Surroundings&) {
       const std::uint64_t how[3] = {O_RDONLY, 0, 0};
       return of_call(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof how), "opened");
     }},
    {"open own memory in /proc", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(open("/proc/self/mem", O_RDWR), "opened"); }},
    {"open a device", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(open("/dev/null", O_RDWR), "opened"); }},
    {"list the root folder", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(open("/", O_RDONLY | O_DIRECTORY), "opened"); }},
    {"look for a file", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(access("/etc/passwd", F_OK), "it is there"); }},
    {"ask about a file", Stop::killed, Twin::works,
     [](const Surroundings&) {
       struct stat status {};
       return of_call(stat("/etc/passwd", &status), "it has a size");
     }},
    {"create a file", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(open(kFile, O_CREAT | O_RDWR, 0600), "created"); }},
    {"link a file", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(link(kFile, kOther), "linked"); }},
    {"rename a file", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(rename(kOther, "selftest-third"), "renamed"); }},
    {"truncate a file", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(truncate(kFile, 0), "truncated"); }},
    {"change a file's mode", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(chmod(kFile, 04755), "changed"); }},
    {"change a file's owner", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return of_call(chown(kFile, 1, 1), "changed"); }},
    {"remove a file", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(unlink(kFile), "removed"); }},
    {"make a folder", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(mkdir(kFolder, 0700), "made"); }},
    {"make a symbolic link", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(symlink("/etc", "selftest-link"), "made"); }},
    {"make a device", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return of_call(mknod("selftest-null", S_IFCHR | 0600, 0x103), "made"); }},
    {"enter a folder", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(chdir(kFolder), "entered"); }},
    {"ask for the working folder", Stop::killed, Twin::works,
     [](const Surroundings&) {
       char path[4096];
       return of_call(syscall(SYS_getcwd, path, sizeof path), "told");
     }},
    {"execute a shell", Stop::killed, Twin::works, [](const Surroundings&) { return run_shell(); }},
    {"execute by execveat", Stop::killed, Twin::works, [](const Surroundings&) { return run_from_memory(); }},
    {"make a file in memory", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(memfd_create("selftest", 0), "made"); }},
    {"watch files", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(inotify_init1(0), "watching"); }},
    {"mount a file system", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(mount("none", "/", "tmpfs", 0, nullptr), "mounted"); }},
    {"prepare a mount by the new calls", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return of_call(syscall(SYS_fsopen, "tmpfs", 0), "prepared"); }},
    {"unmount the root", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(umount2("/", MNT_DETACH), "unmounted"); }},
    {"change the root", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return of_call(chroot("/"), "changed"); }},
    {"pivot the root", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(syscall(SYS_pivot_root, ".", "."), "changed"); }},
    {"open by file handle", Stop::killed, Twin::harmful,
     [](const Surroundings&) {
       alignas(8) char handle[64] = {8, 0, 0, 0, 1};
       return of_call(syscall(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY), "opened");
     }},
};

}  // namespace

std::span<const Act> file_acts() { return kActs; }

}  // namespace kiyome::sanitizer::selftest
