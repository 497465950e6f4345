#include "service/trail/forwarder.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <deque>
#include <thread>

#include "service/base/clock.h"
#include "service/base/config_values.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/delivery/stream.h"
#include "service/trail/syslog.h"

namespace kiyome::trail {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPage = 500;  // entries read and sent at once
constexpr auto kLook = 1s;          // after new entries
constexpr auto kPatience = 30s;     // to connect, and for a page to be taken
constexpr auto kSettled = 3s;       // the collector hung not up so long after it had them
constexpr auto kPauseMin = 1s, kPauseMax = 60s;

// What one life of the forwarder is configured with.
struct Collector {
  bool tls = false;
  HostPort at;
  std::shared_ptr<delivery::TlsClient> client;  // shared: a connection goes on with the one it began with
  bool operator==(const Collector& other) const {
    return tls == other.tls && at.host == other.at.host && at.port == other.at.port && client == other.client;
  }
};

std::optional<Collector> collector_of(const AuditConfig& config) {
  if (config.syslog.empty()) return std::nullopt;
  Collector out;
  out.tls = config.syslog.starts_with("tls://");
  const auto at = config_values::host_port(std::string_view(config.syslog).substr(6));
  if (!at) throw ConfigError("audit.syslog: needs a host and a port");
  out.at = *at;
  if (!out.tls) return out;
  SmtpClientConfig as;  // whose trust in certificates is the same
  as.tls = TlsMode::required;
  as.tls_ca = config.syslog_ca;
  as.tls_ca_pem = config.syslog_ca_pem;
  out.client = std::make_shared<delivery::TlsClient>(as);
  return out;
}

// Whether the peer's kernel has all that was written.
bool all_acknowledged(int socket) {
  int waiting = 0;
  return ::ioctl(socket, SIOCOUTQ, &waiting) == 0 && waiting == 0;
}

struct Sent {
  std::uint64_t last = 0;
  Steady::time_point at{};
};

}  // namespace

