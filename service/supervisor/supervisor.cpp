#include "service/supervisor/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>

#include "service/base/config_values.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/base/template_files.h"
#include "service/store/original_log.h"
#include "service/supervisor/process.h"
#include "service/supervisor/role_config.h"

namespace kiyome::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr auto kStopPatience = 9s;  // then SIGKILL: stopping takes ten seconds at the most
constexpr auto kRestartFirst = 100ms;
constexpr auto kRestartMax = 30s;
constexpr auto kStable = 60s;  // a role that lived so long starts again at once

std::string file_text(const std::string& path, const char* key) {
  std::optional<std::string> text = read_file(path);
  if (!text) throw ConfigError(std::string(key) + ": cannot read " + path);
  return std::move(*text);
}

// The configuration, and files that roles need and could not open themselves after their rights are dropped.
RoleProcess::Texts role_texts(const std::string& role, const Config& config) {
  RoleProcess::Texts out{{"config", config_for(role, config)}};
  const auto add = [&](const char* name, const char* key, const std::string& path) {
    if (!path.empty()) out.emplace_back(name, file_text(path, key));
  };
  if (role == "edge") {
    add("recipients", "edge.smtp.recipients_file", config.smtp.recipients_file);
  } else if (role == "gate") {
    add("deliver_tls_ca", "gate.deliver.tls_ca", config.deliver.tls_ca);
  }
  if (role == "edge" || role == "cleaner") add("return_tls_ca", "edge.return.tls_ca", config.returns.tls_ca);
  if (role == "cleaner" && !config.template_texts.empty())
    out.emplace_back("templates", pack_templates(config.template_texts));
  add("syslog_ca", "audit.syslog_ca", config.audit.syslog_ca);
  if (role == "cleaner" || role == "gate") {  // who speaks to the other zone
    add("transfer_certificate", "transfer.certificate", config.transfer.certificate);
    add("transfer_key", "transfer.key", config.transfer.key);
    add("transfer_ca", "transfer.ca", config.transfer.ca);
  }
  // The cleaner serves nobody by it; it tells how long it holds.
  add("tls_certificate", "tls.certificate", config.tls_certificate);
  if (role != "cleaner" && role != "sight") {
    add("tls_key", "tls.key", config.tls_key);
    add("ldap_ca", "auth.ldap.ca", config.auth.ldap.ca);
  }
  return out;
}

// The key that originals are sealed for. An edge alone needs no more than the public half, so it may have no
// other (kiyome store keys export --for-edge).
store::CleanerPublicKey key_to_seal_for(const std::string& folder) {
  const auto there = [&](const char* name) { return ::access((folder + "/" + name).c_str(), F_OK) == 0; };
  if (!there("cleaner.key") && there("cleaner.pub"))
    return store::load_cleaner_public_key(folder + "/cleaner.pub");
  return store::load_or_make_cleaner_key(folder).public_key;
}

bool has_console(const Config& config) { return !config.console.http.listen.empty(); }

class Supervisor {
 public:
  Supervisor(const Config& config, const std::set<std::string>& roles)
      : config_(config), layout_(lay_out(config.data_dir)), programs_(find_programs()) {
    bind_everything(roles);
    share_folder(roles);
    for (const char* role : {"gate", "cleaner", "edge", "console"})  // receivers before senders
      if (roles.contains(role) && (role != std::string_view("console") || has_console(config)))
        add_role(role);
    if (!metrics_.empty()) add_role("sight");
  }

  int run();

 private:
  int keep(Descriptor descriptor) {
    kept_.push_back(std::move(descriptor));
    return kept_.back().get();
  }
  void bind_everything(const std::set<std::string>& roles);
  void bind_transfer(const std::set<std::string>& roles);
  void bind_unix(const std::string& name, const std::string& owner, const std::string& group);
  void bind_pages(const HttpConfig& http, const char* gift, const char* folder);
  void give_place(RoleProcess& role, const char* key, const std::string& folder);
  void share_folder(const std::set<std::string>& roles) const;
  void add_role(const std::string& role);
  void bind_sight(const std::set<std::string>& roles);
  RoleProcess::Texts texts_of(const std::string& role, const Config& config) const;
  void start_due();
  void reap();
  void hear(RoleProcess& role);
  void reload();
  void stop_all();
  int wait_ms() const;

