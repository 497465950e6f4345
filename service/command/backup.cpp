#include "service/command/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <set>

#include "service/backup/backup.h"
#include "service/backup/sealed_stream.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/log.h"
#include "service/base/sockets.h"

namespace kiyome::command {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "kiyome-";
constexpr const char* kSuffix = ".backup";

// "kiyome-HOST-20261122T093000Z.backup": the names' order is the times' order.
std::string file_name() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char when[32] = "";
  std::strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &parts);
  return kPrefix + host_name() + "-" + when + kSuffix;
}

void remove_oldest(const fs::path& folder, std::uint32_t keep) {
  std::set<fs::path> ours;
  const std::string beginning = kPrefix + host_name() + "-";
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.size() == beginning.size() + 16 + std::string_view(kSuffix).size() &&
        name.starts_with(beginning) && name.ends_with(kSuffix))
      ours.insert(entry.path());
  }
  for (auto each = ours.begin(); ours.size() > keep && each != ours.end(); each = ours.erase(each))
    fs::remove(*each);
}

backup::SecretKey secret_of(const std::string& path) {
  if (path.empty()) throw ConfigError("--key: the file with the secret key is missing");
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw ConfigError("--key: cannot read " + path);
  std::string text(4096, '\0');
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto key = backup::parse_secret(text);
  if (!key)
    throw ConfigError(
        "--key: " + path +
        ": 控えの秘密鍵ではない、または写し間違いです / no secret key of a backup, or a slip of the pen");
  return *key;
}

Descriptor opened(const std::string& path) {
  Descriptor file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_errno("open " + path);
  return file;
}

std::string total_text(const backup::Total& total) {
  return fmt::format("{}  部分 / parts {}, ファイル / files {}, {} B", total.about, total.parts, total.files,
                     total.octets);
}

std::uint64_t write_file(const Config& config, const backup::PublicKey& key, const fs::path& target) {
  const auto there = [&] {
    return ConfigError("--to: " + target.string() + ": 既にあります / it is there already");
  };
  if (fs::exists(target)) throw there();  // before all the work
  NewFile file(target.string());
  const std::uint64_t octets = backup::write_backup(config, key, file.descriptor());
  if (!file.place()) throw there();
  file.make_durable();
  return octets;
}

void tell_secret(const std::string& text, const backup::PublicKey& key, const std::string& file) {
  std::fputs(
      fmt::format("控えの鍵を作りました（指紋 {0}）。 / The keys of the backups are made (fingerprint {0}).\n"
                  "秘密鍵は、この機械には残りません。印刷して金庫に入れるか、別の場所に保管してください。\n"
                  "これを失うと、控えは誰にも開けません。これを持つ人は、控えの中のメールをすべて読めます。\n"
                  "The secret key does not stay on this machine. Print it and lock it away, or keep it at "
                  "another place.\n"
                  "Without it nobody can open a backup; whoever has it can read all mail in one.\n",
                  backup::fingerprint(key))
          .c_str(),
      stderr);
  if (file.empty())
    std::puts(text.c_str());
  else
    std::fputs(fmt::format("秘密鍵 / secret key: {}\n", file).c_str(), stderr);
}

}  // namespace

int backup_key(const Config& config, const BackupOptions& options) {
  fs::create_directories(config.data_dir);
  if (const auto there = backup::load_public_key(config.data_dir); there && !options.again)
    throw ConfigError("鍵は既にあります（指紋 " + backup::fingerprint(*there) +
                      "）。作り直すには --again / there is a key already; --again makes a new one, and "
                      "earlier backups still "
                      "need the old secret key");
  const backup::SecretKey secret = backup::make_secret_key();
  const backup::PublicKey key = backup::public_part(secret);
  const std::string text = backup::text_of(secret);
  if (!options.secret_to.empty()) {  // first: a public key without its secret part would be a trap
    const Descriptor file(::open(options.secret_to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) throw_errno("create " + options.secret_to);
    if (!write_all(file.get(), text + "\n", Steady::now() + std::chrono::seconds(60)) ||
        ::fsync(file.get()) != 0)
      throw_errno("write " + options.secret_to);
  }
  backup::store_public_key(config.data_dir, key);
  tell_secret(text, key, options.secret_to);
  return 0;
}

int backup(const Config& config, const BackupOptions& options) {
  if (options.to.empty()) throw ConfigError("--to: a folder, a file, or - is missing");
  const auto key = backup::load_public_key(config.data_dir);
  if (!key)
    throw ConfigError(
        "控えの鍵がありません。先に kiyome backup key を実行し、秘密鍵を別の場所に保管してください / there "
        "is no key: run "
        "`kiyome backup key` first and keep the secret key elsewhere");
  log::start("backup", "warning");
  std::string named = options.to;
  std::uint64_t octets = 0;
  if (options.to == "-") {
    octets = backup::write_backup(config, *key, STDOUT_FILENO);
  } else {
    const bool folder = fs::is_directory(options.to);
    if (folder) named = (fs::path(options.to) / file_name()).string();
    octets = write_file(config, *key, named);
    if (folder && options.keep > 0) remove_oldest(options.to, options.keep);
  }
  if (config.store.shared())
    std::fputs(
        "注意: PostgreSQL "
        "の中（アイテム・原本・監査記録・アカウント）は、この控えに入っていません。pg_basebackup "
        "か pg_dump で別に控えてください。\n"
        "Note: what is in PostgreSQL (items, originals, trails, accounts) is not in it: back that up by "
        "pg_basebackup or pg_dump.\n",
        stderr);
  std::fputs(
      fmt::format("控えました / backed up: {}  {} B  鍵 / key {}\n", named, octets, backup::fingerprint(*key))
          .c_str(),
      stderr);
  return 0;
}

int backup_verify(const BackupOptions& options) {
  const Descriptor file = opened(options.from);
  if (options.key.empty()) {
    const backup::SealedHead head = backup::read_head(file.get());
    if (::lseek(file.get(), 0, SEEK_SET) != 0) throw ConfigError("a pipe can be proved with --key only");
    const std::uint64_t octets = backup::check_sum(file.get());
    std::puts(fmt::format("{}: ok  {} B  鍵 / key {}  （中身の検証には --key / --key proves what is in it)",
                          options.from, octets, backup::fingerprint(head.key))
                  .c_str());
    return 0;
  }
  const backup::Total total = backup::verify_backup(file.get(), secret_of(options.key));
  std::puts((options.from + ": ok  " + total_text(total)).c_str());
  return 0;
}

int restore(const Config& config, const BackupOptions& options) {
  const backup::SecretKey secret = secret_of(options.key);
  const Descriptor file = opened(options.from);
  const backup::Side side = options.side == "gate"       ? backup::Side::gate
                            : options.side == "internet" ? backup::Side::internet
                                                         : backup::Side::all;
  log::start("restore", "warning");
  const backup::Total total = backup::restore_backup(config.data_dir, file.get(), secret, side);
  std::puts(fmt::format("復元しました / restored: {}  {}", config.data_dir, total_text(total)).c_str());
  std::puts(fmt::format(
                "設定は {0}/settings-restored にあります。 / The configuration is in {0}/settings-restored.",
                config.data_dir)
                .c_str());
  std::puts(
      "次に: OPERATE.md「控えと復元」の「復元のあと」を行ってください。 / Next: OPERATE.md, \"backup and "
      "restore\", after a "
      "restore.");
  return 0;
}

}  // namespace kiyome::command
