#include "service/edge/folder/place.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "proto/base/limits.h"
#include "service/base/beneath.h"
#include "service/base/digest.h"
#include "service/base/errors.h"

namespace kiyome::edge::folder {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
constexpr std::string_view kHidden = ".kiyome-";  // names.h leaves such names alone

bool is_plain(const struct stat& status) { return S_ISREG(status.st_mode) && status.st_nlink == 1; }

void write_whole(int fd, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(fd, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw_errno("memory for a file");
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
}

// Reads at most `octets`; gives how many there were. Nothing: errno says why, or 0 when asked to stop.
template <class Use>
std::optional<std::uint64_t> read_file(int fd, std::uint64_t octets, const std::atomic<bool>* stop,
                                       Use&& use) {
  std::string piece(limits::kOriginalBuffer, '\0');
  std::uint64_t got = 0;
  while (got < octets) {
    if (stop != nullptr && *stop) {
      errno = 0;
      return std::nullopt;
    }
    const ssize_t count = ::read(fd, piece.data(), std::min<std::uint64_t>(piece.size(), octets - got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    use(std::string_view(piece.data(), static_cast<std::size_t>(count)));
    got += static_cast<std::uint64_t>(count);
  }
  return got;
}

// Numbers of files are made up anew by some shares, so what else is equal is looked into.
bool is_copied(int folder, const std::string& name, const struct stat& status, const Identity& copied,
               const std::array<std::uint8_t, 32>& digest) {
  const Identity now = identity_of(status);
  if (now == copied) return true;
  if (!S_ISREG(status.st_mode) || now.bytes != copied.bytes || now.changed_ns != copied.changed_ns)
    return false;
  const Descriptor file = open_beneath(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return false;
  Sha256 hash;
  const auto add = [&](std::string_view octets) { hash.add(octets); };
  return read_file(file.get(), copied.bytes + 1, nullptr, add) == copied.bytes && hash.finish() == digest;
}

// Under its own name, or beside what took its place in the meantime.
bool put_back(int folder, const std::string& hidden, const std::string& name, const ItemId& item) {
  return rename_beside(folder, hidden, folder, name) ||
         rename_beside(folder, hidden, folder, item.text() + "-" + name);
}

}  // namespace

Identity identity_of(const struct stat& status) {
  return {status.st_ino, static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

Copy copy_whole(int root, const std::string& path, const Identity& wanted, const std::atomic<bool>& stop) {
  Copy out;
  const auto because = [&](Copy::Outcome outcome, int trouble) {
    out.outcome = outcome;
    out.trouble = trouble;
    out.memory.reset();
    return std::move(out);
  };
  const Descriptor file = open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file)
    return because(errno == ENOENT || errno == EAGAIN ? Copy::Outcome::changed : Copy::Outcome::refused,
                   errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return because(Copy::Outcome::refused, errno);
  if (!is_plain(status)) return because(Copy::Outcome::refused, 0);
  if (identity_of(status) != wanted) return because(Copy::Outcome::changed, 0);
  out.memory.reset(::memfd_create("kiyome-file", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!out.memory) throw_errno("memfd_create");
  Sha256 hash;
  // One octet more than there was: a file that grows is seen.
  const auto got = read_file(file.get(), wanted.bytes + 1, &stop, [&](std::string_view octets) {
    write_whole(out.memory.get(), octets);
    hash.add(octets);
  });
  if (!got) return because(errno == 0 ? Copy::Outcome::stopped : Copy::Outcome::refused, errno);
  if (*got != wanted.bytes || ::fstat(file.get(), &status) != 0 || !is_plain(status) ||
      identity_of(status) != wanted)
    return because(Copy::Outcome::changed, 0);
  if (::fcntl(out.memory.get(), F_ADD_SEALS, kSeals) != 0 || ::lseek(out.memory.get(), 0, SEEK_SET) != 0)
    throw_errno("sealing a copy");
  out.digest = hash.finish();
  out.outcome = Copy::Outcome::whole;
  return out;
}

Removal remove_copied(int root, const std::string& path, const Identity& copied,
                      const std::array<std::uint8_t, 32>& digest, const ItemId& item) {
  const Descriptor folder = open_beneath(root, folder_of(path), O_RDONLY | O_DIRECTORY);
  if (!folder) return errno == ENOENT ? Removal::gone : Removal::failed;
  const std::string name = name_of(path), hidden = std::string(kHidden) + item.text();
  const auto look = [&](const std::string& at, struct stat& status) {
    return ::fstatat(folder.get(), at.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  };
  struct stat status {};
  if (!look(hidden, status)) {
    if (errno != ENOENT) return Removal::failed;
    if (!look(name, status)) return errno == ENOENT ? Removal::gone : Removal::failed;
    if (!is_copied(folder.get(), name, status, copied, digest)) return Removal::changed;
    if (!rename_beside(folder.get(), name, folder.get(), hidden))
      return errno == ENOENT ? Removal::gone : Removal::failed;
    if (!look(hidden, status)) return Removal::failed;
  }
  const bool ours = is_copied(folder.get(), hidden, status, copied, digest);
  if (ours && ::unlinkat(folder.get(), hidden.c_str(), 0) == 0) return Removal::gone;
  const int trouble = errno;
  if (!put_back(folder.get(), hidden, name, item)) return Removal::failed;
  errno = trouble;
  return ours ? Removal::failed : Removal::changed;
}

void sync_folder(int root, const std::string& folder) {
  const Descriptor opened = open_beneath(root, folder, O_RDONLY | O_DIRECTORY);
  if (opened) ::fsync(opened.get());
}

}  // namespace kiyome::edge::folder
