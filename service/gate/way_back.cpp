#include "service/gate/way_back.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace kiyome::gate {
namespace {

constexpr std::size_t kDirectMax = 256u
                                   << 10;  // unsent octets above which new results stay on the disk for now
constexpr std::size_t kPage = 500;         // results loaded at once
constexpr std::size_t kLoadBelow = 64u << 10;           // unsent octets below which more are loaded
constexpr auto kUnconfirmed = std::chrono::seconds(4);  // at least, before a result is said again

}  // namespace

WayBack::Peer* WayBack::State::find(Line line) {
  const auto found =
      std::find_if(peers.begin(), peers.end(), [&](const Peer& peer) { return peer.line == line; });
  return found == peers.end() ? nullptr : &*found;
}

void WayBack::State::begin_results() {
  last = 0;
  behind = !peers.empty();
}

WayBack::Line WayBack::connect(int socket) {
  return state_.with([&](State& state) {
    Peer peer;
    peer.line = ++state.lines;
    peer.socket = socket;
    state.peers.push_back(std::move(peer));
    state.begin_results();
    return state.lines;
  });
}

void WayBack::disconnect(Line line) {
  state_.with([&](State& state) {
    const Peer* peer = state.find(line);
    if (peer == nullptr) return;
    const bool newest = peer == state.newest();
    std::erase_if(state.peers, [&](const Peer& each) { return each.line == line; });
    if (newest) state.begin_results();  // what it has not confirmed the next one hears
  });
}

void WayBack::heard(Line line) {
  state_.with([&](State& state) {
    if (state.peers.size() < 2 || state.peers.back().line == line) return;
    const auto at = std::find_if(state.peers.begin(), state.peers.end(),
                                 [&](const Peer& peer) { return peer.line == line; });
    if (at != state.peers.end()) std::rotate(at, at + 1, state.peers.end());
  });
}

void WayBack::say(Line line, const transfer::WayBack& message) {
  state_.with([&](State& state) {
    if (Peer* peer = state.find(line)) peer->out += transfer::encode(message);
  });
}

void WayBack::say(const transfer::WayBack& message) {
  state_.with([&](State& state) {
    if (Peer* peer = state.newest()) peer->out += transfer::encode(message);
  });
}

void WayBack::say(const std::vector<NumberedResult>& results) {
  state_.with([&](State& state) {
    ++state.changes;
    Peer* peer = state.newest();
    if (peer == nullptr || state.behind) return;
    for (const NumberedResult& one : results) {
      if (one.number <= state.last) continue;  // was loaded in the meantime
      if (peer->unsent() > kDirectMax) {
        state.behind = true;
        return;
      }
      peer->out += transfer::encode(one.message());
      state.last = one.number;
    }
  });
}

bool WayBack::flush(Peer& peer) {
  while (!peer.broken && peer.sent < peer.out.size()) {
    const ssize_t count = ::send(peer.socket, peer.out.data() + peer.sent, peer.out.size() - peer.sent,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0)
      peer.sent += static_cast<std::size_t>(count);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      break;
    else if (errno != EINTR)
      peer.broken = true;
  }
  if (peer.sent == peer.out.size() || peer.sent > kDirectMax) {
    peer.out.erase(0, peer.sent);
    peer.sent = 0;
  }
  return !peer.broken;
}

bool WayBack::flush(Line line) {
  return state_.with([&](State& state) {
    Peer* peer = state.find(line);
    return peer == nullptr || flush(*peer);
  });
}

void WayBack::flush() {
  state_.with([](State& state) {
    for (Peer& peer : state.peers) flush(peer);
  });
}

void WayBack::load_results() {
  for (;;) {
    std::int64_t last = 0;
    std::uint64_t changes = 0;
    Line line = 0;
    const bool wanted = state_.with([&](State& state) {
      last = state.last;
      changes = state.changes;
      const Peer* peer = state.newest();
      if (peer != nullptr) line = peer->line;
      return peer != nullptr && state.behind && peer->unsent() < kLoadBelow;
    });
    if (!wanted) return;
    const std::vector<NumberedResult> page = store_.results_after(last, kPage);
    state_.with([&](State& state) {
      Peer* peer = state.newest();
      if (peer == nullptr || peer->line != line) return;  // it begins anew
      for (const NumberedResult& one : page) {
        peer->out += transfer::encode(one.message());
        state.last = one.number;
      }
      if (page.empty() && state.changes == changes) state.behind = false;
      flush(*peer);
    });
  }
}

// Those of a gate that died, or that has no line: they stand on the disk, and nobody here has said them.
void WayBack::say_again() {
  const auto now = Steady::now();
  if (now - marked_ >= kUnconfirmed) {
    marked_ = now;
    old_ = std::exchange(mark_, store_.last_result());
  }
  if (old_ == 0 || !connected()) return;
  const std::vector<NumberedResult> page = store_.results_after(0, kPage);
  state_.with([&](State& state) {
    // Over another line than before: the other end may keep one in reserve, and not read it.
    if (!page.empty() && page.front().number <= old_ && state.peers.size() > 1)
      std::rotate(state.peers.begin(), state.peers.begin() + 1, state.peers.end());
    Peer* peer = state.newest();
    if (peer == nullptr || state.behind || peer->unsent() >= kLoadBelow) return;
    for (const NumberedResult& one : page)
      if (one.number <= old_) peer->out += transfer::encode(one.message());
    flush(*peer);
  });
}

bool WayBack::waiting(Line line) {
  return state_.with([&](State& state) {
    const Peer* peer = state.find(line);
    return peer != nullptr && peer->unsent() != 0;
  });
}

bool WayBack::crowded(Line line) {
  return state_.with([&](State& state) {
    const Peer* peer = state.find(line);
    return peer != nullptr && peer->unsent() > kDirectMax;
  });
}

bool WayBack::unfinished() {
  return state_.with([](State& state) {
    return state.behind || std::any_of(state.peers.begin(), state.peers.end(),
                                       [](const Peer& peer) { return peer.broken || peer.unsent() != 0; });
  });
}

WayBack::Line WayBack::connection() {
  return state_.with([](State& state) {
    const Peer* peer = state.newest();
    return peer != nullptr && !peer->broken ? peer->line : 0;
  });
}

bool WayBack::connected() { return connection() != 0; }

}  // namespace kiyome::gate
