#include "service/supervisor/layout.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include "service/base/clock.h"
#include "service/base/errors.h"

namespace kiyome::supervisor {
namespace {

// Without system users (started from a build folder as root) the roles still get numbers of their own, far
// from people's.
constexpr uid_t kFirstNumber = 61351;

constexpr auto kLockPatience = std::chrono::seconds(12);  // a role takes ten to stop

[[noreturn]] void refuse(const std::string& data_dir, const std::string& what) {
  throw ConfigError("data_dir: " + data_dir + ": " + what + ": " + std::strerror(errno));
}

Descriptor make_directory(int parent, const char* name, const Account& owner, gid_t group, mode_t mode,
                          const std::string& data_dir) {
  if (::mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
    refuse(data_dir, std::string("cannot create ") + name);
  Descriptor directory(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) refuse(data_dir, std::string("cannot open ") + name);
  if (owner.change && ::fchown(directory.get(), owner.uid, group) != 0) refuse(data_dir, "cannot give away");
  if (::fchmod(directory.get(), mode) != 0) refuse(data_dir, "cannot set the mode");
  return directory;
}

// Each role holds the lock too. When a supervisor died alone its roles are still finishing what is in hand:
// two of them must never share a database.
bool locked(int file) {
  const auto deadline = Steady::now() + kLockPatience;
  while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || Steady::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

void expect_whole(const std::string& data_dir) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(data_dir, none))
    if (entry.path().filename().string().starts_with(kUnfinishedRestore))
      throw ConfigError(
          "data_dir: " + data_dir +
          ": 復元が途中です。もう一度復元してください / a restore was not finished: run it again");
}

}  // namespace

Account account_of(const std::string& role) {
  if (::geteuid() != 0) return {::getuid(), ::getgid(), false};
  const std::string name = "kiyome-" + role;
  if (const passwd* entry = ::getpwnam(name.c_str())) return {entry->pw_uid, entry->pw_gid, true};
  const uid_t number = kFirstNumber + (role == "edge"      ? 0
                                       : role == "cleaner" ? 1
                                       : role == "gate"    ? 2
                                       : role == "console" ? 3
                                                           : 4);
  return {number, number, true};
}

Layout lay_out(const std::string& data_dir, Unfinished unfinished) {
  std::error_code trouble;
  std::filesystem::create_directories(data_dir, trouble);
  if (unfinished == Unfinished::refused) expect_whole(data_dir);
  Layout out;
  out.data.reset(::open(data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out.data) refuse(data_dir, "cannot open");
  const Account root{::geteuid(), ::getegid(), false};
  const Account edge = account_of("edge"), cleaner = account_of("cleaner"), gate = account_of("gate"),
                console = account_of("console");
  if (edge.change && ::fchmod(out.data.get(), 0711) != 0) refuse(data_dir, "cannot set the mode");
  const int data = out.data.get();
  out.run = make_directory(data, "run", root, root.gid, 0711, data_dir);
  out.lock.reset(::openat(out.run.get(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!out.lock || !locked(out.lock.get())) refuse(data_dir, "another kiyome serves it");
  out.edge = make_directory(data, "edge", edge, cleaner.gid, 0710, data_dir);
  // set-group-id: what edge writes there, the cleaner may read.
  make_directory(out.edge.get(), "originals", edge, cleaner.gid, edge.change ? 02750 : 0700, data_dir);
  out.cleaner = make_directory(data, "cleaner", cleaner, cleaner.gid, 0700, data_dir);
  out.gate = make_directory(data, "gate", gate, gate.gid, 0700, data_dir);
  out.console = make_directory(data, "console", console, console.gid, 0700, data_dir);
  return out;
}

}  // namespace kiyome::supervisor
