// What of the network `kiyome check --live` looks at: ports, names, next hops, certificates. Trusts no peer:
// it reads one bounded greeting from each.
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/base/tls_context.h"
#include "service/command/live_check.h"
#include "service/delivery/stream.h"

namespace kiyome::command {
namespace {

struct Listener {
  const char* role;
  const char* key;
  HostPort at;
};

std::vector<Listener> listeners(const Config& config) {
  std::vector<Listener> out;
  const auto add = [&](const char* role, const char* key, const std::vector<HostPort>& all) {
    for (const HostPort& at : all) out.push_back({role, key, at});
  };
  add("edge", "edge.smtp.listen", config.smtp.listen);
  add("edge", "edge.drop_box.listen", config.drop_box.http.listen);
  add("gate", "gate.pick_up.listen", config.pick_up.http.listen);
  add("console", "console.listen", config.console.http.listen);
  add("", "metrics.listen", config.metrics_listen);  // whatever runs here
  return out;
}

// Somebody who serves this data_dir holds its lock.
bool we_serve(const std::string& data_dir) {
  const Descriptor lock(::open((data_dir + "/run/lock").c_str(), O_RDONLY | O_CLOEXEC));
  return lock && ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::string resolved(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (found != nullptr) ::freeaddrinfo(found);
  return code == 0 ? "" : ::gai_strerror(code);
}

bool is_literal(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  const bool out = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found) == 0;
  if (found != nullptr) ::freeaddrinfo(found);
  return out;
}

// Its first line, for a terminal; then we say goodbye as SMTP has it.
std::string greeting(int socket) {
  std::string text;
  const auto deadline = Steady::now() + std::chrono::milliseconds(limits::kCheckWaitMs);
  while (text.size() < limits::kCheckAnswer && text.find('\n') == std::string::npos)
    if (read_some(socket, text, limits::kCheckAnswer - text.size(), deadline) <= 0) break;
  write_all(socket, "QUIT\r\n", deadline);
  return log::shown(text.substr(0, text.find_first_of("\r\n")).substr(0, limits::kConfigLine));
}

void look_at_pair(const char* what, const std::string& certificate, const std::string& key, Looks& into) {
  if (certificate.empty()) return;
  const std::string pem = read_file(certificate).value_or(""), key_pem = read_file(key).value_or("");
  if (pem.empty() || key_pem.empty()) {
    into.push_back(
        {Grade::bad, what, (pem.empty() ? certificate : key) + ": 読めません", "it cannot be read"});
    return;
  }
  try {
    TlsContext{pem, key_pem};
  } catch (const std::exception& trouble) {
    into.push_back({Grade::bad, what, certificate + ": 証明書と鍵が合いません", trouble.what()});
    return;
  }
  const auto end = certificate_end_ms(pem);
  const std::int64_t days = end ? (*end - unix_ms_now()) / kDayMs : -1;
  into.push_back({!end || *end <= unix_ms_now() ? Grade::bad
                  : days < kCertificateDays     ? Grade::note
                                                : Grade::good,
                  what, fmt::format("{}: 鍵と合い、残り {} 日", certificate, days),
                  fmt::format("fits its key, {} days left", days)});
}

}  // namespace

void look_at_ports(const Config& config, const std::set<std::string>& roles, Looks& into) {
  const bool serving = we_serve(config.data_dir);
  for (const Listener& each : listeners(config)) {
    if (*each.role != '\0' && !roles.contains(each.role)) continue;
    const std::string what = "ポート / port " + each.at.text();
    try {
      listen_tcp(each.at, each.key);
      into.push_back({Grade::good, what, "空いています", "free"});
    } catch (const std::exception& trouble) {
      if (serving)
        into.push_back({Grade::good, what, "このサービスが使っています", "in use by this service"});
      else
        into.push_back({Grade::bad, what, "使えません", trouble.what()});
    }
  }
}

void look_at_names(const Config& config, const std::set<std::string>& roles, Looks& into) {
  std::set<std::string> hops, own;
  if (roles.contains("gate"))
    for (const HostPort& hop : config.deliver.hosts) hops.insert(hop.host);
  if (roles.contains("cleaner"))
    for (const HostPort& hop : config.returns.hosts) hops.insert(hop.host);
  if (roles.contains("edge")) own.insert(config.smtp.hostname);
  for (const auto* names : {&hops, &own})
    for (const std::string& name : *names) {
      if (name.empty() || is_literal(name)) continue;
      const std::string trouble = resolved(name);
      // What we call ourselves need not be known here, but senders look it up.
      into.push_back({trouble.empty() ? Grade::good
                      : names == &own ? Grade::note
                                      : Grade::bad,
                      "名前 / name " + name, trouble.empty() ? "引けます" : "引けません",
                      trouble.empty() ? "it resolves" : trouble});
    }
}

void look_at_next_hops(const Config& config, const std::set<std::string>& roles, Looks& into) {
  const auto look = [&](const char* what, const std::vector<HostPort>& hosts, Grade otherwise) {
    for (const HostPort& hop : hosts) {
      std::string why = "no answer";
      const Descriptor socket =
          delivery::connect_to(hop, Steady::now() + std::chrono::milliseconds(limits::kCheckWaitMs), -1, why);
      const std::string said = socket ? greeting(socket.get()) : std::string();
      const bool good = said.starts_with("220");
      into.push_back({good ? Grade::good : otherwise, what + hop.text(),
                      good ? "応答しています" : "応答がありません", socket && !said.empty() ? said : why});
    }
  };
  if (roles.contains("gate")) look("配送先 / next hop ", config.deliver.hosts, Grade::bad);
  // Nobody waits for these as for mail: they are tried again for days.
  if (roles.contains("cleaner")) look("通知の送り先 / where notices go ", config.returns.hosts, Grade::note);
}

void look_at_certificates(const Config& config, Looks& into) {
  look_at_pair("証明書 / certificate", config.tls_certificate, config.tls_key, into);
  look_at_pair("領域間の証明書 / zone certificate", config.transfer.certificate, config.transfer.key, into);
}

}  // namespace kiyome::command
