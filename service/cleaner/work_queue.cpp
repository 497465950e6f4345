#include "service/cleaner/work_queue.h"

#include <algorithm>

namespace kiyome::cleaner {
namespace {
constexpr auto kFirstDelay = std::chrono::milliseconds(250);
constexpr unsigned kDelayDoublings = 8;  // at most about a minute
}  // namespace

bool WorkQueue::put(Work work) {
  const bool fresh = state_.with([&](State& state) {
    if (!state.known.insert(work.where.id).second) return false;
    state.due.push_back(std::move(work));
    return true;
  });
  if (fresh) state_.notify_one();
  return fresh;
}

void WorkQueue::put_off(Work work) {
  const auto pause = kFirstDelay * (1U << std::min(work.delays++, kDelayDoublings));
  documents_.finished(work.where.id);
  work.documents = false;  // it is looked at anew
  state_.with([&](State& state) {
    state.in_hand.erase(work.where.id);
    state.later.emplace(Steady::now() + pause, std::move(work));
  });
  state_.notify_one();
}

void WorkQueue::to_documents(Work work, std::string sender) {
  state_.with([&](State& state) { state.in_hand.erase(work.where.id); });
  work.documents = true;
  documents_.put(std::move(work), std::move(sender));
}

std::optional<Work> WorkQueue::take_document(unsigned workers) {
  std::optional<Work> work = documents_.take(workers);
  if (work) state_.with([&](State& state) { state.in_hand[work->where.id] = work->where; });
  return work;
}

std::optional<Work> WorkQueue::take() {
  for (;;) {
    auto wake = Steady::now() + std::chrono::seconds(60);
    state_.with([&](State& state) {
      if (!state.later.empty()) wake = std::min(wake, state.later.begin()->first);
    });
    bool stopped = false;
    // Also when something was put off to before our wake: then another one is reckoned.
    const auto is_due = [&wake](State& state) {
      return state.stopped || !state.due.empty() ||
             (!state.later.empty() &&
              (state.later.begin()->first < wake || state.later.begin()->first <= Steady::now()));
    };
    std::optional<Work> work = state_.wait_until(wake, is_due, [&](State& state) -> std::optional<Work> {
      stopped = state.stopped;
      if (stopped) return std::nullopt;
      std::optional<Work> next;
      if (!state.later.empty() && state.later.begin()->first <= Steady::now()) {
        next = std::move(state.later.begin()->second);
        state.later.erase(state.later.begin());
      } else if (!state.due.empty()) {
        next = std::move(state.due.front());
        state.due.pop_front();
      }
      if (next) state.in_hand[next->where.id] = next->where;
      return next;
    });
    if (work || stopped) return work;
  }
}

void WorkQueue::finished(const ItemId& id) {
  documents_.finished(id);
  state_.with([&](State& state) {
    state.in_hand.erase(id);
    state.known.erase(id);
  });
}

std::vector<ItemId> WorkQueue::give_up(unsigned delays) {
  return state_.with([&](State& state) {
    std::vector<ItemId> out;
    std::erase_if(state.later, [&](const auto& each) {
      const Work& work = each.second;
      if (work.delays < delays || work.again() || work.hold) return false;
      state.known.erase(work.where.id);
      out.push_back(work.where.id);
      return true;
    });
    return out;
  });
}

bool WorkQueue::hold(const ItemId& id) {
  return state_.with([&](State& state) {
    for (Work& work : state.due)
      if (work.where.id == id && !work.again()) return work.hold = true;
    for (auto& [when, work] : state.later)
      if (work.where.id == id && !work.again()) return work.hold = true;
    return false;
  }) || documents_.find([&](Work& work) {
    return work.where.id == id && !work.again() && (work.hold = true);
  });
}

bool WorkQueue::has(const ItemId& id) {
  return state_.with([&](State& state) { return state.known.contains(id); });
}

void WorkQueue::stop() {
  state_.with([](State& state) { state.stopped = true; });
  state_.notify_all();
  documents_.stop();
}

bool WorkQueue::stopped() {
  return state_.with([](State& state) { return state.stopped; });
}

std::vector<transfer::Announce> WorkQueue::waiting(std::size_t max) {
  std::vector<transfer::Announce> all = state_.with([&](State& state) {
    std::vector<transfer::Announce> out;
    for (const auto& [when, work] : state.later)
      if (out.size() < max) out.push_back(work.where);
    for (const Work& work : state.due)
      if (out.size() < max) out.push_back(work.where);
    return out;
  });
  documents_.find([&](const Work& work) {
    if (all.size() < max) all.push_back(work.where);
    return all.size() >= max;
  });
  return all;
}

std::vector<transfer::Announce> WorkQueue::in_hand() {
  return state_.with([](State& state) {
    std::vector<transfer::Announce> out;
    for (const auto& [id, where] : state.in_hand) out.push_back(where);
    return out;
  });
}

WorkQueue::Numbers WorkQueue::numbers() {
  Numbers out = state_.with([](State& state) {
    return Numbers{state.due.size(), state.later.size(), 0, state.in_hand.size()};
  });
  documents_.find([&](const Work&) {
    ++out.documents;
    return false;
  });
  return out;
}

std::size_t WorkQueue::size() {
  return state_.with([](State& state) { return state.known.size(); });
}

}  // namespace kiyome::cleaner
