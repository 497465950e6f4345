#include "service/gate/door_back.h"

#include <sodium.h>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome::gate {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 1s;
constexpr auto kSayAgain = 60s;  // what was not answered for so long
constexpr auto kExpireEvery = 10min;

void wipe(std::string& password) { ::sodium_memzero(password.data(), password.size()); }

}  // namespace

DoorBack::DoorBack(Parts parts) : parts_(std::move(parts)) {
  Writer::Work work;
  work.kept = true;
  work.apply = [](GateStore& store) { store.doors().passwords_lost(); };
  parts_.writer.submit(std::move(work));
  thread_ = std::thread([this] { run(); });
}

DoorBack::~DoorBack() { stop(); }

void DoorBack::stop() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DoorBack::wake() {
  state_.with([](State& state) { state.woken = true; });
  state_.notify_all();
}

bool DoorBack::give(transfer::DoorPassword password) {
  const bool taken = state_.with([&](State& state) {
    const Door door{password.id, password.recipient};
    if (!state.passwords.contains(door) && state.passwords.size() >= limits::kDoorBackMinute) return false;
    transfer::DoorPassword& kept = state.passwords[door];
    wipe(kept.password);
    kept = std::move(password);
    state.settled.push_back(door);
    return true;
  });
  if (taken) wake();
  return taken;
}

// An earlier try's answer: the other side is done with it and looks at no password meanwhile, so the one that
// waits is said again at once.
void DoorBack::answered(const transfer::DoorState& state) {
  if (state.part != transfer::kLockedParts) return;
  const bool another = state_.with([&](State& held) {
    const Door door{state.id, state.recipient};
    const auto found = held.passwords.find(door);
    if (found == held.passwords.end()) return false;
    if (found->second.attempt != state.attempt) {
      held.settled.push_back(door);
      return true;
    }
    wipe(found->second.password);
    held.passwords.erase(found);
    return false;
  });
  if (another) wake();
}

void DoorBack::run() {
  for (;;) {
    const bool stop = state_.wait_until(
        Steady::now() + kTick, [](State& state) { return state.woken || state.stopping; },
        [](State& state) {
          state.woken = false;
          return state.stopping;
        });
    if (stop) return;
    try {
      say_all();
    } catch (const TemporaryFailure& trouble) {
      log::warning("doors wait", {{"why", trouble.what()}});
    }
    if (Steady::now() < expire_next_) continue;
    expire_next_ = Steady::now() + kExpireEvery;
    Writer::Work work;
    work.lazy = true;
    work.apply = [now = parts_.now_ms()](GateStore& store) { store.doors().expire(now); };
    parts_.writer.submit(std::move(work));
  }
}

void DoorBack::say_all() {
  const std::uint64_t connection = parts_.way_back.connection();
  if (connection == 0) return;
  if (parts_.store.shared()) forget_answered();
  if (std::exchange(connection_, connection) != connection) said_.clear();
  const auto old = Steady::now() - kSayAgain;
  std::erase_if(said_, [&](const auto& one) { return one.second < old; });
  std::map<Door, transfer::DoorPassword> passwords;
  for (const Door& door : state_.with([&](State& state) {
         passwords = state.passwords;
         return std::exchange(state.settled, {});
       }))
    said_.erase({door.first, door.second, transfer::kLockedParts});
  // Passwords first: somebody waits before the page.
  for (const auto& [door, password] : passwords)
    if (!say({door.first, door.second, transfer::kLockedParts}, password)) return parts_.flush();
  if (parts_.says_requests())
    for (const transfer::DoorRequest& request : parts_.store.doors().unanswered(limits::kDoorBackMinute))
      if (!say({request.id, request.recipient, request.part}, request)) break;
  parts_.flush();
}

// The answer may have come to another gate: then it stands on the disk alone.
void DoorBack::forget_answered() {
  std::vector<Door> held;
  state_.with([&](State& state) {
    for (const auto& [door, password] : state.passwords) held.push_back(door);
  });
  for (const Door& door : held) {
    if (parts_.store.doors().mark(door.first, door.second, transfer::kLockedParts) == DoorMark::sent)
      continue;
    state_.with([&](State& state) {
      const auto found = state.passwords.find(door);
      if (found == state.passwords.end()) return;
      wipe(found->second.password);
      state.passwords.erase(found);
    });
  }
}

bool DoorBack::say(const Asked& what, const transfer::WayBack& message) {
  if (said_.contains(what)) return true;
  if (!may_say()) return false;
  parts_.way_back.say(message);
  said_.emplace(what, Steady::now());
  return true;
}

bool DoorBack::may_say() {
  const auto now = Steady::now();
  if (now - minute_ > 60s) {
    minute_ = now;
    count_ = 0;
  }
  return count_ < limits::kDoorBackMinute && ++count_ > 0;
}

}  // namespace kiyome::gate
