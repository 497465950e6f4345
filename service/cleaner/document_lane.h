// Items with documents that wait for a document worker. Senders take turns, and none can have all workers, so
// that one huge file or one busy sender does not stop the others.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "proto/transfer/intake.h"
#include "service/base/guarded.h"

namespace kiyome::cleaner {

// T has a member `where` of type transfer::Announce. Thread-safe.
template <class T>
class DocumentLane {
 public:
  void put(T work, std::string sender);
  // Blocks; for one of `workers` workers. Empty when stopped.
  std::optional<T> take(unsigned workers);
  // The worker is free again. Does nothing for an item that this lane never gave out.
  void finished(const ItemId& id);
  void stop();
  // Calls visit(T&) for each that waits, until it gives true; gives whether it did.
  template <class Visit>
  bool find(Visit&& visit);

 private:
  struct Sender {
    std::deque<T> due;
    unsigned running = 0;
  };
  struct State {
    std::map<std::string, Sender> senders;
    std::deque<std::string> turns;  // senders with work, in the order of their turns
    std::map<ItemId, std::string> running;
    bool stopped = false;
  };
  static auto next_turn(State& state, unsigned workers);

  Guarded<State> state_;
};

template <class T>
void DocumentLane<T>::put(T work, std::string sender) {
  state_.with([&](State& state) {
    Sender& lane = state.senders[sender];
    if (lane.due.empty()) state.turns.push_back(std::move(sender));
    lane.due.push_back(std::move(work));
  });
  state_.notify_one();
}

// The first sender in turn that has not all workers but one already.
template <class T>
auto DocumentLane<T>::next_turn(State& state, unsigned workers) {
  const unsigned share = workers > 1 ? workers - 1 : 1;
  return std::find_if(state.turns.begin(), state.turns.end(),
                      [&](const std::string& sender) { return state.senders[sender].running < share; });
}

template <class T>
std::optional<T> DocumentLane<T>::take(unsigned workers) {
  return state_.wait(
      [&](State& state) { return state.stopped || next_turn(state, workers) != state.turns.end(); },
      [&](State& state) -> std::optional<T> {
        if (state.stopped) return std::nullopt;
        const auto turn = next_turn(state, workers);
        const std::string sender = std::move(*turn);
        state.turns.erase(turn);
        Sender& lane = state.senders[sender];
        std::optional<T> next = std::move(lane.due.front());
        lane.due.pop_front();
        ++lane.running;
        state.running[next->where.id] = sender;
        if (!lane.due.empty()) state.turns.push_back(sender);  // the others have their turn first
        return next;
      });
}

template <class T>
void DocumentLane<T>::finished(const ItemId& id) {
  const bool freed = state_.with([&](State& state) {
    const auto running = state.running.find(id);
    if (running == state.running.end()) return false;
    const auto lane = state.senders.find(running->second);
    if (--lane->second.running == 0 && lane->second.due.empty()) state.senders.erase(lane);
    state.running.erase(running);
    return true;
  });
  if (freed) state_.notify_all();
}

template <class T>
void DocumentLane<T>::stop() {
  state_.with([](State& state) { state.stopped = true; });
  state_.notify_all();
}

template <class T>
template <class Visit>
bool DocumentLane<T>::find(Visit&& visit) {
  return state_.with([&](State& state) {
    for (auto& [name, sender] : state.senders)
      for (T& work : sender.due)
        if (visit(work)) return true;
    return false;
  });
}

}  // namespace kiyome::cleaner
