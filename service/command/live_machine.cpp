// What of the machine `kiyome check --live` looks at: kernel, programs, data, clock.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "service/backup/escrow_key.h"
#include "service/base/descriptor.h"
#include "service/cleaner/review/probes.h"
#include "service/command/live_check.h"
#include "service/supervisor/layout.h"
#include "service/supervisor/supervisor.h"
#include "service/workers/pool.h"

namespace kiyome::command {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMailReadyMs = 10'000, kOfficeReadyMs = 60'000;  // LibreOffice's first start is slow

// A child of another user, as the cleaner will be, tries to make what every sanitizer lives in.
bool namespaces_can_be_made() {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
    ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                      CLONE_NEWUTS) == 0
                ? 0
                : 1);
  }
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool seccomp_kills() {
  const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

long landlock_version() { return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1U /* what version? */); }

void add(Looks& into, bool good, const char* what, std::string ja, std::string en,
         Grade otherwise = Grade::bad) {
  into.push_back({good ? Grade::good : otherwise, what, std::move(ja), std::move(en)});
}

// Really starts one, so all of its libraries, rights and, for office files, LibreOffice and its fonts are
// there.
void start_sanitizer(const std::string& folder, const char* kind, std::uint32_t patience_ms, Looks& into) {
  const std::string path = folder + "/" + kind;
  Descriptor program(::open(path.c_str(), O_PATH | O_CLOEXEC));
  const std::string what = std::string("サンドボックス / sandbox ") + kind;
  if (!program) {
    add(into, false, what.c_str(), "ありません: " + path, "it is missing");
    return;
  }
  workers::Pool pool(kind, std::move(program));
  const bool ready = pool.wait_ready(patience_ms);
  add(into, ready, what.c_str(), ready ? "起動しました" : "起動しません（kiyome selftest で原因を確認）",
      ready ? "it starts" : "it does not start: see kiyome selftest");
}

// Without one of these, Japanese pages come out as boxes.
bool has_japanese_font() {
  std::error_code none;
  for (const char* const folder : {"/usr/share/fonts", "/usr/local/share/fonts"})
    for (auto each =
             fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, none);
         each != fs::recursive_directory_iterator(); each.increment(none)) {
      const std::string name = each->path().filename();
      for (const char* const known :
           {"ipag", "ipam", "ipaex", "NotoSansCJK", "NotoSerifCJK", "msgothic", "msmincho"})
        if (name.starts_with(known)) return true;
    }
  return false;
}

std::string size_text(std::uint64_t octets) {
  return fmt::format("{:.1f} GB", static_cast<double>(octets) / 1e9);
}

void look_at_disk(const Config& config, Looks& into) {
  fs::path where = config.data_dir;
  while (!fs::exists(where) && where.has_relative_path()) where = where.parent_path();
  struct statvfs room {};
  if (::statvfs(where.c_str(), &room) != 0) {
    add(into, false, "ディスク / disk", where.string() + ": 調べられません", "it cannot be looked at");
    return;
  }
  const std::uint64_t free = std::uint64_t{room.f_bavail} * room.f_frsize;
  const std::string text = fmt::format("{} {}, inode {}", config.data_dir, size_text(free), room.f_favail);
  const bool enough = free >= config.smtp.free_bytes_min &&
                      (room.f_files == 0 || room.f_favail >= config.smtp.free_inodes_min);
  const bool plenty = free / 10 >= config.smtp.free_bytes_min;
  into.push_back({!enough  ? Grade::bad
                  : plenty ? Grade::good
                           : Grade::note,
                  "空き容量 / free space", text, enough ? "free" : "too little: new mail is put off (452)"});
}

void look_at_owner(const std::string& data_dir, const std::string& role, Looks& into) {
  const std::string path = data_dir + "/" + role;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;  // made at the first start
  const supervisor::Account account = supervisor::account_of(role);
  const bool ours = S_ISDIR(status.st_mode) && status.st_uid == account.uid && (status.st_mode & 07) == 0;
  if (!ours && ::geteuid() != 0) return;  // who is not root does not know whose it is to be
  add(into, ours, "フォルダー / folder", ours ? path : path + ": 所有者か権限が違います",
      ours ? "its owner is right" : "wrong owner or mode");
}

}  // namespace

