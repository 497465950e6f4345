#include "service/backup/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "proto/base/limits.h"
#include "service/backup/cut.h"
#include "service/backup/frames.h"
#include "service/backup/originals_copy.h"
#include "service/backup/part_process.h"
#include "service/backup/sealed_stream.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/sockets.h"

namespace kiyome::backup {
namespace {

class FolderPart : public Part {
 public:
  explicit FolderPart(const std::set<std::string>& without) : cut_(".", without) {}
  void let_go() override { cut_.let_go(); }
  void write(FrameWriter& out) override { cut_.write(out); }

 private:
  Cut cut_;
};

class OriginalsPart : public Part {
 public:
  void write(FrameWriter& out) override { copy_.write(out); }

 private:
  OriginalsCopy copy_{"."};
};

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

using Parts = std::vector<std::unique_ptr<PartProcess>>;

// All of them at one instant: FORMAT.md.
Parts hold_all(const std::string& data_dir) {
  static const std::map<std::string, std::set<std::string>> kWithout{
      {"edge", {"originals"}},
      {"cleaner", {"review.db", "review.db-wal", "looks"}},
      {"gate", {}},
      {"console", {}}};
  Parts out;
  for (const char* const role : {"edge", "cleaner", "gate", "console"}) {
    const std::string folder = data_dir + "/" + role;
    if (is_folder(folder))
      out.push_back(std::make_unique<PartProcess>(role, folder, supervisor::account_of(role), [&] {
        return std::make_unique<FolderPart>(kWithout.at(role));
      }));
  }
  const std::string originals = data_dir + "/edge/originals";
  if (is_folder(originals))
    out.push_back(std::make_unique<PartProcess>("originals", originals, supervisor::account_of("edge"),
                                                [] { return std::make_unique<OriginalsPart>(); }));
  if (out.empty()) throw ConfigError("data_dir: " + data_dir + ": there is nothing to back up");
  for (const auto& part : out) part->let_go();
  return out;
}

// A writer that does not come to its end within SQLite's patience holds up all others: then all are let go,
// and it is tried again.
Parts hold_all_patiently(const std::string& data_dir) {
  const auto deadline = Steady::now() + std::chrono::milliseconds(limits::kBackupLockMs);
  for (;;) {
    try {
      return hold_all(data_dir);
    } catch (const TemporaryFailure& trouble) {
      if (Steady::now() > deadline ||
          std::string_view(trouble.what()).find("locked") == std::string_view::npos)
        throw;
      log::info("backup waits", {{"why", std::string_view(trouble.what())}});
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  }
}

// The configuration and what it names: what a new host needs beside the data.
void write_settings(const Config& config, FrameWriter& out) {
  out.part("settings");
  std::set<std::string> paths{config.path,         config.smtp.recipients_file, config.tls_certificate,
                              config.tls_key,      config.returns.tls_ca,       config.deliver.tls_ca,
                              config.auth.ldap.ca, config.audit.syslog_ca,      config.transfer.certificate,
                              config.transfer.key, config.transfer.ca};
  for (const auto& [name, text] : config.template_texts) paths.insert(config.templates + "/" + name);
  std::uint64_t octets = 0;
  for (const std::string& path : paths) {
    if (path.empty() || path[0] != '/' || !is_sound_path(path.substr(1))) continue;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
      log::warning("not in the backup", {{"path", std::string_view(path)}});
      continue;
    }
    octets += static_cast<std::uint64_t>(status.st_size);
    if (octets > limits::kBackupSettings) throw TemporaryFailure("the configuration's files are too large");
    out.file(status.st_mode & 07777U, path.substr(1));
    write_file(out, file.get(), static_cast<std::uint64_t>(status.st_size));
    out.file_end();
  }
  out.part_end();
}

std::string about_json() {
  return fmt::format(R"({{"version":"{}","host":{},"time":"{}"}})", KIYOME_VERSION,
                     log::json_string(host_name()), iso_time(unix_ms_now()));
}

}  // namespace

std::uint64_t write_backup(const Config& config, const PublicKey& key, int file) {
  raise_descriptor_limit();
  const std::string about = about_json();
  const Parts parts = hold_all_patiently(config.data_dir);
  SealedWriter sealed(file, key);
  const Put put = [&](std::string_view octets) { sealed.put(octets); };
  FrameWriter frames(put);
  frames.about(about);
  for (const auto& part : parts) part->write(put);
  write_settings(config, frames);
  frames.end(parts.size() + 1);
  return sealed.finish();
}

}  // namespace kiyome::backup