  Config config_;
  Layout layout_;
  Programs programs_;
  std::vector<Descriptor> kept_;
  std::vector<int> smtp_, metrics_;
  std::vector<int> transfer_;  // where this host is the one that listens for the other zone's
  std::map<std::string, int> unix_;
  std::map<std::string, std::vector<Gift>> pages_;  // by the name of their listeners
  std::vector<RoleProcess> roles_;
};

void Supervisor::bind_unix(const std::string& name, const std::string& owner, const std::string& group) {
  unix_[name] = keep(listen_unix(layout_.run.get(), name));
  const Account account = account_of(owner);
  if (account.change && ::fchownat(layout_.run.get(), name.c_str(), account.uid, account_of(group).gid,
                                   AT_SYMLINK_NOFOLLOW) != 0)
    throw_errno("chown " + name);
  if (::fchmodat(layout_.run.get(), name.c_str(), owner == group ? 0600 : 0660, 0) != 0)
    throw_errno("chmod " + name);
}

// The listeners of a role's pages and the folder of their files; nothing when none are configured.
void Supervisor::bind_pages(const HttpConfig& http, const char* gift, const char* folder) {
  if (http.listen.empty()) return;
  std::vector<Gift>& gifts = pages_[gift];
  for (const HostPort& at : http.listen) gifts.push_back({gift, keep(listen_tcp(at, gift))});
  const std::string path = programs_.web + "/" + folder;
  const int web = keep(Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (web >= 0)
    gifts.push_back({"web", web});
  else  // built without node: programs can still use the interface
    log::warning("the pages are missing", {{"path", std::string_view(path)}});
}

// Where a shared folder stands: from there a role finds it also when it is mounted later, or anew.
void Supervisor::give_place(RoleProcess& role, const char* key, const std::string& folder) {
  if (folder.empty()) return;
  const std::string above = folder.substr(0, std::max<std::size_t>(folder.rfind('/'), 1));
  const int place = keep(Descriptor(::open(above.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)));
  if (place >= 0)
    role.gifts.push_back({"folder", place});
  else  // mail goes on without it
    log::error(
        "folder cannot be used before a restart",
        {{"key", std::string_view(key)}, {"path", above}, {"why", std::string_view(std::strerror(errno))}});
}

// The folders within `store.blobs` of the Internet side, when no host has made them yet: what edge writes
// into the first, the cleaner may read and remove. Where root has no say (NFS) an operator makes them.
void Supervisor::share_folder(const std::set<std::string>& roles) const {
  if (!config_.store.shared() || !config_.store.blobs_in_folder()) return;
  if (!roles.contains("edge") && !roles.contains("cleaner")) return;
  const Account edge = account_of("edge"), cleaner = account_of("cleaner");
  const auto make = [&](const std::string& path, uid_t owner, mode_t mode) {
    if (::mkdir(path.c_str(), 0700) != 0) return;
    if ((edge.change && ::chown(path.c_str(), owner, cleaner.gid) != 0) || ::chmod(path.c_str(), mode) != 0)
      log::warning("store.blobs", {{"path", path}, {"why", std::string_view(std::strerror(errno))}});
  };
  make(config_.store.blobs + "/originals", edge.uid, edge.change ? 02770 : 0700);
  make(config_.store.blobs + "/bundles", cleaner.uid, 0700);
}

// The cleaner's or the gate's: each host has one of them, unless both are on one and need no wire.
void Supervisor::bind_transfer(const std::set<std::string>& roles) {
  const TransferConfig& transfer = config_.transfer;
  if (transfer.mode == TransferMode::local || transfer.listen.empty()) return;
  if (!roles.contains("cleaner") && !roles.contains("gate")) return;
  if (const auto at = config_values::host_port(transfer.listen))
    transfer_.push_back(keep(listen_tcp(*at, "transfer.listen")));
}

void Supervisor::bind_everything(const std::set<std::string>& roles) {
  // What roles left that are on another host now: a command asks who has a socket here.
  for (const char* role : {"edge", "cleaner", "gate"})
    if (!roles.contains(role)) ::unlinkat(layout_.run.get(), (std::string(role) + ".admin.sock").c_str(), 0);
  bind_transfer(roles);
  if (roles.contains("edge")) {
    for (const HostPort& at : config_.smtp.listen) smtp_.push_back(keep(listen_tcp(at, "edge.smtp.listen")));
    bind_pages(config_.drop_box.http, "drop_box", "drop-box");
    bind_unix("edge.admin.sock", "edge", "edge");
  }
  if (roles.contains("cleaner")) {
    bind_unix("cleaner.sock", "cleaner", "edge");
    bind_unix("cleaner.admin.sock", "cleaner", "cleaner");
    if (has_console(config_)) bind_unix("review.sock", "cleaner", "console");
  }
  if (roles.contains("gate")) {
    if (config_.transfer.mode == TransferMode::local)
      bind_unix("gate.sock", "gate", "cleaner");
    else  // the Internet side is another host: nobody comes by a socket of this one
      ::unlinkat(layout_.run.get(), "gate.sock", 0);
    bind_unix("gate.admin.sock", "gate", "gate");
    bind_pages(config_.pick_up.http, "pick_up", "pick-up");
  }
  if (roles.contains("console") && has_console(config_)) {
    bind_unix("console.admin.sock", "console", "console");
    bind_pages(config_.console.http, "console", "console");
  } else {  // what an earlier configuration left: nobody answers there
    ::unlinkat(layout_.run.get(), "console.admin.sock", 0);
  }
  bind_sight(roles);
}

// Where each role tells how it fares, to the sight role alone. Nobody asks where no metrics are served.
void Supervisor::bind_sight(const std::set<std::string>& roles) {
  for (const HostPort& at : config_.metrics_listen)
    metrics_.push_back(keep(listen_tcp(at, "metrics.listen")));
  for (const char* role : {"gate", "cleaner", "console", "edge"}) {
    const std::string name = std::string(role) + ".sight.sock";
    ::unlinkat(layout_.run.get(), name.c_str(), 0);  // what an earlier configuration left
    if (metrics_.empty() || !roles.contains(role)) continue;
    if (role != std::string_view("console") || has_console(config_)) bind_unix(name, role, "sight");
  }
}

// The sight role is told whom to ask, those first whose word about others counts most.
RoleProcess::Texts Supervisor::texts_of(const std::string& role, const Config& config) const {
  RoleProcess::Texts out = role_texts(role, config);
  if (role != "sight") return out;
  std::string names;
  for (const char* each : {"gate", "cleaner", "console", "edge"})
    if (unix_.contains(std::string(each) + ".sight.sock")) names += std::string(each) + " ";
  out.emplace_back("roles", names);
  return out;
}

void Supervisor::add_role(const std::string& name) {
  RoleProcess role;
  role.role = name;
  role.account = account_of(name);
  role.program = name == "gate" ? programs_.gate : programs_.kiyome;
  role.accepted = texts_of(name, config_);
  role.gifts.push_back({"lock", layout_.lock.get()});  // data_dir is in use until the last role has ended
  if (const auto told = unix_.find(name + ".sight.sock"); told != unix_.end())
    role.gifts.push_back({"sight", told->second});
  if (name == "edge") {
    role.directory = layout_.edge.get();
    for (const int fd : smtp_) role.gifts.push_back({"smtp", fd});
    role.gifts.push_back({"admin", unix_.at("edge.admin.sock")});
    for (const Gift& gift : pages_["drop_box"]) role.gifts.push_back(gift);
    give_place(role, "edge.folder.watch", config_.folder.watch);
    const store::CleanerPublicKey key = key_to_seal_for(config_.data_dir + "/cleaner");
    const auto* octets = reinterpret_cast<const char*>(key.bytes.data());
    role.gifts.push_back({"cleaner_key", keep(memory_file("cleaner_key", {octets, key.bytes.size()}))});
  } else if (name == "cleaner") {
    role.directory = layout_.cleaner.get();
    store::load_or_make_cleaner_key(std::filesystem::path(config_.data_dir) / "cleaner");
    for (const char* file : {"cleaner.key", "cleaner.pub"})
      if (role.account.change && ::fchownat(layout_.cleaner.get(), file, role.account.uid, role.account.gid,
                                            AT_SYMLINK_NOFOLLOW) != 0)
        throw_errno(std::string("chown ") + file);
    role.gifts.push_back({"intake", unix_.at("cleaner.sock")});
    role.gifts.push_back({"admin", unix_.at("cleaner.admin.sock")});
    for (const int fd : transfer_) role.gifts.push_back({"transfer", fd});
    if (unix_.contains("review.sock")) role.gifts.push_back({"review", unix_.at("review.sock")});
    for (const std::string kind : {"mail", "archive", "office", "pdf", "image"}) {
      const std::string path = programs_.sanitizers + "/" + kind;
      const int program = keep(Descriptor(::open(path.c_str(), O_PATH | O_CLOEXEC)));
      if (program < 0) throw ConfigError("a sanitizer is missing: " + path);
      role.gifts.push_back({"sanitizer." + kind, program});
    }
    for (const std::string kind :
         {"selftest", "selftest-office"}) {  // for the self-check; no item needs them
      const int program =
          keep(Descriptor(::open((programs_.sanitizers + "/" + kind).c_str(), O_PATH | O_CLOEXEC)));
      if (program >= 0) role.gifts.push_back({"sanitizer." + kind, program});
    }
  } else if (name == "sight") {
    role.directory = layout_.run.get();
    for (const int fd : metrics_) role.gifts.push_back({"metrics", fd});
  } else if (name == "console") {
    role.directory = layout_.console.get();
    role.gifts.push_back({"admin", unix_.at("console.admin.sock")});
    for (const Gift& gift : pages_["console"]) role.gifts.push_back(gift);
  } else {
    role.directory = layout_.gate.get();
    if (unix_.contains("gate.sock")) role.gifts.push_back({"bundles", unix_.at("gate.sock")});
    for (const int fd : transfer_) role.gifts.push_back({"transfer", fd});
    role.gifts.push_back({"admin", unix_.at("gate.admin.sock")});
    for (const Gift& gift : pages_["pick_up"]) role.gifts.push_back(gift);
    give_place(role, "gate.folder.output", config_.output_folder.output);
  }
  roles_.push_back(std::move(role));
}

void Supervisor::start_due() {
  for (RoleProcess& role : roles_) {
    if (role.pid > 0 || Steady::now() < role.start_again) continue;
    std::vector<Descriptor> fresh;
    std::vector<Gift> standing = role.gifts;
    try {
      for (const auto& [name, text] : role.accepted) {
        fresh.push_back(memory_file(name.c_str(), text));
        role.gifts.push_back({name, fresh.back().get()});
      }
      start(role);
    } catch (const std::exception& trouble) {
      log::error("role cannot start", {{"name", role.role}, {"why", trouble.what()}});
      role.start_again = Steady::now() + kRestartMax;
    }
    role.gifts = std::move(standing);
  }
}

void Supervisor::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    for (RoleProcess& role : roles_) {
      if (role.pid != pid) continue;
      role.pid = -1;
      role.control.reset();
      role.deaths = Steady::now() - role.started > kStable ? 0 : role.deaths + 1;
      const auto pause =
          std::min<Steady::duration>(kRestartFirst * (1U << std::min(role.deaths, 10U)), kRestartMax);
      role.start_again = Steady::now() + (role.deaths == 0 ? Steady::duration{0} : pause);
      log::error("role died", {{"name", role.role},
                               {"pid", std::int64_t{pid}},
                               {"exit", std::int64_t{WIFEXITED(status) ? WEXITSTATUS(status) : -1}},
                               {"signal", std::int64_t{WIFSIGNALED(status) ? WTERMSIG(status) : 0}}});
    }
  }
}

