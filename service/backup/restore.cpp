// Reads a backup: the proving of it, and its way back to a data directory.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <set>

#include "service/backup/backup.h"
#include "service/backup/frames.h"
#include "service/backup/sealed_stream.h"
#include "service/base/beneath.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"
#include "service/supervisor/layout.h"

namespace kiyome::backup {
namespace {

namespace fs = std::filesystem;
using supervisor::Account;

Total read_all(int file, const SecretKey& secret, const std::function<void(const Frame&)>& use) {
  SealedHead head = read_head(file);
  SealedReader sealed(file, std::move(head), secret);
  FrameReader frames;
  Total out;
  for (std::string octets = sealed.next(); !octets.empty(); octets = sealed.next()) {
    const Result<void> fine = frames.take(octets, [&](const Frame& frame) {
      if (frame.type == FrameType::about) out.about = frame.text;
      if (frame.type == FrameType::part) ++out.parts;
      if (frame.type == FrameType::file) ++out.files;
      if (frame.type == FrameType::data) out.octets += frame.text.size();
      use(frame);
    });
    if (!fine) throw PermanentFailure("この控えは壊れています / the backup is damaged: " + fine.error().what);
  }
  if (!frames.ended()) throw PermanentFailure("この控えは途中で終わっています / the backup ends too early");
  return out;
}

bool is_wanted(std::string_view part, Side side) {
  static const std::set<std::string, std::less<>> kInternet{"edge", "originals", "cleaner", "console"};
  if (part == "settings") return true;
  if (part == "gate") return side != Side::internet;
  return kInternet.contains(part) && side != Side::gate;
}

// Puts the files of the wanted parts below one folder that nobody else can enter.
class Staging {
 public:
  Staging(std::string folder, Side side) : folder_(std::move(folder)), side_(side) {
    fs::remove_all(folder_);  // of a restore that was not finished
    if (::mkdir(folder_.c_str(), 0700) != 0) throw_errno("create " + folder_);
    root_.reset(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root_) throw_errno("open " + folder_);
  }

  void use(const Frame& frame) {
    switch (frame.type) {
      case FrameType::part:
        part_.reset();
        if (!is_wanted(frame.text, side_)) return;
        part_ = std::string(frame.text);
        make_folder(*part_, 0700);
        return;
      case FrameType::folder:
        if (part_) make_folder(*part_ + "/" + std::string(frame.text), frame.mode);
        return;
      case FrameType::file:
        if (part_) make_file(*part_ + "/" + std::string(frame.text), frame.mode);
        return;
      case FrameType::data:
        if (file_ && !write_all(file_.get(), frame.text, Steady::now() + kDiskPatience))
          throw_errno("write " + folder_);
        return;
      case FrameType::file_end:
        file_.reset();
        return;
      default:
        return;
    }
  }

  // After the last file: a folder that may not be written to would have taken none.
  void set_modes() const {
    for (const auto& [path, mode] : modes_)
      if (::fchmodat(root_.get(), path.c_str(), mode | 0700U, 0) != 0) throw_errno("set the mode of " + path);
  }
  void make_durable() const {
    if (::syncfs(root_.get()) != 0) throw_errno("make durable " + folder_);
  }

 private:
  static constexpr auto kDiskPatience = std::chrono::minutes(5);

