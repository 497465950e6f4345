#include "service/edge/folder/walk.h"

#include <fcntl.h>

#include <cerrno>
#include <optional>

#include "proto/base/limits.h"
#include "service/base/beneath.h"
#include "service/edge/folder/names.h"

namespace kiyome::edge::folder {

const char* words_of(Unfit why) {
  switch (why) {
    case Unfit::none:
      return "";
    case Unfit::link:
      return "a symbolic link";
    case Unfit::hard_link:
      return "a file with several names (hard links)";
    case Unfit::special:
      return "no regular file";
    case Unfit::name:
      return "a name that cannot be read, or too long";
    case Unfit::depth:
      return "too many folders within each other";
    case Unfit::unreadable:
      return "cannot be read";
    case Unfit::size:
      return "larger than file_bytes_max";
    case Unfit::empty:
      return "empty";
  }
  return "";
}

bool Walk::enter(const std::string& path) {
  Descriptor folder = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!folder) return false;
  std::unique_ptr<DIR, Close> stream(::fdopendir(folder.get()));
  if (!stream) return false;
  folder.release();  // the stream's from now on
  levels_.push_back({std::move(stream), path});
  return true;
}

Walk::Step Walk::step(Found& into) {
  if (levels_.empty()) return Step::end;
  const Level& level = levels_.back();
  errno = 0;
  const dirent* const entry = ::readdir(level.stream.get());
  if (entry == nullptr) {
    incomplete_ = incomplete_ || errno != 0;
    levels_.pop_back();
    return levels_.empty() ? Step::end : Step::nothing;
  }
  const std::string name = entry->d_name;
  if (left_alone(name)) return Step::nothing;  // "." and ".." among them
  into = Found{level.path.empty() ? name : level.path + "/" + name, {}, Unfit::none};
  struct stat status {};
  if (::fstatat(::dirfd(level.stream.get()), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return Step::nothing;
    into.unfit = Unfit::unreadable;
    return Step::file;
  }
  into.identity = identity_of(status);
  const std::optional<std::string> told = told_path(into.path);
  if (S_ISLNK(status.st_mode)) {
    into.unfit = Unfit::link;
  } else if (!told || told->size() > limits::kFolderName) {
    into.unfit = Unfit::name;
  } else if (S_ISDIR(status.st_mode)) {
    if (levels_.size() >= limits::kFolderDepth)
      into.unfit = Unfit::depth;
    else if (enter(into.path) || errno == ENOENT || errno == EAGAIN)
      return Step::nothing;
    else
      into.unfit = Unfit::unreadable;
  } else if (!S_ISREG(status.st_mode)) {
    into.unfit = Unfit::special;
  } else if (status.st_nlink != 1) {
    into.unfit = Unfit::hard_link;
  } else if (status.st_size == 0) {
    into.unfit = Unfit::empty;  // begun, or nothing that could be cleaned
  }
  return Step::file;
}

}  // namespace kiyome::edge::folder