void Supervisor::hear(RoleProcess& role) {
  std::string word;
  std::vector<Descriptor> none;
  if (!receive_message(role.control.get(), word, none)) {
    role.control.reset();  // its death is on its way through SIGCHLD
    return;
  }
  if (word == "ready") {
    role.ready = true;
    log::info("role ready", {{"name", role.role}, {"pid", std::int64_t{role.pid}}});
    if (std::all_of(roles_.begin(), roles_.end(), [](const RoleProcess& each) { return each.ready; }))
      log::info("serving", {{"roles", std::int64_t(roles_.size())}});
  } else if (word == "reloaded") {
    role.accepted = role.offered;
  } else if (word.starts_with("refused: ")) {
    log::error("reload refused", {{"name", role.role}, {"why", word.substr(9)}});
  }
}

// What cannot be changed while we run, or cannot be read, is said, and nothing is changed then. A role that
// refuses its part says so and keeps what it had, also when it is started again.
void Supervisor::reload() {
  try {
    Config next = config_.path.empty() ? config_ : load_config(config_.path);
    if (next.smtp.listen != config_.smtp.listen)
      throw ConfigError("edge.smtp.listen: changing it takes a restart");
    if (next.drop_box.http.listen != config_.drop_box.http.listen)
      throw ConfigError("edge.drop_box.listen: changing it takes a restart");
    if (next.pick_up.http.listen != config_.pick_up.http.listen)
      throw ConfigError("gate.pick_up.listen: changing it takes a restart");
    if (next.console.http.listen != config_.console.http.listen)
      throw ConfigError("console.listen: changing it takes a restart");
    if (next.metrics_listen != config_.metrics_listen)
      throw ConfigError("metrics.listen: changing it takes a restart");
    if (next.folder.watch != config_.folder.watch)
      throw ConfigError("edge.folder.watch: changing it takes a restart");
    if (next.output_folder.output != config_.output_folder.output)
      throw ConfigError("gate.folder.output: changing it takes a restart");
    if (next.transfer.mode != config_.transfer.mode || next.transfer.listen != config_.transfer.listen)
      throw ConfigError("transfer.mode, transfer.listen: changing them takes a restart");
    if (next.data_dir != config_.data_dir) throw ConfigError("data_dir: changing it takes a restart");
    std::vector<RoleProcess::Texts> texts;
    for (const RoleProcess& role : roles_) texts.push_back(texts_of(role.role, next));
    config_ = std::move(next);
    for (std::size_t i = 0; i < roles_.size(); ++i) {
      RoleProcess& role = roles_[i];
      role.offered = std::move(texts[i]);
      if (role.pid <= 0 || !role.control) {
        role.accepted = role.offered;  // it dies, or waits for its next start: nobody is there to refuse
        continue;
      }
      std::vector<Descriptor> files;
      std::string word = "reload";
      for (const auto& [name, text] : role.offered) {
        word += " " + name;
        files.push_back(memory_file(name.c_str(), text));
      }
      std::vector<int> numbers;
      for (const Descriptor& file : files) numbers.push_back(file.get());
      send_message(role.control.get(), word, numbers);
    }
  } catch (const std::exception& mistake) {
    log::error("reload refused", {{"why", mistake.what()}});
  }
}

