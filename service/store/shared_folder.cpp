#include "service/store/shared_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "proto/base/item_id.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/sockets.h"

namespace kiyome::store {
namespace {

constexpr auto kDiskPatience = std::chrono::seconds(60);

std::string known_mark(Database& database) {
  std::string out;
  database.kept("SELECT mark FROM shared_folder").one([&](const Row& row) { out = row.text(0); });
  return out;
}

// Of several hosts that come at once one is first: the others find its whole mark.
void make_mark(int folder) {
  const std::string mark = new_item_id().text(), fresh = std::string(kFolderMark) + "." + mark;
  const Descriptor file(
      ::openat(folder, fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) throw_errno("mark the shared folder");
  const bool written = write_all(file.get(), mark + "\n", Steady::now() + kDiskPatience) &&
                       ::fchmod(file.get(), 0644) == 0 && ::fsync(file.get()) == 0 &&
                       (::linkat(folder, fresh.c_str(), folder, kFolderMark, 0) == 0 || errno == EEXIST);
  const int why = errno;
  ::unlinkat(folder, fresh.c_str(), 0);
  errno = why;
  if (!written || ::fsync(folder) != 0) throw_errno("mark the shared folder");
}

}  // namespace

std::string mark_of_folder(const std::string& path) {
  std::string text = read_file(path + "/" + kFolderMark).value_or("");
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Descriptor open_shared_folder(Database& database, const std::string& path) {
  Descriptor out(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out) throw_errno("open " + path);
  std::string known = known_mark(database);
  if (known.empty()) {
    if (mark_of_folder(path).empty()) make_mark(out.get());
    const std::string mark = mark_of_folder(path);
    if (mark.empty()) throw TemporaryFailure(path + "/" + kFolderMark + " cannot be read");
    database.kept("INSERT INTO shared_folder VALUES (1, ?) ON CONFLICT DO NOTHING").run(mark);
    known = known_mark(database);
  }
  if (mark_of_folder(path) != known)
    throw TemporaryFailure(path + ": not the folder that the database knows (" + kFolderMark +
                           "): is what is mounted there away?");
  return out;
}

}  // namespace kiyome::store
