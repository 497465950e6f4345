#include "service/cleaner/gate_link.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <fstream>
#include <map>
#include <thread>
#include <utility>

#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/base/meters.h"
#include "service/base/sockets.h"

namespace kiyome::cleaner {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kUnansweredMax = 512;        // bundles on the wire without an answer
constexpr std::size_t kHeldOctetsMax = 64u << 20;  // content kept in memory while it waits
constexpr auto kReconnectMax = 5000ms;
constexpr auto kHearAgainPause = 1000ms;       // a disk that is full stays so for a while
constexpr unsigned kWayBackPerSecond = 20000;  // messages; more is a conquered gate, and is slowed down
constexpr std::size_t kWordsMax = 8u << 20;  // answers that it does not read; it reads as long as it is read
constexpr unsigned kSeldomPerSecond = 50;    // refusals and checkpoints: a gate in peace has a few a day
constexpr auto kWritePatience = 120s;        // a gate on a slow disk reads late

struct Waiting {
  BundleKey key;
  bool sent_before = false;  // on an earlier connection: the gate may have it
  std::optional<transfer::AnyBundle> bundle;
  Steady::time_point since{};  // it was offered; not set: in an earlier life
};

struct Shared {
  std::deque<Waiting> queue;                           // not yet sent on this connection
  std::map<BundleKey, Steady::time_point> unanswered;  // sent, not settled; since when it was on its way
  std::string words;                                   // ResultTaken frames
  std::size_t held_octets = 0;
  bool stopping = false;
  bool again = false;  // this connection is to end: see hear_again()
};

}  // namespace

struct GateLink::Impl {
  std::string path;                // of the gate's socket on this host
  zone::ZoneLink* zone = nullptr;  // … or the wire to another one
  Calls calls;
  Guarded<Shared> shared;
  Descriptor wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::atomic<bool> up{false};
  std::atomic<pid_t> listener{0};  // of the connection that is up: who opened its socket
  Steady::time_point second{};     // the link's thread: how much was heard since then
  unsigned heard = 0, seldom = 0;
  std::thread thread;

  void run();
  Descriptor connect() const;
  void wait_for_connection(std::chrono::milliseconds pause) const;
  void up_with(const Descriptor& connection);
  void serve(const Descriptor& connection);
  bool send_some(const Descriptor& connection, transfer::FrameReader& frames);
  bool write_hearing(const Descriptor& connection, std::string_view octets, transfer::FrameReader& frames);
  bool hear(const Descriptor& connection, transfer::FrameReader& frames);
  bool slow_down(const transfer::WayBack& message);
  void requeue();
  bool stopping() {
    return shared.with([](Shared& state) { return state.stopping; });
  }
  bool ending() {
    return shared.with([](Shared& state) { return state.stopping || state.again; });
  }
};

// What was sent and not answered goes first, in order of age, on the next connection.
void GateLink::Impl::requeue() {
  shared.with([](Shared& state) {
    for (auto it = state.unanswered.rbegin(); it != state.unanswered.rend(); ++it)
      state.queue.push_front({it->first, true, {}, it->second});
    state.unanswered.clear();
    state.words.clear();  // the gate repeats its results, and is answered again
  });
}

// Writes all of it and hears the way back meanwhile: two full sockets must not wait for each other.
bool GateLink::Impl::write_hearing(const Descriptor& connection, std::string_view octets,
                                   transfer::FrameReader& frames) {
  const auto deadline = Steady::now() + kWritePatience;
  while (!octets.empty()) {
    const ssize_t count = ::send(connection.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (count > 0) {
      octets.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR) || Steady::now() > deadline || stopping())
      return false;
    pollfd entry{connection.get(), POLLIN | POLLOUT, 0};
    ::poll(&entry, 1, 500);
    if ((entry.revents & POLLIN) != 0 && !hear(connection, frames)) return false;
  }
  return true;
}

// Sends one batch; false when the connection is broken.
bool GateLink::Impl::send_some(const Descriptor& connection, transfer::FrameReader& frames) {
  for (;;) {
    std::string octets;
    std::optional<Waiting> next = shared.with([&](Shared& state) -> std::optional<Waiting> {
      octets.swap(state.words);
      if (state.queue.empty() || state.unanswered.size() >= kUnansweredMax) return std::nullopt;
      Waiting front = std::move(state.queue.front());
      state.queue.pop_front();
      if (front.bundle) state.held_octets -= transfer::octets_of(*front.bundle);
      state.unanswered.emplace(front.key, front.since);
      return front;
    });
    if (next) {
      if (!next->bundle) next->bundle = calls.load(next->key);
      if (next->bundle) {
        if (calls.before) octets += calls.before(next->key);
        octets += transfer::encode(*next->bundle);
      } else {
        shared.with([&](Shared& state) { state.unanswered.erase(next->key); });
      }
    }
    if (octets.empty() && !next) return true;
    if (!write_hearing(connection, octets, frames)) return false;
  }
}

