// Trusts the supervisor that executed this process; its words come over a socket pair nobody else has.
#include "service/base/role.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <charconv>

#include "proto/base/check.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/base/template_files.h"

namespace kiyome {
namespace {

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);  // the supervisor's business; a terminal sends it to all
  return set;
}

}  // namespace

RoleContext::RoleContext(std::string name, const std::vector<std::string>& arguments)
    : name_(std::move(name)) {
  const sigset_t set = awaited_signals();
  KIYOME_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    int fd = -1;
    const char* end = argument.data() + argument.size();
    if (equals == std::string::npos || std::from_chars(argument.data() + equals + 1, end, fd).ptr != end ||
        fd < 3)
      throw ConfigError("role: --fd NAME=NUMBER expected, not " + argument);
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) throw ConfigError("role: descriptor is not open: " + argument);
    descriptors_.emplace(argument.substr(0, equals), Descriptor(fd));
  }
  config_ = take_config();
}

// The text, and of the files it names those that roles need: their rights do not reach them.
Config RoleContext::take_config() {
  const Descriptor text = take_one("config");
  Config out = parse_config(read_whole(text.get()), "configuration");
  out.returns.tls_ca_pem = take_text("return_tls_ca");
  out.auth.ldap.ca_pem = take_text("ldap_ca");
  out.deliver.tls_ca_pem = take_text("deliver_tls_ca");
  out.audit.syslog_ca_pem = take_text("syslog_ca");
  out.transfer.certificate_pem = take_text("transfer_certificate");
  out.transfer.key_pem = take_text("transfer_key");
  out.transfer.ca_pem = take_text("transfer_ca");
  out.template_texts = unpack_templates(take_text("templates"));
  return out;
}

std::vector<Descriptor> RoleContext::take(const std::string& name) {
  std::vector<Descriptor> out;
  const auto [first, last] = descriptors_.equal_range(name);
  for (auto it = first; it != last; ++it) out.push_back(std::move(it->second));
  descriptors_.erase(first, last);
  return out;
}

Descriptor RoleContext::take_one(const std::string& name) {
  std::vector<Descriptor> all = take(name);
  KIYOME_CHECK(all.size() == 1);
  return std::move(all[0]);
}

Descriptor RoleContext::take_optional(const std::string& name) {
  std::vector<Descriptor> all = take(name);
  return all.empty() ? Descriptor() : std::move(all[0]);
}

std::string RoleContext::take_text(const std::string& name) {
  const std::vector<Descriptor> all = take(name);
  return all.empty() ? std::string() : read_whole(all[0].get());
}

// "reload NAME NAME …" with one descriptor for each name, "config" among them.
std::string RoleContext::handle(const std::string& word, std::vector<Descriptor> descriptors,
                                const std::function<std::string(const Config&)>& reload) {
  std::size_t at = std::string("reload").size();
  for (Descriptor& descriptor : descriptors) {
    const std::size_t begin = word.find_first_not_of(' ', at);
    if (begin == std::string::npos) break;
    at = std::min(word.find(' ', begin), word.size());
    const std::string name = word.substr(begin, at - begin);
    descriptors_.erase(name);
    descriptors_.emplace(name, std::move(descriptor));
  }
  try {
    Config next = take_config();
    std::string refusal = reload(next);
    if (refusal.empty()) {
      log::set_level(next.log_level);
      config_ = std::move(next);
    }
    return refusal;
  } catch (const std::exception& trouble) {
    return trouble.what();
  }
}

void RoleContext::serve(const std::function<std::string(const Config&)>& reload) {
  const Descriptor control = take_one("control");
  const sigset_t set = awaited_signals();
  const Descriptor signals(::signalfd(-1, &set, SFD_CLOEXEC));
  send_message(control.get(), "ready", {});
  for (;;) {
    pollfd entries[2] = {{control.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
    if (::poll(entries, 2, -1) < 0) continue;
    if (entries[1].revents != 0) {
      signalfd_siginfo info{};
      if (::read(signals.get(), &info, sizeof info) == sizeof info && info.ssi_signo != SIGHUP) return;
    }
    if (entries[0].revents == 0) continue;
    std::string word;
    std::vector<Descriptor> descriptors;
    if (!receive_message(control.get(), word, descriptors) || word == "stop") return;
    if (!word.starts_with("reload")) continue;
    const std::string refusal = handle(word, std::move(descriptors), reload);
    if (refusal.empty()) log::info("reloaded");
    send_message(control.get(), refusal.empty() ? "reloaded" : "refused: " + refusal.substr(0, 3000), {});
  }
}

}  // namespace kiyome
