#include "sanitizers/host/stage.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proto/base/limits.h"
#include "proto/clean/exit_codes.h"
#include "sanitizers/host/confine.h"
#include "sanitizers/host/landlock.h"

namespace kiyome::sanitizer {
namespace {

constexpr const char* kScratch = "/tmp";
// Of a job's /tmp: the input, the intermediate PDF and what the engine lays aside. Memory of the machine, so
// capped; the engine's own profile folders and temporary files are some hundred inodes.
constexpr const char* kScratchOptions = "size=1g,nr_inodes=4k,mode=700";
constexpr unsigned long kScratchFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
static_assert(kScratchFlags == kStageMountFlags, "the zygote's filter allows this mount and no other");

constexpr Limit kLimits[] = {
    {RLIMIT_FSIZE, limits::kOfficeFile},     // the input's copy, the PDF; a runaway file ends its job only
    {RLIMIT_NPROC, limits::kOfficeThreads},  // of this user in this namespace: the engine's threads count
    {RLIMIT_NOFILE, limits::kOfficeOpen},    // fonts, temporary files, the package being read
};

// Within the working folder, that will be the root: "/a/b" becomes "./a/b", with its folders.
std::string place_for(const char* path) {
  std::string place = std::string(".") + path;
  for (std::size_t at = place.find('/', 2); at != std::string::npos; at = place.find('/', at + 1)) {
    const std::string folder = place.substr(0, at);
    require(mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST, path);
  }
  return place;
}

void lay_file(const char* path, std::string_view octets) {
  const int file = open(place_for(path).c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
  require(file >= 0, path);
  require(write(file, octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()), path);
  close(file);
}

// false when there is no such thing. Links are followed: what stands on the stage is what they lead to.
bool show(const char* path) {
  struct stat status {};
  if (stat(path, &status) != 0) return false;
  const std::string place = place_for(path);
  if (S_ISDIR(status.st_mode)) {
    require(mkdir(place.c_str(), 0755) == 0 || errno == EEXIST, path);
  } else {
    lay_file(path, {});
  }
  require(mount(path, place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, path);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
  if (!S_ISCHR(status.st_mode)) attributes.attr_set |= MOUNT_ATTR_NODEV;
  require(
      syscall(SYS_mount_setattr, AT_FDCWD, place.c_str(), AT_RECURSIVE, &attributes, sizeof attributes) == 0,
      "mount_setattr: read-only, Linux 5.12 or later is needed");
  return true;
}

// On Debian /lib and its like are links into /usr, and programs and libraries are asked for by both names.
void show_links() {
  for (const char* path : {"/lib", "/lib64"}) {
    char target[256];
    const ssize_t size = readlink(path, target, sizeof target - 1);
    if (size <= 0) continue;
    target[size] = '\0';
    require(symlink(target, (std::string(".") + path).c_str()) == 0, path);
  }
}

void enter_stage_root(const Stage& stage) {
  enter_new_mount(0, "size=4m,nr_inodes=1k,mode=755");
  for (const char* path : stage.needed) require(show(path), path);
  for (const char* path : stage.optional) show(path);
  for (const Stage::File& file : stage.own) lay_file(file.path, file.octets);
  show_links();
  require(mkdir("./tmp", 0700) == 0, "mkdir: /tmp");
  require(mount("none", ".", nullptr, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                "size=4m,nr_inodes=1k,mode=755") == 0,
          "mount: read-only root");
  enter_new_root();
  require(mount("none", kScratch, "tmpfs", kScratchFlags, kScratchOptions) == 0, "mount: /tmp");
}

// What the engine has made in /tmp so far; its names are copied into every job.
std::vector<std::string> scratch_folders(const std::string& below) {
  std::vector<std::string> out;
  DIR* const folder = opendir(below.c_str());
  require(folder != nullptr, "/tmp");
  while (const dirent* entry = readdir(folder)) {
    const std::string path = below + "/" + entry->d_name;
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    out.push_back(path);
    require(out.size() <= limits::kOfficeFolders, "/tmp: too many folders");
  }
  closedir(folder);
  return out;
}

bool enter_own_scratch(const std::vector<std::string>& folders) {
  if (unshare(CLONE_NEWNS) != 0) return false;
  if (mount("none", kScratch, "tmpfs", kScratchFlags, kScratchOptions) != 0) return false;
  for (const std::string& folder : folders) {
    if (mkdir(folder.c_str(), 0700) != 0) return false;
  }
  return true;
}

bool drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return syscall(SYS_capset, &header, none) == 0;
}

// An engine that reads or writes a standard stream must not meet a file that happens to have that number. The
// reading end of a pipe that nobody writes to: reading ends at once, writing fails.
bool stop_streams(int first, int last) {
  int ends[2];
  if (pipe2(ends, 0) != 0) return false;
  bool done = true;
  for (int number = first; number <= last; ++number)
    done = done && (ends[0] == number || dup2(ends[0], number) == number);
  for (const int end : ends)
    if (end > last) close(end);
  return done;
}

// What the engine keeps open goes into every job, and cannot be closed behind its back: a wake-up pipe, files
// of the stage. Anything else would lead out.
void look_at_descriptors() {
  for (int number = kControlSocket + 1; number < static_cast<int>(limits::kOfficeOpen); ++number) {
    struct stat status {};
    if (fstat(number, &status) != 0) continue;
    require(S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode),
            "the engine has opened what it should not have");
  }
  require(close_range(static_cast<unsigned>(limits::kOfficeOpen), ~0U, 0) == 0, "close_range");
}

}  // namespace

Filters enter_stage(const Stage& stage) {
  Filters filters = compile_filters(Profile::office);
  require(stop_streams(0, STDERR_FILENO - 1), "pipe");
  leave_root();
  enter_namespaces();
  enter_stage_root(stage);
  // Network and signals; files follow in each job, because Landlock on files forbids mounts as well. Before
  // the fork, as in confine().
  require(deny_network_by_landlock(), "landlock");
  const pid_t zygote = fork();
  require(zygote >= 0, "fork");
  require(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, "PR_SET_PDEATHSIG");
  if (zygote != 0) {
    set_limits(kLimits);
    drop_privileges(Keep::nothing);
    wait_for_zygote(zygote, filters);
  }
  return filters;
}

StagedJob confine_on_stage(const Stage& stage, Filters filters) {
  look_at_descriptors();
  // The kernel refuses this to a process with threads, and otherwise does nothing.
  require(unshare(CLONE_THREAD) == 0, "the engine has left a thread running");
  StagedJob out{std::move(filters.job), {}, scratch_folders(kScratch)};
  for (const char* path : stage.needed) out.readable.emplace_back(path);
  for (const char* path : stage.optional) out.readable.emplace_back(path);
  set_limits(kLimits);
  drop_privileges(Keep::mounting);
  take_filter(filters.zygote);
  return out;
}

std::string_view confine_staged_job(const StagedJob& with, int input, int answer, std::uint32_t cpu_seconds,
                                    std::uint64_t memory_bytes) {
  const std::string_view octets = map_sealed(input);
  bool done = enter_own_scratch(with.folders) && drop_capabilities();
  done = done && allow_by_landlock(with.readable, kScratch);
  done = done && dup2(answer, kAnswerPipe) == kAnswerPipe && close(answer) == 0 && close(input) == 0;
  done = done && stop_streams(STDERR_FILENO, STDERR_FILENO);
#ifdef KIYOME_ASAN
  static_cast<void>(memory_bytes);  // the shadow memory needs terabytes of addresses
#else
  done = done && limit(RLIMIT_AS, memory_bytes, memory_bytes);
#endif
  done = done && limit(RLIMIT_CPU, cpu_seconds, cpu_seconds + 1);
  if (!done) _exit(clean::kExitUnconfined);
  take_filter(with.filter);
  return octets;
}

}  // namespace kiyome::sanitizer
