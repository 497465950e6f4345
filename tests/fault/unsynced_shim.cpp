// A disk that remembers only what was synced. Linked into a copy of the programs, it stands before libc's
// file calls (the executable's symbols win over the library's, for SQLite too) and keeps, beside each
// …/data/… tree, a …/shadow/… tree that gets a file's changed octets when fsync or fdatasync says so, and not
// before. After a kill -9 the shadow is what a power cut would have left. Renames and unlinks count at once,
// as a journalled directory may.

// libc's own names are wanted here, not what these settings make of them.
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace {

struct File {
  std::vector<std::pair<off_t, off_t>> dirty;  // [begin, end) not synced yet
  bool truncated = false;
};

std::mutex mutex;
std::map<std::pair<dev_t, ino_t>, File>& files() {
  static auto* const all = new std::map<std::pair<dev_t, ino_t>, File>;
  return *all;
}

std::string path_of(int fd) {
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

// Empty for what is not ours to shadow.
std::string shadow_of(std::string path) {
  const std::size_t at = path.find("/data/");
  if (at == std::string::npos || path.ends_with("-shm")) return {};
  return path.replace(at, 6, "/shadow/");
}

// Of a name within an open folder; a folder that is reached by its descriptor has a path of its own all the
// same.
std::string whole_path(int folder, const char* name) {
  if (name[0] == '/') return name;
  char here[4096];
  const std::string base =
      folder == AT_FDCWD ? (::getcwd(here, sizeof here) != nullptr ? here : "") : path_of(folder);
  return base + "/" + name;
}

bool identity(int fd, std::pair<dev_t, ino_t>& key) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  key = {status.st_dev, status.st_ino};
  return true;
}

void changed(int fd, off_t begin, ssize_t count) {
  std::pair<dev_t, ino_t> key;
  if (count <= 0 || !identity(fd, key)) return;
  const std::lock_guard lock(mutex);
  auto& dirty = files()[key].dirty;
  if (!dirty.empty() && dirty.back().second == begin)
    dirty.back().second = begin + count;
  else
    dirty.emplace_back(begin, begin + count);
}

void make_parents(const std::string& path) {
  for (std::size_t at = path.find("/shadow/") + 8; (at = path.find('/', at)) != std::string::npos; ++at)
    ::mkdir(path.substr(0, at).c_str(), 0777);
}

void copy_range(int from, int to, off_t begin, off_t end) {
  std::vector<char> buffer(1 << 20);
  while (begin < end) {
    const auto want =
        static_cast<std::size_t>(std::min<off_t>(end - begin, static_cast<off_t>(buffer.size())));
    const ssize_t count = ::syscall(SYS_pread64, from, buffer.data(), want, begin);
    if (count <= 0 || ::syscall(SYS_pwrite64, to, buffer.data(), count, begin) != count) return;
    begin += count;
  }
}

void synced(int fd) {
  std::pair<dev_t, ino_t> key;
  if (!identity(fd, key)) return;
  const std::string shadow = shadow_of(path_of(fd));
  if (shadow.empty()) return;
  File file;
  {
    const std::lock_guard lock(mutex);
    std::swap(file, files()[key]);
  }
  make_parents(shadow);
  const int to =
      static_cast<int>(::syscall(SYS_openat, AT_FDCWD, shadow.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0660));
  const std::string self = "/proc/self/fd/" + std::to_string(fd);
  const int from = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, self.c_str(), O_RDONLY | O_CLOEXEC, 0));
  for (const auto& [begin, end] : file.dirty) copy_range(from, to, begin, end);
  struct stat status {};
  ::fstat(fd, &status);
  ::syscall(SYS_ftruncate, to, status.st_size);
  ::close(to);
  ::close(from);
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* octets, size_t size) {
  const off_t at = ::lseek(fd, 0, SEEK_CUR);
  const ssize_t count = ::syscall(SYS_write, fd, octets, size);
  if (at >= 0 && count > 0) {
    const off_t end = ::lseek(fd, 0, SEEK_CUR);  // O_APPEND moves first
    changed(fd, end - count, count);
  }
  return count;
}
ssize_t pwrite(int fd, const void* octets, size_t size, off_t at) {
  const ssize_t count = ::syscall(SYS_pwrite64, fd, octets, size, at);
  changed(fd, at, count);
  return count;
}
ssize_t pwrite64(int fd, const void* octets, size_t size, off_t at) { return pwrite(fd, octets, size, at); }
ssize_t pwritev(int fd, const iovec* parts, int number, off_t at) {
  const ssize_t count = ::syscall(SYS_pwritev, fd, parts, number, at, 0);
  changed(fd, at, count);
  return count;
}
ssize_t pwritev64(int fd, const iovec* parts, int number, off_t at) { return pwritev(fd, parts, number, at); }
int fdatasync(int fd) {
  const int result = static_cast<int>(::syscall(SYS_fdatasync, fd));
  if (result == 0) synced(fd);
  return result;
}
int fsync(int fd) {
  const int result = static_cast<int>(::syscall(SYS_fsync, fd));
  if (result == 0) synced(fd);
  return result;
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  const std::string old_name = shadow_of(whole_path(from_folder, from));
  const std::string new_name = shadow_of(whole_path(to_folder, to));
  const int result = static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
  const int error = errno;
  if (result == 0 && !old_name.empty())
    ::syscall(SYS_renameat2, AT_FDCWD, old_name.c_str(), AT_FDCWD, new_name.c_str(), 0);
  errno = error;
  return result;
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return renameat2(from_folder, from, to_folder, to, 0);
}
int rename(const char* from, const char* to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }
int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  const std::string old_name = shadow_of(whole_path(from_folder, from));
  const std::string new_name = shadow_of(whole_path(to_folder, to));
  const int result = static_cast<int>(::syscall(SYS_linkat, from_folder, from, to_folder, to, flags));
  const int error = errno;
  if (result == 0 && !old_name.empty())
    ::syscall(SYS_linkat, AT_FDCWD, old_name.c_str(), AT_FDCWD, new_name.c_str(), 0);
  errno = error;
  return result;
}
int unlinkat(int folder, const char* path, int flags) {
  const std::string name = shadow_of(whole_path(folder, path));
  const int result = static_cast<int>(::syscall(SYS_unlinkat, folder, path, flags));
  const int error = errno;
  if (result == 0 && !name.empty()) ::syscall(SYS_unlinkat, AT_FDCWD, name.c_str(), flags);
  errno = error;
  return result;
}
int unlink(const char* path) { return unlinkat(AT_FDCWD, path, 0); }

}  // extern "C"
