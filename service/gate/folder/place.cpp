#include "service/gate/folder/place.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "proto/base/limits.h"
#include "service/base/beneath.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/gate/folder/names.h"

namespace kiyome::gate {
namespace {

constexpr const char* kShelf = ".kiyome";
constexpr unsigned kVariants = 1000;  // of one name, before it is trouble
// For whom the share's own group or its access list lets in; the role's umask takes the others' rights.
constexpr mode_t kFileMode = 0664, kFolderMode = 0775;

struct CloseStream {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

}  // namespace

Place::Place(int parent, const std::string& name)
    : root_(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
  if (!root_) throw_errno("output folder");
  if (::mkdirat(root_.get(), kShelf, 0700) != 0 && errno != EEXIST) throw_errno("output folder: .kiyome");
  shelf_ = open_beneath(root_.get(), kShelf, O_RDONLY | O_DIRECTORY);
  struct stat status {};
  if (!shelf_ || ::fstat(shelf_.get(), &status) != 0) throw_errno("output folder: .kiyome");
  shelf_number_ = status.st_ino;
}

void Place::lay_out(const std::string& name, std::string_view octets) {
  const std::string made = name + std::string(kNew);
  if (::unlinkat(shelf_.get(), made.c_str(), 0) != 0 && errno != ENOENT) throw_errno("output folder");
  const Descriptor file(
      ::openat(shelf_.get(), made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!file) throw_errno("output folder");
  while (!octets.empty()) {
    const ssize_t count =
        ::write(file.get(), octets.data(), std::min<std::size_t>(octets.size(), limits::kHttpBuffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw_errno("output folder: write");
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file.get()) != 0 || ::renameat(shelf_.get(), made.c_str(), shelf_.get(), name.c_str()) != 0)
    throw_errno("output folder: fsync");
}

// Shares that cannot do this for a folder (EINVAL) do it when a name is made.
void Place::sync_shelf() {
  if (::fsync(shelf_.get()) != 0 && errno != EINVAL) throw_errno("output folder: fsync");
}

bool Place::lies_there(const std::string& name) {
  struct stat status {};
  if (::fstatat(shelf_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (errno != ENOENT) throw_errno("output folder");
  return false;
}

void Place::take_away(const std::string& name) {
  ::unlinkat(shelf_.get(), name.c_str(), 0);
  ::unlinkat(shelf_.get(), (name + std::string(kNew)).c_str(), 0);
}

std::vector<std::string> Place::laid_out() {
  Descriptor again = open_beneath(root_.get(), kShelf, O_RDONLY | O_DIRECTORY);
  const std::unique_ptr<DIR, CloseStream> stream(again ? ::fdopendir(again.get()) : nullptr);
  if (!stream) throw_errno("output folder: .kiyome");
  again.release();  // the stream's from now on
  std::vector<std::string> out;
  while (const dirent* entry = ::readdir(stream.get()))
    if (entry->d_name[0] != '.') out.emplace_back(entry->d_name);
  return out;
}

Descriptor Place::folder(const std::string& path) {
  Descriptor out = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
  if (!out) throw_errno("output folder: " + path);
  return out;
}

std::string Place::make_folders(const std::vector<std::string>& parts) {
  std::string path;
  for (const std::string& part : parts) {
    for (unsigned number = 1;; ++number) {
      const Descriptor above = folder(path);
      const std::string name = variant(part, number);
      const bool made = ::mkdirat(above.get(), name.c_str(), kFolderMode) == 0;
      if (!made && errno != EEXIST) throw_errno("output folder: " + name);
      if (made && ::fsync(above.get()) != 0 && errno != EINVAL) throw_errno("output folder: fsync");
      const std::string next = path.empty() ? name : path + "/" + name;
      if (open_beneath(root_.get(), next, O_RDONLY | O_DIRECTORY)) {
        path = next;
        break;
      }
      // A file, a link, or another file system has that name.
      const bool in_the_way = errno == ENOTDIR || errno == ELOOP || errno == EXDEV;
      if (!in_the_way || number >= kVariants) throw_errno("output folder: " + name);
    }
  }
  return path;
}

bool Place::stands(const std::string& path) {
  const Descriptor above = folder(folder_of(path));
  struct stat status {};
  if (::fstatat(above.get(), name_of(path).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (errno != ENOENT) throw_errno("output folder: " + path);
  return false;
}

std::optional<Digest> Place::digest_of(const std::string& path, std::uint64_t bytes_max) {
  const Descriptor file = open_beneath(root_.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  Sha256 hash;
  std::string piece(limits::kHttpBuffer, '\0');
  for (std::uint64_t got = 0; got <= bytes_max;) {
    const ssize_t count = ::read(file.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return hash.finish();
    hash.add(std::string_view(piece.data(), static_cast<std::size_t>(count)));
    got += static_cast<std::uint64_t>(count);
  }
  return std::nullopt;
}

bool Place::put(const std::string& name, const std::string& path) {
  const Descriptor above = folder(folder_of(path));
  if (rename_beside(shelf_.get(), name, above.get(), name_of(path))) return true;
  if (errno != EEXIST) throw_errno("output folder: " + path);
  return false;
}

void Place::put_over(const std::string& name, const std::string& path) {
  const Descriptor above = folder(folder_of(path));
  if (::renameat(shelf_.get(), name.c_str(), above.get(), name_of(path).c_str()) != 0)
    throw_errno("output folder: " + path);
}

void Place::sync(const std::string& path) {
  if (::fsync(folder(path).get()) != 0 && errno != EINVAL) throw_errno("output folder: fsync");
}

}  // namespace kiyome::gate