void Supervisor::stop_all() {
  const auto deadline = Steady::now() + kStopPatience;
  for (RoleProcess& role : roles_)
    if (role.control) send_message(role.control.get(), "stop", {});
  for (RoleProcess& role : roles_) {
    while (role.pid > 0 && Steady::now() < deadline) {
      int status = 0;
      if (::waitpid(role.pid, &status, WNOHANG) == role.pid) role.pid = -1;
      if (role.pid > 0) ::usleep(5000);
    }
    if (role.pid <= 0) continue;
    log::warning("role killed: it did not stop in time", {{"name", role.role}});
    ::kill(role.pid, SIGKILL);
    ::waitpid(role.pid, nullptr, 0);
  }
}

int Supervisor::wait_ms() const {
  auto next = Steady::time_point::max();
  for (const RoleProcess& role : roles_)
    if (role.pid <= 0) next = std::min(next, role.start_again);
  if (next == Steady::time_point::max()) return -1;
  return static_cast<int>(
      std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(next - Steady::now()).count()));
}

int Supervisor::run() {
  sigset_t set;
  sigemptyset(&set);
  for (const int each : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&set, each);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const Descriptor signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  for (;;) {
    start_due();
    std::vector<pollfd> entries{{signals.get(), POLLIN, 0}};
    for (const RoleProcess& role : roles_)
      entries.push_back({role.control ? role.control.get() : -1, POLLIN, 0});
    if (::poll(entries.data(), entries.size(), wait_ms()) < 0) continue;
    for (std::size_t i = 0; i < roles_.size(); ++i)
      if (entries[i + 1].revents != 0) hear(roles_[i]);
    signalfd_siginfo info{};
    while (::read(signals.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
        log::info("stopping");
        stop_all();
        return 0;
      }
      if (info.ssi_signo == SIGHUP) reload();
      if (info.ssi_signo == SIGCHLD) reap();
    }
  }
}

}  // namespace

Programs find_programs() {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  Programs out;
  out.kiyome = "/proc/self/exe";
  out.gate = self.parent_path() / "kiyome-gate";
  if (!std::filesystem::exists(out.gate)) out.gate = self.parent_path() / "../lib/kiyome/kiyome-gate";
  out.sanitizers = self.parent_path() / "sanitizers";
  if (!std::filesystem::exists(out.sanitizers))
    out.sanitizers = self.parent_path() / "../lib/kiyome/sanitizers";
  out.web = self.parent_path() / "web";
  if (!std::filesystem::exists(out.web)) out.web = self.parent_path() / "../share/kiyome/web";
  return out;
}

int supervise(const Config& config, const std::set<std::string>& roles) {
  Supervisor supervisor(config, roles);
  return supervisor.run();
}

}  // namespace kiyome::supervisor