bool GateLink::Impl::hear(const Descriptor& connection, transfer::FrameReader& frames) {
  std::string octets;
  if (read_some(connection.get(), octets, 65536, Steady::now()) <= 0) return false;
  frames.feed(octets);
  std::string frame;
  for (;;) {
    const Result<bool> got = frames.next(frame);
    if (!got) meters::cleaning.way_back_refused.add();
    if (!got) return false;
    if (!*got) return true;
    const Result<transfer::WayBack> message = transfer::decode_way_back(frame);
    if (!message) {
      meters::cleaning.way_back_refused.add();
      log::error("way back refused", {{"why", message.error().what}});
      return false;
    }
    calls.heard(*message);
    if (!slow_down(*message)) return false;
    if (shared.with([](Shared& state) { return state.words.size() > kWordsMax; })) {
      meters::cleaning.way_back_refused.add();
      log::error("way back refused", {{"why", "it speaks and reads no answer"}});
      return false;
    }
  }
}

// The cap of the way back, in messages: more is a conquered gate. false: while we were slow a newer
// connection came, and what is left of this one is not waited for.
bool GateLink::Impl::slow_down(const transfer::WayBack& message) {
  const auto now = Steady::now();
  if (now - second > 1s) {
    second = now;
    heard = seldom = 0;
  }
  // Each of these may be a line in the log, or a signature to look at.
  if (std::holds_alternative<transfer::Refused>(message) ||
      std::holds_alternative<transfer::Checkpoint>(message))
    ++seldom;
  if ((++heard <= kWayBackPerSecond && seldom <= kSeldomPerSecond) || stopping()) return true;
  meters::cleaning.way_back_slowed.add();
  std::this_thread::sleep_until(second + 1s);
  pollfd newer{zone != nullptr ? zone->ready() : -1, POLLIN, 0};
  return ::poll(&newer, 1, 0) <= 0;
}

