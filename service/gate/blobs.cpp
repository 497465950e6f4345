#include "service/gate/blobs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "proto/base/item_id.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"
#include "service/store/shared_folder.h"

namespace kiyome::gate {
namespace {

using store::Blob;
using store::Row;

constexpr auto kDiskPatience = std::chrono::seconds(600);
constexpr std::size_t kChunk = 1u << 20;       // octets of one row
constexpr std::size_t kInMemory = 4u << 20;    // what is larger and comes from rows is read into a file
constexpr std::string_view kInRows = "rows/";  // no file has such a name
constexpr std::int64_t kStrayMs = 86'400'000;

// What is on the disk after a failed fsync is unknown, and a second one may say "fine" without having
// written.
void sync_or_die(int fd) {
  if (::fsync(fd) == 0) return;
  std::fprintf(stderr, "fsync failed: the process ends\n");
  std::abort();
}

}  // namespace

Blobs::Blobs(const GateAt& at, store::Database& database) : at_(at), database_(database) {
  if (at_.shared()) tag_ = "." + new_item_id().text();
  if (at_.shared() && !at_.blobs.empty()) {
    folder_ = store::open_shared_folder(database_, at_.blobs);
    return;
  }
  const std::string folder = at_.folder + "/blobs";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("mkdir " + folder);
  folder_.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_) throw_errno("open " + folder);
}

std::string Blobs::write(const std::string& stem, std::string_view octets) {
  // The name is never used twice, so nobody reads what is written again.
  const std::string name =
      stem + "." + std::to_string(unix_ms_now()) + "." + std::to_string(++number_) + tag_;
  return at_.blobs.empty() ? write_rows(std::string(kInRows) + name, octets) : write_file(name, octets);
}

std::string Blobs::write_file(const std::string& name, std::string_view octets) {
  Descriptor file(::openat(folder_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                           at_.shared() ? 0640 : 0600));
  if (!file) throw_errno("blobs/" + name);
  made_.push_back(name);
  if (!write_all(file.get(), octets, Steady::now() + kDiskPatience)) throw_errno("blobs/" + name);
  unsynced_.push_back(std::move(file));
  return name;
}

std::string Blobs::write_rows(const std::string& name, std::string_view octets) {
  store::Statement& add = database_.kept("INSERT INTO blobs VALUES (?, ?, ?)");
  for (std::int64_t number = 0; !octets.empty(); ++number) {
    const std::string_view chunk = octets.substr(0, kChunk);
    add.run(name, number, Blob{chunk});
    octets.remove_prefix(chunk.size());
  }
  return name;
}

void Blobs::drop(std::string name) {
  if (name.starts_with(kInRows))
    database_.kept("DELETE FROM blobs WHERE name = ?").run(name);
  else
    dropped_.push_back(std::move(name));
}

void Blobs::before_commit() {
  if (unsynced_.empty()) return;
  for (const Descriptor& file : unsynced_) sync_or_die(file.get());
  unsynced_.clear();
  sync_or_die(folder_.get());
}

void Blobs::committed() {
  for (const std::string& name : dropped_) ::unlinkat(folder_.get(), name.c_str(), 0);
  made_.clear();
  dropped_.clear();
}

void Blobs::rolled_back() {
  unsynced_.clear();
  for (const std::string& name : made_) ::unlinkat(folder_.get(), name.c_str(), 0);
  made_.clear();
  dropped_.clear();
}

void Blobs::remove_strays(const std::set<std::string, std::less<>>& named) {
  const std::string path = at_.blobs.empty() ? at_.folder + "/blobs" : at_.blobs;
  std::error_code trouble;
  std::vector<std::string> stray;
  for (const auto& entry : std::filesystem::directory_iterator(path, trouble))
    if (!named.contains(entry.path().filename().string())) stray.push_back(entry.path().filename());
  for (const std::string& name : stray) {
    struct stat status {};
    const bool young = ::fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
                       status.st_mtim.tv_sec * 1000 > unix_ms_now() - kStrayMs;
    // Of a folder that is shared only what bears such a name: it may be no folder of ours alone.
    const bool ours = ItemId::parse(name.substr(name.find_last_of('.') + 1)).has_value();
    if (at_.shared() && (young || !ours)) continue;
    ::unlinkat(folder_.get(), name.c_str(), 0);
  }
}

std::shared_ptr<const Content> Blobs::read(store::Database& database, const std::string& name) const {
  if (!name.starts_with(kInRows)) return Content::map(folder_.get(), name);
  store::Statement& chunk = database.kept("SELECT octets FROM blobs WHERE name = ? AND number = ?");
  std::string octets;
  Descriptor file;  // without a name: it is gone with its last user
  for (std::int64_t number = 0;; ++number) {
    if (!chunk.one([&](const Row& row) { octets += row.blob(0); }, name, number)) break;
    if (octets.size() < kInMemory && !file) continue;
    if (!file) file.reset(::openat(folder_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file || !write_all(file.get(), octets, Steady::now() + kDiskPatience)) throw_errno("blobs");
    octets.clear();
  }
  if (!file && octets.empty()) throw TemporaryFailure("blobs/" + name + ": it is gone");
  if (!file) return std::make_shared<Content>(std::move(octets));
  if (!write_all(file.get(), octets, Steady::now() + kDiskPatience)) throw_errno("blobs");
  return Content::map(file);
}

}  // namespace kiyome::gate
