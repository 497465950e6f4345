// A thread for each connection, with a small stack: what a peer does slowly costs him his own thread only,
// and there is a bound on them, in all and for one address.
#include "service/http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <list>
#include <map>
#include <optional>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/base/meters.h"
#include "service/http/connection.h"
#include "service/http/wire.h"

namespace kiyome::http {
namespace {

#ifdef KIYOME_ASAN
constexpr std::size_t kStackFactor = 4;  // its redzones
#else
constexpr std::size_t kStackFactor = 1;
#endif

// For people and for counting: of IPv6 the /64, which is what one subscriber has.
struct Peer {
  std::string address, counted;
};

Peer peer_of(const sockaddr_storage& from) {
  char text[INET6_ADDRSTRLEN] = "";
  if (from.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(from);
    ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    return {text, text};
  }
  if (from.ss_family != AF_INET6) return {"local", "local"};
  in6_addr address = reinterpret_cast<const sockaddr_in6&>(from).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    ::inet_ntop(AF_INET, address.s6_addr + 12, text, sizeof text);
    return {text, text};
  }
  ::inet_ntop(AF_INET6, &address, text, sizeof text);
  const std::string whole = text;
  std::memset(address.s6_addr + 8, 0, 8);
  ::inet_ntop(AF_INET6, &address, text, sizeof text);
  return {whole, text};
}

struct Entry {
  int socket = -1;  // -1: being closed
  std::string counted;
  Turn turn;
};

struct Connections {
  std::list<Entry> all;  // the oldest first; an entry stays where it is
  std::map<std::string, std::uint32_t> by_address;
};

}  // namespace

struct Server::Impl {
  std::vector<Descriptor> listeners;
  ServerOptions options;
  Router router;
  Descriptor stop;
  std::atomic<bool> stopping{false};
  // Shared with the connections that began under it: a reload ends none of them.
  Guarded<std::shared_ptr<const TlsContext>> tls;
  Guarded<Connections> connections;
  std::thread acceptor;

  struct Job {
    Impl* impl = nullptr;
    Descriptor socket;
    std::list<Entry>::iterator entry;
    std::string address;
  };

  void accept_all();
  void accept_from(int listener);
  void begin(Descriptor socket, const Peer& peer);
  bool admit(int socket, const Peer& peer, std::list<Entry>::iterator& entry);
  void leave(std::list<Entry>::iterator entry);
  void run(Job& job);
  static void* start(void* job);
  void say_busy(int socket);
};

// Makes room for one more when there is none, at the cost of who drips (slowloris), else of who waits between
// two requests; of `counted` alone when it is given. Under the lock.
static bool end_one(Connections& connections, const std::string* counted) {
  const auto now = Steady::now();
  for (const bool slow : {true, false})
    for (Entry& entry : connections.all) {
      if (entry.socket < 0 || (counted != nullptr && entry.counted != *counted)) continue;
      if (!(slow ? entry.turn.end_if_slow(now) : entry.turn.end_if_idle())) continue;
      ::shutdown(entry.socket, SHUT_RDWR);
      return true;
    }
  return false;
}

bool Server::Impl::admit(int socket, const Peer& peer, std::list<Entry>::iterator& entry) {
  return connections.with([&](Connections& now) {
    const auto of_peer = now.by_address.find(peer.counted);
    const std::uint32_t has = of_peer == now.by_address.end() ? 0 : of_peer->second;
    const std::uint32_t own_max = options.connections_per_address_max;
    // Those that were told to go are counted until they are gone; twice the bound is the end of it.
    if (now.all.size() >= 2ull * options.connections_max || has >= 2ull * own_max) return false;
    const bool full = now.all.size() >= options.connections_max;
    if (has >= own_max ? !end_one(now, &peer.counted) : full && !end_one(now, nullptr)) return false;
    entry = now.all.emplace(now.all.end());
    entry->socket = socket;
    entry->counted = peer.counted;
    ++now.by_address[peer.counted];
    return true;
  });
}

void Server::Impl::leave(std::list<Entry>::iterator entry) {
  connections.with([&](Connections& now) {
    const auto of_peer = now.by_address.find(entry->counted);
    if (--of_peer->second == 0) now.by_address.erase(of_peer);
    now.all.erase(entry);
    connections.notify_all();  // under the lock: behind it, the destructor may have ended all of this
  });
}

