#include "service/sight/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>

#include "proto/base/limits.h"
#include "service/base/clock.h"

namespace kiyome::sight {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Sampled once: this is as near to the start as a role's first word.
const double kStarted = static_cast<double>(unix_ms_now()) / 1000;

// Without "." and "..". Bounded by the process's own limit.
double entries_of(const char* folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder), ::closedir);
  double out = 0;
  while (open && ::readdir(open.get()) != nullptr) ++out;
  return out > 2 ? out - 2 : 0;
}

std::uint64_t octets_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return 0;
  if (!S_ISDIR(status.st_mode)) return static_cast<std::uint64_t>(status.st_size);
  std::uint64_t out = 0;
  std::size_t seen = 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(path.c_str()), ::closedir);
  if (!open) return 0;
  for (const dirent* entry = nullptr; seen < limits::kSightFiles && (entry = ::readdir(open.get()));) {
    ++seen;
    if (::fstatat(::dirfd(open.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode))
      out += static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  return out;
}

}  // namespace

void show_process(Sheet& sheet) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  sheet.counter("process_cpu_seconds_total", "CPU time of this process, user and system",
                seconds(used.ru_utime) + seconds(used.ru_stime));
  std::ifstream file("/proc/self/statm");
  double pages = 0, resident = 0;
  file >> pages >> resident;
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  sheet.gauge("process_virtual_memory_bytes", "Virtual memory", pages * page);
  sheet.gauge("process_resident_memory_bytes", "Memory in use", resident * page);
  sheet.gauge("process_open_fds", "Open descriptors", entries_of("/proc/self/fd"));
  rlimit most{};
  if (::getrlimit(RLIMIT_NOFILE, &most) == 0)
    sheet.gauge("process_max_fds", "Most descriptors", static_cast<double>(most.rlim_cur));
  sheet.gauge("process_threads", "Threads", entries_of("/proc/self/task"));
  sheet.gauge("process_start_time_seconds", "When this process began, Unix time", kStarted);
  sheet.gauge("kiyome_build_info", "The version that runs; always 1", 1, {{"version", KIYOME_VERSION}});
}

std::optional<Space> space_of(const std::string& folder) {
  struct statvfs now {};
  if (::statvfs(folder.c_str(), &now) != 0) return std::nullopt;
  return Space{std::uint64_t{now.f_bavail} * now.f_frsize, std::uint64_t{now.f_blocks} * now.f_frsize};
}

void show_disk(Sheet& sheet, const std::string& folder, const std::vector<Stored>& stored) {
  if (const std::optional<Space> space = space_of(folder)) {
    sheet.gauge("kiyome_disk_free_bytes", "Free space where this role keeps its data",
                static_cast<double>(space->free));
    sheet.gauge("kiyome_disk_size_bytes", "Size of that file system", static_cast<double>(space->whole));
  }
  for (const Stored& each : stored)
    sheet.gauge("kiyome_stored_bytes", "What stands on the disk", static_cast<double>(octets_of(each.path)),
                {{"what", each.name}});
}

}  // namespace kiyome::sight
