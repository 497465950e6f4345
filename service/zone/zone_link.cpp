#include "service/zone/zone_link.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/config_values.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/delivery/stream.h"
#include "service/zone/handshakes.h"
#include "service/zone/refusal_log.h"
#include "service/zone/relay.h"

namespace kiyome::zone {
namespace {

using namespace std::chrono_literals;

constexpr auto kPauseFirst = 50ms;
constexpr auto kStable = 5s;            // a connection that stood so long ended for a reason of its own
constexpr auto kConnectPatience = 10s;  // of one attempt; a firewall that drops says nothing
constexpr auto kAfterSession = 100ms;   // a proved peer that comes again and again is not taken faster
constexpr auto kStopPatience = 2500ms;

struct Shared {
  std::shared_ptr<const PeerTls> tls;  // joint with the sessions that began with it
  TransferConfig config;
  std::uint64_t changes = 0;
  Descriptor fresh;  // our end of a connection that nobody took yet
  std::optional<bool> same_host;
  std::optional<std::int64_t> peer_end_ms;
};

// Without the port: it is the address that floods.
std::string address_text(const sockaddr_storage& from) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (from.ss_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(from).sin_addr, text, sizeof text);
  else if (from.ss_family == AF_INET6)
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(from).sin6_addr, text, sizeof text);
  return text;
}

