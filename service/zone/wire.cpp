#include "service/zone/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "proto/base/limits.h"
#include "service/base/config_values.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/delivery/stream.h"

namespace kiyome::zone {
namespace {

using namespace std::chrono_literals;

constexpr auto kPauseFirst = 50ms;
constexpr auto kStable = 5s;            // a connection that stood so long ended for a reason of its own
constexpr auto kConnectPatience = 10s;  // of one attempt; a firewall that drops says nothing
constexpr auto kAfterSession = 100ms;   // a proved peer that comes again and again is not taken faster
constexpr auto kStopPatience = 2500ms;

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

Wire::Wire(Joint& joint, const std::vector<Descriptor>* listening, std::optional<std::size_t> only)
    : joint_(joint), listening_(listening), only_(only), pause_(kPauseFirst) {
  if (!wake_) throw_errno("eventfd");
}

Wire::~Wire() { stop(); }

void Wire::start() {
  thread_ = std::thread([this] { run(); });
}

void Wire::wake() { ::eventfd_write(wake_.get(), 1); }

void Wire::ask_to_stop() {
  stopping_ = true;
  wake();
}

void Wire::stop() {
  ask_to_stop();
  if (thread_.joinable()) thread_.join();
}

std::vector<std::string> Wire::addresses() const {
  if (!only_) return config_.connect;
  if (*only_ >= config_.connect.size()) return {};  // a reload made the list shorter
  return {config_.connect[*only_]};
}

bool Wire::may_connect() const { return connects() && lines_.empty() && handshakes_.empty(); }

void Wire::take_changes() {
  const bool changed = joint_.state.with([&](Joint::State& state) {
    if (state.changes == changes_ && tls_) return false;
    const bool first = !tls_;
    tls_ = state.tls;
    config_ = state.config;
    changes_ = state.changes;
    return !first;
  });
  if (!changed) return;
  handshakes_.clear();
  for (Line& line : lines_) line.relay->end();
  connect_at_ = {};
}

// Blocks, for there is nothing else to do on this wire; whatever wakes us ends it.
void Wire::connect() {
  const std::vector<std::string> all = addresses();
  if (all.empty()) {
    connect_at_ = Steady::time_point::max();  // until a reload names one
    return;
  }
  const std::string& address = all[next_address_ % all.size()];
  const std::optional<HostPort> to = config_values::host_port(address);
  std::string why = "no address";
  Descriptor socket =
      to ? delivery::connect_to(*to, Steady::now() + kConnectPatience, wake_.get(), why) : Descriptor();
  const auto now = Steady::now();
  next_address_ = (next_address_ + 1) % all.size();
  connect_at_ =
      now + (next_address_ == 0 ? pause_ : kPauseFirst);  // who comes next on the list is not waited for
  if (next_address_ == 0)
    pause_ = std::min<std::chrono::milliseconds>(pause_ * 2, std::chrono::milliseconds(limits::kZonePauseMs));
  if (!socket) {
    if (!stopping_) refusals_.note(now, "other zone not reached", address, why);
    return;
  }
  watch_over(socket.get(), std::chrono::seconds(config_.silence_seconds));
  handshakes_.add(std::make_unique<Session>(tls_, std::move(socket), false, to->host), now);
}

void Wire::accept(int socket) {
  for (std::size_t i = 0; i < limits::kZoneAccepted; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    Descriptor peer(
        ::accept4(socket, reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!peer) {
      // Without descriptors there is nothing to do but to wait: the socket stays readable.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) accept_at_ = Steady::now() + 1s;
      return;
    }
    watch_over(peer.get(), std::chrono::seconds(config_.silence_seconds));
    handshakes_.add(std::make_unique<Session>(tls_, std::move(peer), true, address_text(from)),
                    Steady::now());
  }
}

// Of one host the newest counts: a peer whose line was cut is back before we know that he was gone.
void Wire::proved(std::unique_ptr<Session> session) {
  const std::string peer = session->peer_pin() + "@" + session->address();
  for (std::size_t i = 0; i < lines_.size(); ++i)
    if (lines_[i].peer == peer || connects()) {
      ended(i);
      break;
    }
  if (lines_.size() >= limits::kZonePeers) {
    session->say_close();
    return refusals_.note(Steady::now(), "zone peer refused", session->address(), "too many hosts at once");
  }
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
    log::error("zone connection", {{"why", "no socket pair"}});
    return;
  }
  Descriptor ours(pair[0]), theirs(pair[1]);
  const Joint::Standing standing{is_own_address(session->fd()), session->peer_end_ms()};
  ++joint_.sessions;
  Line line;
  line.number = ++joint_.lines;
  line.peer = peer;
  line.since = Steady::now();
  accept_at_ = line.since + kAfterSession;
  next_address_ = 0;
  log::info("zone connected", {{"address", std::string_view(session->address())},
                               {"same_host", standing.same_host},
                               {"peer_until", iso_time(standing.peer_end_ms)}});
  // Only the Internet side hears somebody who has no reason to say much.
  line.relay = std::make_unique<Relay>(std::move(session), std::move(theirs),
                                       joint_.own == Side::internet ? limits::kZoneBackSecond : 0,
                                       std::chrono::seconds(config_.silence_seconds));
  line.held = std::move(ours);
  joint_.state.with([&](Joint::State& state) {
    state.standing[line.number] = standing;
    state.peer_end_ms = standing.peer_end_ms;
    for (const auto& [number, each] : state.standing)
      state.peer_end_ms = std::min(*state.peer_end_ms, each.peer_end_ms);
  });
  lines_.push_back(std::move(line));
  hand_out();
}

// The closed side hears every host; the Internet side speaks to one, and another one is ready when it ends.
void Wire::hand_out() {
  const bool one = joint_.own == Side::internet &&
                   std::any_of(lines_.begin(), lines_.end(), [](const Line& line) { return !line.held; });
  for (Line& line : lines_) {
    if (one || !line.held) continue;
    joint_.state.with(
        [&](Joint::State& state) { state.fresh.emplace_back(line.number, std::move(line.held)); });
    ::eventfd_write(joint_.taken.get(), 1);
    if (joint_.own == Side::internet) return;
  }
}

void Wire::ended(std::size_t at) {
  const Line line = std::move(lines_[at]);
  lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(at));
  log::warning("zone connection ends", {{"address", std::string_view(line.relay->address())},
                                        {"why", std::string_view(line.relay->why())}});
  joint_.slowed += line.relay->slowed();
  joint_.state.with([&](Joint::State& state) {
    std::erase_if(state.fresh, [&](const auto& each) { return each.first == line.number; });
    state.standing.erase(line.number);
  });
  const auto now = Steady::now();
  if (now - line.since > kStable) pause_ = kPauseFirst;
  connect_at_ = now + pause_;
}

void Wire::note_refused() {
  for (const Handshakes::Refused& each : handshakes_.take_refused()) {
    ++(each.unknown ? joint_.unknown : joint_.unfinished);
    refusals_.note(Steady::now(),
                   each.refused_us ? "zone peer refuses us"
                   : each.unknown  ? "unknown zone peer"
                                   : "zone handshake unfinished",
                   each.address, each.why);
  }
}

int Wire::wait_ms(Steady::time_point now) const {
  auto next = handshakes_.due();
  for (const Line& line : lines_) next = std::min(next, line.relay->due());
  if (may_connect()) next = std::min(next, connect_at_);
  if (!connects() && accept_at_ > now) next = std::min(next, accept_at_);
  if (next == Steady::time_point::max()) return -1;
  return static_cast<int>(
      std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(next - now).count(), 0, 60'000));
}

void Wire::turn() {
  take_changes();
  auto now = Steady::now();
  if (may_connect() && now >= connect_at_ && !stopping_) {
    connect();
    now = Steady::now();
  }
  const bool accepting = now >= accept_at_ && !stopping_;
  std::vector<pollfd> entries{{wake_.get(), POLLIN, 0}};
  for (const Line& line : lines_) {
    entries.resize(entries.size() + 2, pollfd{-1, 0, 0});
    line.relay->wishes(&entries[entries.size() - 2]);
  }
  const std::size_t doors = entries.size();
  if (!connects())
    for (const Descriptor& each : *listening_) entries.push_back({accepting ? each.get() : -1, POLLIN, 0});
  const std::size_t first = entries.size();
  handshakes_.wishes(entries);
  const std::size_t waiting = entries.size() - first;
  if (::poll(entries.data(), entries.size(), wait_ms(now)) < 0 && errno != EINTR) throw_errno("poll");
  if (entries[0].revents != 0) {
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
  }
  // Who has proved himself comes first: a flood at the door is not his trouble.
  for (std::size_t i = lines_.size(); i-- > 0;)
    if (!lines_[i].relay->turn(Steady::now(), unix_ms_now())) {
      ended(i);
      hand_out();
    }
  for (std::unique_ptr<Session>& each : handshakes_.turn(entries.data() + first, waiting, Steady::now()))
    proved(std::move(each));
  for (std::size_t i = doors; i < first; ++i)
    if (entries[i].revents != 0) accept((*listening_)[i - doors].get());
  note_refused();
}

void Wire::run() {
  auto until = Steady::time_point::max();
  while (!stopping_ || (!lines_.empty() && Steady::now() < until)) {
    if (stopping_ && until == Steady::time_point::max()) {
      until = Steady::now() + kStopPatience;
      handshakes_.clear();
      for (Line& line : lines_) line.relay->end();
    }
    try {
      turn();
    } catch (const std::exception& trouble) {  // no descriptors, no memory: what stands goes on
      log::error("zone link", {{"why", trouble.what()}});
      std::this_thread::sleep_for(100ms);
    }
  }
}

}  // namespace kiyome::zone