  Descriptor above(const std::string& path) {
    Descriptor out = open_beneath(root_.get(), folder_of(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!out) throw PermanentFailure("この控えは壊れています / the backup is damaged: no folder for " + path);
    return out;
  }
  // Settings come without the folders above them.
  void make_folder(const std::string& path, std::uint32_t mode) {
    const Descriptor where = above(path);
    if (::mkdirat(where.get(), name_of(path).c_str(), 0700) != 0 && errno != EEXIST)
      throw_errno("create " + path);
    modes_.emplace_back(path, mode & 0777U);
  }
  void make_file(const std::string& path, std::uint32_t mode) {
    if (part_ == "settings")
      for (std::size_t slash = path.find('/', part_->size() + 1); slash != std::string::npos;
           slash = path.find('/', slash + 1))
        make_folder(path.substr(0, slash), 0700);
    const Descriptor where = above(path);
    file_.reset(::openat(where.get(), name_of(path).c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_) throw_errno("create " + path);
    if (::fchmod(file_.get(), part_ == "settings" ? 0600 : mode & 0777U) != 0)
      throw_errno("set the mode of " + path);
  }

  std::string folder_;
  Side side_;
  Descriptor root_, file_;
  std::optional<std::string> part_;
  std::vector<std::pair<std::string, std::uint32_t>> modes_;
};

void give(const fs::path& path, uid_t uid, gid_t gid) {
  if (::lchown(path.c_str(), uid, gid) != 0) throw_errno("give away " + path.string());
}

// Moves what stands in `from` into the role's folder, with its owner.
void move_in(const fs::path& from, const fs::path& to, const Account& owner, gid_t group) {
  if (!fs::exists(from)) return;
  if (owner.change)
    for (const auto& entry : fs::recursive_directory_iterator(from)) give(entry.path(), owner.uid, group);
  for (const auto& entry : fs::directory_iterator(from)) {
    const fs::path target = to / entry.path().filename();
    fs::remove_all(target);  // of a restore that was not finished
    fs::rename(entry.path(), target);
  }
  fs::remove(from);
}

bool has_files(const fs::path& folder) {
  if (!fs::exists(folder)) return false;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_directory()) return true;
  return false;
}

void expect_empty(const fs::path& data_dir, Side side) {
  for (const char* const role : {"edge", "cleaner", "gate", "console"})
    if (is_wanted(role, side) && has_files(data_dir / role))
      throw ConfigError(
          "data_dir: " + (data_dir / role).string() +
          ": 既にデータがあります。別の空のフォルダーに復元してください / there is data already: restore "
          "into an empty folder");
}

std::string staging_name(Side side) {
  return std::string(supervisor::kUnfinishedRestore) + (side == Side::all        ? "all"
                                                        : side == Side::internet ? "internet"
                                                                                 : "gate");
}

}  // namespace

Total verify_backup(int file, const SecretKey& secret) {
  return read_all(file, secret, [](const Frame&) {});
}

Total restore_backup(const std::string& data_dir, int file, const SecretKey& secret, Side side) {
  const fs::path data = data_dir, staging = data / staging_name(side);
  // What an unfinished one of the same kind put there may be written over, and nothing else.
  const bool again = fs::exists(staging);
  for (const Side other : {Side::all, Side::internet, Side::gate})
    if (other != side && fs::exists(data / staging_name(other)))
      throw ConfigError((data / staging_name(other)).string() +
                        ": 別の復元が途中です / another restore was not finished: run that one again");
  if (!again) expect_empty(data, side);
  const supervisor::Layout layout = supervisor::lay_out(data_dir, supervisor::Unfinished::allowed);
  Staging stage(staging, side);
  const Total out = read_all(file, secret, [&](const Frame& frame) { stage.use(frame); });
  stage.set_modes();
  stage.make_durable();
  const Account cleaner = supervisor::account_of("cleaner");
  for (const char* const role : {"gate", "console", "cleaner", "edge"}) {
    const Account account = supervisor::account_of(role);
    move_in(staging / role, data / role, account, account.gid);
  }
  // What edge writes there, the cleaner may read.
  move_in(staging / "originals", data / "edge/originals", supervisor::account_of("edge"), cleaner.gid);
  if (fs::exists(staging / "settings")) {
    fs::remove_all(data / "settings-restored");
    fs::rename(staging / "settings", data / "settings-restored");
  }
  if (!load_public_key(data_dir)) store_public_key(data_dir, public_part(secret));
  stage.make_durable();
  fs::remove_all(staging);  // only now may it be served
  if (::syncfs(layout.data.get()) != 0) throw_errno("make durable " + data_dir);
  return out;
}

}  // namespace kiyome::backup