void look_at_kernel(const std::set<std::string>& roles, Looks& into) {
  if (!roles.contains("cleaner")) return;
  add(into, namespaces_can_be_made(), "カーネル / kernel",
      "利用者名前空間（kernel.unprivileged_userns_clone, user.max_user_namespaces）", "user namespaces");
  add(into, seccomp_kills(), "カーネル / kernel", "seccomp", "system call filters");
  const long version = landlock_version();
  add(into, version >= 1, "カーネル / kernel", fmt::format("Landlock（版 {}）", version), "access to files",
      Grade::note);
  const Descriptor memory(::memfd_create("check", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  add(into, static_cast<bool>(memory), "カーネル / kernel", "封印できるメモリ上のファイル (memfd)",
      "sealed files in memory");
}

void look_at_programs(const Config& config, const std::set<std::string>& roles, Looks& into) {
  const supervisor::Programs programs = supervisor::find_programs();
  if (roles.contains("gate"))
    add(into, ::access(programs.gate.c_str(), X_OK) == 0, "プログラム / program", "kiyome-gate",
        programs.gate);
  if (roles.contains("cleaner")) {
    for (const char* const kind : {"mail", "pdf", "image", "archive"})
      start_sanitizer(programs.sanitizers, kind, kMailReadyMs, into);
    start_sanitizer(programs.sanitizers, "office", kOfficeReadyMs, into);
    add(into, has_japanese_font(), "書体 / fonts", "日本語の書体（IPA・Noto CJK など）", "Japanese fonts");
    if (config.scan.clamd.empty()) {
      add(into, false, "clamd", "マルウェア検査は設定されていません", "no malware scan is configured",
          Grade::note);
    } else {
      const std::string trouble = cleaner::ping_clamd(config.scan.clamd);
      add(into, trouble.empty(), "clamd",
          trouble.empty() ? "応答しています" : "応答がありません（" + trouble + "）",
          trouble.empty() ? "it answers" : "it does not answer");
    }
  }
  const std::pair<const HttpConfig*, const char*> pages[] = {{&config.drop_box.http, "edge drop-box"},
                                                             {&config.pick_up.http, "gate pick-up"},
                                                             {&config.console.http, "console console"}};
  for (const auto& [http, names] : pages) {
    const std::string_view both = names;
    const std::string role(both.substr(0, both.find(' '))), folder(both.substr(both.find(' ') + 1));
    if (roles.contains(role) && !http->listen.empty())
      add(into, fs::exists(programs.web + "/" + folder), "画面 / pages", folder, programs.web + "/" + folder);
  }
}

void look_at_data(const Config& config, const std::set<std::string>& roles, Looks& into) {
  look_at_disk(config, into);
  if (::geteuid() == 0)
    for (const std::string& role : roles) {
      const std::string name = "kiyome-" + role;
      const bool there = ::getpwnam(name.c_str()) != nullptr;
      add(into, there, "利用者 / user", there ? name : name + " がありません（番号だけで動きます）",
          there ? "it is there" : "missing: the role runs as a number", Grade::note);
    }
  for (const std::string& role : roles) look_at_owner(config.data_dir, role, into);
  std::error_code none;
  const fs::perms mode = fs::status(config.data_dir, none).permissions();
  if (!none && fs::exists(config.data_dir, none))
    add(into, (mode & (fs::perms::group_write | fs::perms::others_write)) == fs::perms::none,
        "フォルダー / folder", config.data_dir, "nobody else may write to it");
  const auto key = backup::load_public_key(config.data_dir);
  add(into, key.has_value(), "控え / backup",
      key ? "鍵 " + backup::fingerprint(*key) : "鍵がありません（kiyome backup key）",
      key ? "its key" : "there is no key", Grade::note);
}

void look_at_clock(Looks& into) {
  timex state{};
  const int said = ::adjtimex(&state);
  const bool synchronised = said >= 0 && said != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  add(into, synchronised, "時計 / clock",
      synchronised ? "同期しています" : "同期していません（chrony か systemd-timesyncd を）",
      synchronised ? "synchronised" : "not synchronised: certificates, one-time codes and the trails need it",
      Grade::note);
}

}  // namespace kiyome::command
