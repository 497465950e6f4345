#include "service/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "service/base/errors.h"
#include "service/base/sockets.h"

namespace kiyome {
namespace {

constexpr std::size_t kPiece = 64u << 10;
constexpr auto kPatience = std::chrono::minutes(10);  // of a disk that says "later", which none does

}  // namespace

std::optional<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string out;
  for (;;) {  // its size may be told wrong: /proc, a pipe
    const long count = read_some(file.get(), out, kPiece, Steady::now() + kPatience);
    if (count < 0) return std::nullopt;
    if (count == 0) return out;
  }
}

NewFile::NewFile(std::string path, mode_t mode)
    : path_(std::move(path)), beside_(path_ + std::string(kMark)) {
  ::unlink(beside_.c_str());
  file_.reset(::open(beside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file_) throw_errno("create " + beside_);
}

NewFile::~NewFile() {
  if (file_ && !placed_) ::unlink(beside_.c_str());
}

void NewFile::allow(mode_t mode) {
  if (::fchmod(file_.get(), mode) != 0) throw_errno("rights of " + beside_);
}

void NewFile::write(std::string_view octets) {
  if (!write_all(file_.get(), octets, Steady::now() + kPatience)) throw_errno("write " + beside_);
}

void NewFile::finish() {
  if (::fsync(file_.get()) != 0) throw_errno("make durable " + beside_);
}

void NewFile::replace() {
  finish();
  if (::rename(beside_.c_str(), path_.c_str()) != 0) throw_errno("name " + path_);
  placed_ = true;
}

bool NewFile::place() {
  finish();
  placed_ = ::renameat2(AT_FDCWD, beside_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0;
  if (placed_ || errno == EEXIST) return placed_;
  // A file system that cannot (NFS): then between these two lines somebody else's may be lost.
  if (errno != EINVAL && errno != ENOSYS) throw_errno("name " + path_);
  struct stat there {};
  if (::lstat(path_.c_str(), &there) == 0) return false;
  replace();
  return true;
}

void NewFile::make_durable() const {
  const std::size_t slash = path_.rfind('/');
  const std::string above = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const Descriptor folder(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // EINVAL: a file system (a share, a medium) that knows no such thing.
  if (!folder || (::fsync(folder.get()) != 0 && errno != EINVAL)) throw_errno("make durable " + path_);
}

void write_file(const std::string& path, std::string_view octets, mode_t mode) {
  NewFile file(path, mode);
  file.allow(mode);
  file.write(octets);
  file.replace();
  file.make_durable();
}

}  // namespace kiyome