// Only a host's own addresses can be bound.
bool is_own_address(int socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return false;
  if (peer.ss_family == AF_INET) reinterpret_cast<sockaddr_in&>(peer).sin_port = 0;
  if (peer.ss_family == AF_INET6) reinterpret_cast<sockaddr_in6&>(peer).sin6_port = 0;
  const Descriptor probe(::socket(peer.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return probe && ::bind(probe.get(), reinterpret_cast<const sockaddr*>(&peer), size) == 0;
}

}  // namespace

struct ZoneLink::Impl {
  const Side own;
  const std::vector<Descriptor> listening;
  Guarded<Shared> shared;
  const Descriptor wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  const Descriptor taken{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  // readable: next() has one
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> unknown{0}, unfinished{0}, sessions{0}, slowed{0};
  std::thread thread;

  // the thread's own
  std::shared_ptr<const PeerTls> tls;
  TransferConfig config;
  std::uint64_t changes = 0;
  Handshakes handshakes;
  std::unique_ptr<Relay> relay;
  RefusalLog refusals;
  Steady::time_point connect_at{}, accept_at{}, proved_at{};
  std::chrono::milliseconds pause = kPauseFirst;

  Impl(Side side, std::vector<Descriptor> sockets) : own(side), listening(std::move(sockets)) {}
  bool connects() const { return listening.empty(); }
  void run();
  void turn();
  void take_changes();
  void connect();
  void accept(int socket);
  void proved(std::unique_ptr<Session> session);
  void ended();
  void note_refused();
  int wait_ms(Steady::time_point now) const;
};

void ZoneLink::Impl::take_changes() {
  const bool changed = shared.with([&](Shared& state) {
    if (state.changes == changes && tls) return false;
    const bool first = !tls;
    tls = state.tls;
    config = state.config;
    changes = state.changes;
    return !first;
  });
  if (!changed) return;
  handshakes.clear();
  if (relay) relay->end();
  connect_at = {};
}

// Blocks, for there is nothing else to do on this side; whatever wakes us ends it.
void ZoneLink::Impl::connect() {
  const std::optional<HostPort> to = config_values::host_port(config.connect);
  std::string why = "no address";
  Descriptor socket =
      to ? delivery::connect_to(*to, Steady::now() + kConnectPatience, wake.get(), why) : Descriptor();
  const auto now = Steady::now();
  connect_at = now + pause;
  pause = std::min<std::chrono::milliseconds>(pause * 2, std::chrono::milliseconds(limits::kZonePauseMs));
  if (!socket) {
    if (!stopping) refusals.note(now, "other zone not reached", config.connect, why);
    return;
  }
  watch_over(socket.get(), std::chrono::seconds(config.silence_seconds));
  handshakes.add(std::make_unique<Session>(tls, std::move(socket), false, to->host), now);
}

void ZoneLink::Impl::accept(int socket) {
  for (std::size_t i = 0; i < limits::kZoneAccepted; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    Descriptor peer(
        ::accept4(socket, reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!peer) {
      // Without descriptors there is nothing to do but to wait: the socket stays readable.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) accept_at = Steady::now() + 1s;
      return;
    }
    watch_over(peer.get(), std::chrono::seconds(config.silence_seconds));
    handshakes.add(std::make_unique<Session>(tls, std::move(peer), true, address_text(from)), Steady::now());
  }
}

// The newest counts: a peer whose line was cut is back before we know that he was gone.
void ZoneLink::Impl::proved(std::unique_ptr<Session> session) {
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
    log::error("zone connection", {{"why", "no socket pair"}});
    return;
  }
  Descriptor ours(pair[0]), theirs(pair[1]);
  const bool same = is_own_address(session->fd());
  const std::int64_t peer_end_ms = session->peer_end_ms();
  ++sessions;
  proved_at = Steady::now();
  accept_at = proved_at + kAfterSession;
  log::info("zone connected", {{"address", std::string_view(session->address())},
                               {"same_host", same},
                               {"peer_until", iso_time(session->peer_end_ms())}});
  if (relay) ended();
  // Only the Internet side hears somebody who has no reason to say much.
  relay = std::make_unique<Relay>(std::move(session), std::move(theirs),
                                  own == Side::internet ? limits::kZoneBackSecond : 0,
                                  std::chrono::seconds(config.silence_seconds));
  shared.with([&](Shared& state) {
    state.fresh = std::move(ours);
    state.same_host = same;
    state.peer_end_ms = peer_end_ms;
  });
  ::eventfd_write(taken.get(), 1);
}

void ZoneLink::Impl::ended() {
  log::warning("zone connection ends",
               {{"address", std::string_view(relay->address())}, {"why", std::string_view(relay->why())}});
  slowed += relay->slowed();
  relay.reset();
  shared.with([](Shared& state) {
    state.fresh.reset();
    state.same_host.reset();
  });
  const auto now = Steady::now();
  if (now - proved_at > kStable) pause = kPauseFirst;
  connect_at = now + pause;
}

void ZoneLink::Impl::note_refused() {
  for (const Handshakes::Refused& each : handshakes.take_refused()) {
    ++(each.unknown ? unknown : unfinished);
    refusals.note(Steady::now(),
                  each.refused_us ? "zone peer refuses us"
                  : each.unknown  ? "unknown zone peer"
                                  : "zone handshake unfinished",
                  each.address, each.why);
  }
}

int ZoneLink::Impl::wait_ms(Steady::time_point now) const {
  auto next = handshakes.due();
  if (relay) next = std::min(next, relay->due());
  if (connects() && !relay && handshakes.empty()) next = std::min(next, connect_at);
  if (!connects() && accept_at > now) next = std::min(next, accept_at);
  if (next == Steady::time_point::max()) return -1;
  return static_cast<int>(
      std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(next - now).count(), 0, 60'000));
}

void ZoneLink::Impl::turn() {
  take_changes();
  auto now = Steady::now();
  if (connects() && !relay && handshakes.empty() && now >= connect_at && !stopping) {
    connect();
    now = Steady::now();
  }
  const bool accepting = now >= accept_at && !stopping;
  std::vector<pollfd> entries{{wake.get(), POLLIN, 0}, {}, {}};
  entries[1].fd = entries[2].fd = -1;
  if (relay) relay->wishes(&entries[1]);
  for (const Descriptor& each : listening) entries.push_back({accepting ? each.get() : -1, POLLIN, 0});
  const std::size_t first = entries.size();
  handshakes.wishes(entries);
  const std::size_t waiting = entries.size() - first;
  if (::poll(entries.data(), entries.size(), wait_ms(now)) < 0 && errno != EINTR) throw_errno("poll");
  if (entries[0].revents != 0) {
    eventfd_t count = 0;
    ::eventfd_read(wake.get(), &count);
  }
  // The peer who has proved himself comes first: a flood at the door is not his trouble.
  if (relay && !relay->turn(Steady::now(), unix_ms_now())) ended();
  for (std::unique_ptr<Session>& each : handshakes.turn(entries.data() + first, waiting, Steady::now()))
    proved(std::move(each));
  for (std::size_t i = 0; i < listening.size(); ++i)
    if (entries[3 + i].revents != 0) accept(listening[i].get());
  note_refused();
}

void ZoneLink::Impl::run() {
  auto until = Steady::time_point::max();
  while (!stopping || (relay && Steady::now() < until)) {
    if (stopping && until == Steady::time_point::max()) {
      until = Steady::now() + kStopPatience;
      handshakes.clear();
      relay->end();
    }
    try {
      turn();
    } catch (const std::exception& trouble) {  // no descriptors, no memory: what stands goes on
      log::error("zone link", {{"why", trouble.what()}});
      std::this_thread::sleep_for(100ms);
    }
  }
}

ZoneLink::ZoneLink(Side own, const TransferConfig& config, std::vector<Descriptor> listening)
    : impl_(std::make_unique<Impl>(own, std::move(listening))) {
  if (!impl_->wake || !impl_->taken) throw_errno("eventfd");
  if (impl_->connects() && config.connect.empty())
    throw ConfigError("transfer.connect: this host connects in this mode");
  const auto tls = std::make_shared<const PeerTls>(own, config);
  impl_->shared.with([&](Shared& state) {
    state.tls = tls;
    state.config = config;
  });
}

ZoneLink::~ZoneLink() { stop(); }

void ZoneLink::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void ZoneLink::stop() {
  impl_->stopping = true;
  ::eventfd_write(impl_->wake.get(), 1);
  if (impl_->thread.joinable()) impl_->thread.join();
}

int ZoneLink::ready() const { return impl_->taken.get(); }

Descriptor ZoneLink::next() {
  eventfd_t count = 0;
  ::eventfd_read(impl_->taken.get(), &count);
  return impl_->shared.with([](Shared& state) { return std::move(state.fresh); });
}

std::optional<bool> ZoneLink::same_host() const {
  return impl_->shared.with([](Shared& state) { return state.same_host; });
}

std::string ZoneLink::reload(const TransferConfig& next) {
  try {
    const auto tls = std::make_shared<const PeerTls>(impl_->own, next);
    const bool changed = impl_->shared.with([&](Shared& state) {
      const TransferConfig& now = state.config;
      if (now.connect == next.connect && now.peers == next.peers && now.ca_pem == next.ca_pem &&
          now.certificate_pem == next.certificate_pem && now.key_pem == next.key_pem &&
          now.silence_seconds == next.silence_seconds)
        return false;
      state.tls = tls;
      state.config = next;
      ++state.changes;
      return true;
    });
    if (changed) ::eventfd_write(impl_->wake.get(), 1);
    return {};
  } catch (const ConfigError& mistake) {
    return mistake.what();
  }
}

ZoneLink::Counts ZoneLink::counts() const {
  return {impl_->unknown, impl_->unfinished, impl_->sessions, impl_->slowed};
}

std::optional<std::int64_t> ZoneLink::certificate_end_ms() const {
  return impl_->shared.with([](Shared& state) -> std::optional<std::int64_t> {
    const auto own = facts_of(state.config.certificate_pem);
    const auto authority = facts_of(state.config.ca_pem);
    if (!own || !authority) return std::nullopt;
    return std::min({own->end_ms, authority->end_ms, state.peer_end_ms.value_or(own->end_ms)});
  });
}

}  // namespace kiyome::zone