void GateLink::Impl::serve(const Descriptor& connection) {
  transfer::FrameReader frames(limits::kWayBackFrame);
  while (!ending()) {
    if (!send_some(connection, frames)) return;
    pollfd entries[2] = {{connection.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
    if (::poll(entries, 2, -1) < 0) continue;
    if (entries[1].revents != 0) {
      eventfd_t count = 0;
      ::eventfd_read(wake.get(), &count);
    }
    if (entries[0].revents == 0) continue;
    if (!hear(connection, frames)) return;
  }
}

Descriptor GateLink::Impl::connect() const {
  if (zone != nullptr) return zone->next();
  try {
    return connect_unix(path);
  } catch (const std::exception& trouble) {
    log::warning("gate not reached", {{"why", trouble.what()}});
    return {};
  }
}

// Before the next look: the wire says when it has a connection, a socket on this host is tried again.
void GateLink::Impl::wait_for_connection(std::chrono::milliseconds pause) const {
  pollfd entries[2] = {{wake.get(), POLLIN, 0}, {zone != nullptr ? zone->ready() : -1, POLLIN, 0}};
  ::poll(entries, 2, static_cast<int>(pause.count()));
}

void GateLink::Impl::up_with(const Descriptor& connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool local = zone == nullptr;
  const bool known = ::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  listener = local && known ? peer.pid : 0;
  up = true;
}

void GateLink::Impl::run() {
  auto pause = 50ms;
  while (!stopping()) {
    const Descriptor connection = connect();
    if (connection) {
      up_with(connection);
      pause = 50ms;
      meters::cleaning.gate_connections.add();
      log::info("gate connected");
      try {
        if (calls.connected) calls.connected();
        serve(connection);
      } catch (const std::exception& trouble) {
        log::error("gate connection ends", {{"why", trouble.what()}});
      }
      up = false;
      requeue();
      const bool again = shared.with([](Shared& state) { return std::exchange(state.again, false); });
      if (again && !stopping()) std::this_thread::sleep_for(kHearAgainPause);
      if (!stopping()) log::warning("gate connection lost");
    }
    if (stopping()) return;
    wait_for_connection(pause);
    if (!connection) pause = std::min<std::chrono::milliseconds>(pause * 2, kReconnectMax);
    if (!stopping()) std::this_thread::sleep_for(connection ? 50ms : std::min(pause, 200ms));
  }
}

GateLink::GateLink(std::string path, Calls calls) : impl_(std::make_unique<Impl>()) {
  impl_->path = std::move(path);
  impl_->calls = std::move(calls);
}

GateLink::GateLink(zone::ZoneLink& zone, Calls calls) : GateLink(std::string(), std::move(calls)) {
  impl_->zone = &zone;
}

void GateLink::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

GateLink::~GateLink() { stop(); }

void GateLink::stop() {
  impl_->shared.with([](Shared& state) { state.stopping = true; });
  ::eventfd_write(impl_->wake.get(), 1);
  if (impl_->thread.joinable()) impl_->thread.join();
}

void GateLink::offer(transfer::AnyBundle bundle) {
  const BundleKey key{transfer::id_of(bundle), transfer::part_of(bundle)};
  impl_->shared.with([&](Shared& state) {
    const std::size_t octets = transfer::octets_of(bundle);
    if (state.held_octets + octets > kHeldOctetsMax) {
      state.queue.push_back({key, false, {}, Steady::now()});
    } else {
      state.held_octets += octets;
      state.queue.push_back({key, false, std::move(bundle), Steady::now()});
    }
  });
}

void GateLink::offer(const BundleKey& key) {
  // From the store after a restart: an earlier life may have sent it.
  impl_->shared.with([&](Shared& state) { state.queue.push_back({key, true, {}, {}}); });
}

void GateLink::flush() {
  const bool waits = impl_->shared.with([](Shared& state) {
    return !state.words.empty() || (!state.queue.empty() && state.unanswered.size() < kUnansweredMax);
  });
  if (waits) ::eventfd_write(impl_->wake.get(), 1);
}

bool GateLink::withdraw(const BundleKey& key) {
  return impl_->shared.with([&](Shared& state) {
    const auto it = std::find_if(state.queue.begin(), state.queue.end(),
                                 [&](const Waiting& each) { return each.key == key; });
    if (it == state.queue.end() || it->sent_before) return false;
    if (it->bundle) state.held_octets -= transfer::octets_of(*it->bundle);
    state.queue.erase(it);
    return true;
  });
}

std::optional<Steady::duration> GateLink::settled(const BundleKey& key) {
  return impl_->shared.with([&](Shared& state) -> std::optional<Steady::duration> {
    const auto found = state.unanswered.find(key);
    if (found == state.unanswered.end()) return std::nullopt;
    const Steady::time_point since = found->second;
    state.unanswered.erase(found);
    if (since == Steady::time_point{}) return std::nullopt;
    return Steady::now() - since;
  });
}

void GateLink::say(const transfer::ResultTaken& message) {
  impl_->shared.with([&](Shared& state) { state.words += transfer::encode(transfer::Forward(message)); });
}

void GateLink::say(const transfer::DropResultTaken& message) {
  impl_->shared.with([&](Shared& state) { state.words += transfer::encode(transfer::Forward(message)); });
}

void GateLink::say(const transfer::DoorState& message) {
  impl_->shared.with([&](Shared& state) { state.words += transfer::encode(transfer::Forward(message)); });
}

void GateLink::say(const transfer::Checkpoint& message) {
  if (!impl_->up) return;
  impl_->shared.with([&](Shared& state) { state.words += transfer::encode(transfer::Forward(message)); });
}

void GateLink::hear_again() {
  impl_->shared.with([](Shared& state) { state.again = true; });
  ::eventfd_write(impl_->wake.get(), 1);
}

bool GateLink::connected() const { return impl_->up; }

GateLink::Numbers GateLink::numbers() const {
  return impl_->shared.with([](Shared& state) {
    return Numbers{state.queue.size(), state.unanswered.size()};
  });
}

const zone::ZoneLink* GateLink::wire() const { return impl_->zone; }

std::optional<bool> GateLink::same_host() const {
  if (!impl_->up) return std::nullopt;
  if (impl_->zone != nullptr) return impl_->zone->same_host();
  const pid_t pid = impl_->listener;
  if (pid <= 0) return std::nullopt;
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name.starts_with("kiyome") || name == "exe";  // the supervisor starts roles by /proc/self/exe
}

}  // namespace kiyome::cleaner