struct Forwarder::Impl {
  std::string folder;
  audit::Trail trail;
  store::AuditBook book;
  std::string host = host_name();
  Guarded<std::optional<Collector>> collector;
  Descriptor stop{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::atomic<bool> stopping{false}, ours{true};
  Guarded<Forwarding> told;
  std::uint64_t position = 0;  // settled; the thread's
  std::thread thread;

  void run();
  bool serve(const Collector& with);
  bool send_page(delivery::Stream& stream, store::Database& database, std::uint64_t& sent,
                 std::deque<Sent>& pages);
  void settle(std::deque<Sent>& pages, int socket);
  void pause(Steady::duration time) { wait_for(stop.get(), POLLIN, Steady::now() + time); }
  std::optional<Collector> now() {
    return collector.with([](const std::optional<Collector>& current) { return current; });
  }
  bool on_duty() {  // of those who share a trail one sends it
    ours = book.forwards ? book.forwards() : !book.on_duty || book.on_duty();
    return ours;
  }
  void load_position();
  void keep_position();
};

void Forwarder::Impl::load_position() {
  const std::optional<std::string> text = read_file(folder + "/syslog.position");
  if (text)
    std::from_chars(text->data(), text->data() + text->size(), position);  // else from the first entry on
}

// It may be lost in a crash: then some are sent again.
void Forwarder::Impl::keep_position() {
  const std::string path = folder + "/syslog.position";
  try {
    NewFile file(path);
    file.write(std::to_string(position) + "\n");
    file.replace();
  } catch (const TemporaryFailure& trouble) {
    log::warning("syslog: how far it came cannot be written down", {{"path", path}, {"why", trouble.what()}});
  }
}

void Forwarder::Impl::settle(std::deque<Sent>& pages, int socket) {
  if (pages.empty() || !all_acknowledged(socket)) return;
  const std::uint64_t before = position;
  while (!pages.empty() && Steady::now() - pages.front().at > kSettled) {
    position = pages.front().last;
    pages.pop_front();
  }
  if (position != before) keep_position();
}

bool Forwarder::Impl::send_page(delivery::Stream& stream, store::Database& database, std::uint64_t& sent,
                                std::deque<Sent>& pages) {
  std::string octets, incoming;
  for (const audit::Linked& each : store::audit_page(database, sent, kPage)) {
    octets += syslog_frame(syslog_message(each, trail, host));
    sent = each.entry.sequence;
  }
  if (octets.empty()) return false;
  if (!stream.write(octets, incoming, Steady::now() + kPatience)) throw TemporaryFailure(stream.why());
  pages.push_back({sent, Steady::now()});
  told.with([&](Forwarding& now) {
    now.sent = sent;
    now.sent_ms = unix_ms_now();
  });
  return true;
}

// Until the connection or this life ends. true: it was of use.
bool Forwarder::Impl::serve(const Collector& with) {
  std::string why;
  Descriptor socket = delivery::connect_to(with.at, Steady::now() + kPatience, stop.get(), why);
  if (!socket) throw TemporaryFailure(why);
  const Descriptor same(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 3));
  delivery::Stream stream(std::move(socket), stop.get());
  if (with.tls && !stream.start_tls(*with.client, with.at.host, Steady::now() + kPatience))
    throw TemporaryFailure(stream.why());
  told.with([](Forwarding& now) {
    now.connected = true;
    now.why.clear();
  });
  log::info("syslog connected", {{"host", std::string_view(with.at.host)}});
  const std::unique_ptr<store::Database> database = book.open();
  std::uint64_t sent = std::max(position, store::audit_base(*database).sequence);
  std::deque<Sent> pages;  // sent, and not settled; a page a second at the most while nothing is acknowledged
  while (!stopping && now() == with && on_duty()) {
    const bool more = send_page(stream, *database, sent, pages);
    if (!stream.quiet()) throw TemporaryFailure("the collector hung up");
    settle(pages, same.get());
    if (!more) pause(kLook);
  }
  return true;
}

void Forwarder::Impl::run() {
  auto wait = std::chrono::milliseconds(kPauseMin);
  while (!stopping) {
    const std::optional<Collector> with = now();
    if (!with || !on_duty()) {
      pause(kLook);
      continue;
    }
    const auto since = Steady::now();
    std::string why;
    try {
      serve(*with);
    } catch (const std::exception& trouble) {
      why = trouble.what();
      if (!stopping) log::warning("syslog: the collector is not reached", {{"why", why}});
    }
    told.with([&](Forwarding& now) {
      now.connected = false;
      now.why = std::move(why);
    });
    if (stopping) return;
    if (Steady::now() - since > kPauseMax) wait = kPauseMin;
    pause(wait);
    wait = std::min<std::chrono::milliseconds>(wait * 2, kPauseMax);
  }
}

Forwarder::Forwarder(const std::string& folder, const AuditConfig& config, audit::Trail trail,
                     store::AuditBook book)
    : impl_(std::make_unique<Impl>()) {
  impl_->folder = folder;
  impl_->trail = trail;
  impl_->book = std::move(book);
  reload(config);
  impl_->load_position();
  impl_->told.with([this](Forwarding& now) { now.sent = impl_->position; });
}

Forwarder::~Forwarder() { stop(); }

void Forwarder::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void Forwarder::stop() {
  impl_->stopping = true;
  ::eventfd_write(impl_->stop.get(), 1);
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Forwarder::reload(const AuditConfig& config) {
  std::optional<Collector> next = collector_of(config);
  impl_->collector.with([&](std::optional<Collector>& held) { held = std::move(next); });
}

std::optional<Forwarding> Forwarder::state() const {
  if (!impl_->now() || !impl_->ours) return std::nullopt;
  return impl_->told.with([](Forwarding& now) { return now; });
}

}  // namespace kiyome::trail
