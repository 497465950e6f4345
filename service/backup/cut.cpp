#include "service/backup/cut.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "proto/base/limits.h"
#include "service/base/beneath.h"
#include "service/base/errors.h"
#include "service/store/original_segment.h"

namespace kiyome::backup {
namespace {

constexpr std::string_view kDatabase{"SQLite format 3\0", 16};
constexpr int kLook = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

bool is_left_out(std::string_view name) {
  return name.ends_with(".new") || name.ends_with("-shm") || name.ends_with("-journal");
}

struct EndList {
  void operator()(DIR* list) const { ::closedir(list); }
};

// Every folder, then every file in it, by path; `use` opens what it wants.
void walk(int root, const std::string& path, const std::set<std::string>& without, std::size_t depth,
          const std::function<void(const std::string& path, bool is_folder)>& use) {
  if (depth > limits::kBackupDepth) throw TemporaryFailure("folders are too deep: " + path);
  Descriptor folder = open_beneath(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!folder && errno == ENOENT) return;
  if (!folder) throw_errno("open " + path);
  const std::unique_ptr<DIR, EndList> list(::fdopendir(folder.get()));
  if (!list) throw_errno("list " + path);
  folder.release();
  std::set<std::string> names;
  while (const dirent* entry = ::readdir(list.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && !is_left_out(name) && !(path.empty() && without.contains(name)))
      names.insert(name);
  }
  for (const std::string& name : names) {
    const std::string below = path.empty() ? name : path + "/" + name;
    struct stat status {};
    if (::fstatat(::dirfd(list.get()), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;  // it went
    if (S_ISDIR(status.st_mode)) {
      use(below, true);
      walk(root, below, {}, depth + 1, use);
    } else if (S_ISREG(status.st_mode)) {
      use(below, false);
    }
  }
}

bool is_log_of(const std::string& path, const std::set<std::string>& databases) {
  return path.ends_with("-wal") && databases.contains(path.substr(0, path.size() - 4));
}

// A writer under load lets go for moments only, so it is asked often; all others wait meanwhile, and their
// patience is 5 s.
int ask_again(void*, int times) {
  ::usleep(1000);
  return times < 1500 ? 1 : 0;
}

}  // namespace

void write_file(FrameWriter& out, int file, std::uint64_t size) {
  for (std::uint64_t at = 0; at < size;) {
    const std::string piece = store::original::read_at(
        file, at, static_cast<std::size_t>(std::min<std::uint64_t>(size - at, limits::kBackupBlock)));
    if (piece.empty()) break;  // it was cut since
    out.data(piece);
    at += piece.size();
  }
  ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
}

Cut::Cut(const std::string& folder, const std::set<std::string>& without)
    : folder_(folder), without_(without) {
  root_.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_) throw_errno("open " + folder);
  find_databases();
  hold();
  open_all();
}

Cut::~Cut() = default;

// Before the first connection is opened: see files_.
void Cut::find_databases() {
  walk(root_.get(), "", without_, 0, [&](const std::string& path, bool is_folder) {
    if (is_folder) return;
    const Descriptor file = open_beneath(root_.get(), path, kLook);
    if (file && store::original::read_at(file.get(), 0, kDatabase.size()) == kDatabase)
      databases_.insert(path);
  });
}

void Cut::hold() {
  for (const std::string& path : databases_) {
    Held held{std::make_unique<store::Database>(folder_ + "/" + path),
              std::make_unique<store::Database>(folder_ + "/" + path)};
    sqlite3_busy_handler(store::sqlite_handle(*held.writer), ask_again, nullptr);
    held.writer->execute("BEGIN IMMEDIATE");
    held.reader->execute("BEGIN");
    store::Statement(*held.reader, "SELECT count(*) FROM sqlite_schema").one([](const store::Row&) {});
    held_.push_back(std::move(held));
  }
}

void Cut::open_all() {
  walk(root_.get(), "", without_, 0, [&](const std::string& path, bool is_folder) {
    if (is_folder) {
      struct stat status {};
      const Descriptor here = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (here && ::fstat(here.get(), &status) == 0) folders_.emplace_back(path, status.st_mode & 07777U);
    } else if (!is_log_of(path, databases_)) {
      open_file(path);
    }
  });
  for (const std::string& path : databases_) keep_log(path);
}

void Cut::open_file(const std::string& path) {
  Opened opened{path, 0, 0, open_beneath(root_.get(), path, kLook)};
  if (!opened.file && errno == ENOENT) return;  // nothing that a database names: those are held
  struct stat status {};
  if (!opened.file || ::fstat(opened.file.get(), &status) != 0) throw_errno("open " + folder_ + "/" + path);
  if (!S_ISREG(status.st_mode)) return;
  if (files_.size() >= limits::kBackupFiles) throw TemporaryFailure(folder_ + ": too many files");
  opened.mode = status.st_mode & 07777U;
  opened.size = static_cast<std::uint64_t>(status.st_size);
  files_.push_back(std::move(opened));
}

// It will be written on, and begun anew, as soon as the lock is let go: so it is copied now.
void Cut::keep_log(const std::string& path) {
  const Descriptor log = open_beneath(root_.get(), path + "-wal", kLook);
  if (!log && errno == ENOENT) return;
  struct stat status {};
  if (!log || ::fstat(log.get(), &status) != 0) throw_errno("open " + path + "-wal");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > limits::kBackupLog) throw TemporaryFailure(path + "-wal: too long");
  Opened kept{path + "-wal", status.st_mode & 07777U, size, Descriptor(::memfd_create("log", MFD_CLOEXEC))};
  if (!kept.file) throw_errno("memfd_create");
  for (std::uint64_t at = 0; at < size;) {
    const std::string piece = store::original::read_at(log.get(), at, 1u << 20);
    if (piece.empty()) break;
    if (::write(kept.file.get(), piece.data(), piece.size()) != static_cast<ssize_t>(piece.size()))
      throw_errno("memfd");
    at += piece.size();
  }
  files_.push_back(std::move(kept));
}

void Cut::let_go() {
  for (Held& held : held_) held.writer->execute("ROLLBACK");
}

void Cut::write(FrameWriter& out) {
  for (const auto& [path, mode] : folders_) out.folder(mode, path);
  for (const Opened& each : files_) {
    out.file(each.mode, each.path);
    write_file(out, each.file.get(), each.size);
    out.file_end();
  }
}

}  // namespace kiyome::backup
