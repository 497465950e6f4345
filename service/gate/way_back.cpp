#include "service/gate/way_back.h"

#include <sys/socket.h>

#include <cerrno>

namespace kiyome::gate {
namespace {

constexpr std::size_t kDirectMax = 256u
                                   << 10;  // unsent octets above which new results stay on the disk for now
constexpr std::size_t kPage = 500;         // results loaded at once
constexpr std::size_t kLoadBelow = 64u << 10;  // unsent octets below which more are loaded

}  // namespace

void WayBack::connect(int socket) {
  state_.with([&](State& state) {
    state = State();
    state.socket = socket;
    state.behind = socket >= 0;
    if (socket >= 0) ++connections_;
  });
}

void WayBack::say(const transfer::WayBack& message) {
  state_.with([&](State& state) {
    if (state.socket >= 0) state.out += transfer::encode(message);
  });
}

void WayBack::say(const std::vector<NumberedResult>& results) {
  state_.with([&](State& state) {
    ++state.changes;
    if (state.socket < 0 || state.behind) return;
    for (const NumberedResult& one : results) {
      if (one.number <= state.last) continue;  // was loaded in the meantime
      if (state.out.size() - state.sent > kDirectMax) {
        state.behind = true;
        return;
      }
      state.out += transfer::encode(one.message());
      state.last = one.number;
    }
  });
}

bool WayBack::flush(State& state) {
  while (!state.broken && state.sent < state.out.size()) {
    const ssize_t count = ::send(state.socket, state.out.data() + state.sent, state.out.size() - state.sent,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0)
      state.sent += static_cast<std::size_t>(count);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      break;
    else if (errno != EINTR)
      state.broken = true;
  }
  if (state.sent == state.out.size() || state.sent > kDirectMax) {
    state.out.erase(0, state.sent);
    state.sent = 0;
  }
  return !state.broken;
}

bool WayBack::flush() {
  return state_.with([&](State& state) { return state.socket < 0 || flush(state); });
}

void WayBack::load_results() {
  for (;;) {
    std::int64_t last = 0;
    std::uint64_t changes = 0;
    const bool wanted = state_.with([&](State& state) {
      last = state.last;
      changes = state.changes;
      return state.socket >= 0 && state.behind && state.out.size() - state.sent < kLoadBelow;
    });
    if (!wanted) return;
    const std::vector<NumberedResult> page = store_.results_after(last, kPage);
    state_.with([&](State& state) {
      for (const NumberedResult& one : page) {
        state.out += transfer::encode(one.message());
        state.last = one.number;
      }
      if (page.empty() && state.changes == changes) state.behind = false;
      flush(state);
    });
  }
}

bool WayBack::waiting() {
  return state_.with([](State& state) { return state.sent < state.out.size(); });
}

bool WayBack::unfinished() {
  return state_.with(
      [](State& state) { return state.broken || state.behind || state.sent < state.out.size(); });
}

bool WayBack::crowded() {
  return state_.with([](State& state) { return state.out.size() - state.sent > kDirectMax; });
}

std::uint64_t WayBack::connection() {
  return state_.with([this](State& state) { return state.socket >= 0 && !state.broken ? connections_ : 0; });
}

bool WayBack::connected() {
  return state_.with([](State& state) { return state.socket >= 0 && !state.broken; });
}

}  // namespace kiyome::gate
