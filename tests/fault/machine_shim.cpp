// A machine whose wall clock and disk the test sets. Linked into a copy of the programs, this stands before
// libc's calls (the executable's symbols win over the library's, for OpenSSL, SQLite and Poco too). What the
// file `machine` beside the service's data folder says counts at once: how far the wall clock is from the
// real one, and how long every fsync takes in addition. The monotonic clock stays as it is, as it does when
// somebody sets the real one. The roles start with a clean environment and lose their rights; but their
// working folder is …/data/ROLE, and the file is mapped at the first call.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Machine {
  std::atomic<std::int64_t> clock;  // nanoseconds, of either sign
  std::atomic<std::int64_t> fsync;  // nanoseconds
};

// Null: there is no such file, and the machine is the real one.
const Machine* map_machine() {
  char path[4096];
  if (::getcwd(path, sizeof path - 16) == nullptr) return nullptr;
  char* const data = std::strstr(path, "/data/");
  if (data == nullptr) return nullptr;
  std::strcpy(data, "/machine");
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* const at = ::mmap(nullptr, sizeof(Machine), PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  return at == MAP_FAILED ? nullptr : static_cast<const Machine*>(at);
}

const Machine* machine() {
  static const Machine* const told = map_machine();
  return told;
}

void wait_for_the_disk() {
  const Machine* const told = machine();
  const std::int64_t wait = told == nullptr ? 0 : told->fsync.load(std::memory_order_relaxed);
  if (wait <= 0) return;
  const timespec pause{wait / kSecond, wait % kSecond};
  ::nanosleep(&pause, nullptr);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const int result = static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  const Machine* const told = result == 0 && wall ? machine() : nullptr;
  if (told == nullptr) return result;
  const std::int64_t all =
      std::int64_t{out->tv_sec} * kSecond + out->tv_nsec + told->clock.load(std::memory_order_relaxed);
  out->tv_sec = all / kSecond;
  out->tv_nsec = all % kSecond;
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(timeval* out, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

int fsync(int fd) {
  wait_for_the_disk();
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

int fdatasync(int fd) {
  wait_for_the_disk();
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

}  // extern "C"