void Server::Impl::run(Job& job) {
  const auto context = tls.with([](auto& current) { return current; });
  std::optional<Wire> wire;
  try {
    wire.emplace(std::move(job.socket), context.get());
    Connection(*wire, options, router, job.address, stop.get(), job.entry->turn).serve();
  } catch (const std::exception& trouble) {
    log::error("http-connection-failed", {{"error", trouble.what()}});
  }
  // Nobody may shut the descriptor's number down once it is closed, which is when `wire` goes.
  connections.with([&](Connections&) { job.entry->socket = -1; });
}

void* Server::Impl::start(void* argument) {
  const std::unique_ptr<Job> job(static_cast<Job*>(argument));
  sigset_t pipe;  // OpenSSL writes with write(2)
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  Impl* const impl = job->impl;
  impl->run(*job);
  job->socket.reset();
  impl->leave(job->entry);
  return nullptr;
}

// Over TLS nothing can be said without a handshake, which is what there is no room for.
void Server::Impl::say_busy(int socket) {
  meters::http.answered(503);
  if (tls.with([](auto& current) { return current != nullptr; })) return;
  static constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  ::send(socket, kBusy.data(), kBusy.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Server::Impl::begin(Descriptor socket, const Peer& peer) {
  std::list<Entry>::iterator entry;
  if (!admit(socket.get(), peer, entry)) return say_busy(socket.get());
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto job = std::make_unique<Job>();
  *job = {this, std::move(socket), entry, peer.address};
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, limits::kHttpStack * kStackFactor);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int trouble = ::pthread_create(&thread, &attributes, start, job.get());
  ::pthread_attr_destroy(&attributes);
  if (trouble == 0) {
    job.release();  // the thread has it
    return;
  }
  log::error("http-no-thread", {{"error", std::strerror(trouble)}});
  connections.with([&](Connections&) { entry->socket = -1; });
  say_busy(job->socket.get());
  leave(entry);
}

void Server::Impl::accept_from(int listener) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  Descriptor socket(
      ::accept4(listener, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) return begin(std::move(socket), peer_of(from));
  if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return;
  log::error("http-accept-failed", {{"error", std::strerror(errno)}});
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // it stays readable: no spinning
}

void Server::Impl::accept_all() {
  std::vector<pollfd> entries;
  for (const Descriptor& listener : listeners) entries.push_back({listener.get(), POLLIN, 0});
  entries.push_back({stop.get(), POLLIN, 0});
  for (;;) {
    if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) return;
    if (entries.back().revents != 0) return;
    for (std::size_t i = 0; i + 1 < entries.size(); ++i) try {
        if (entries[i].revents != 0) accept_from(entries[i].fd);
      } catch (const std::exception& trouble) {  // memory: this connection is not
        log::error("http-accept-failed", {{"error", trouble.what()}});
      }
  }
}

Server::Server(std::vector<Descriptor> listeners, ServerOptions options, Router router)
    : impl_(std::make_unique<Impl>()) {
  impl_->listeners = std::move(listeners);
  impl_->options = std::move(options);
  impl_->router = std::move(router);
  for (std::string& host : impl_->options.hosts)
    for (char& c : host)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  impl_->stop = Descriptor(::eventfd(0, EFD_CLOEXEC));
  if (!impl_->stop) throw_errno("eventfd");
  const auto& given = impl_->options;
  if (!given.certificate_pem.empty() || !given.key_pem.empty()) reload(given.certificate_pem, given.key_pem);
  impl_->options.key_pem.clear();  // the context has it
  try {
    impl_->acceptor = std::thread([impl = impl_.get()] { impl->accept_all(); });
  } catch (const std::system_error& trouble) {
    throw TemporaryFailure(std::string("HTTP server: ") + trouble.what());
  }
}

Server::~Server() {
  const std::uint64_t one = 1;
  if (::write(impl_->stop.get(), &one, sizeof one) != sizeof one)
    log::error("http-stop", {{"error", std::strerror(errno)}});
  impl_->acceptor.join();
  impl_->listeners.clear();
  auto& connections = impl_->connections;
  const auto none = [](Connections& now) { return now.all.empty(); };
  const auto deadline = Steady::now() + std::chrono::seconds(impl_->options.stop_seconds);
  connections.wait_until(deadline, none, [](Connections& now) {
    for (Entry& entry : now.all)
      if (entry.socket >= 0) ::shutdown(entry.socket, SHUT_RDWR);
  });
  connections.wait(none, [](Connections&) {});
}

void Server::reload(const std::string& certificate_pem, const std::string& key_pem) {
  auto fresh = std::make_shared<const TlsContext>(certificate_pem, key_pem, "http/1.1");
  impl_->tls.with([&](auto& current) { current = std::move(fresh); });
}

}  // namespace kiyome::http
