#include "service/store/original_jobs.h"

#include <utility>

#include "proto/base/limits.h"
#include "service/base/errors.h"

namespace kiyome::store::original {

void JobQueue::put_chunk(Job job) {
  const std::size_t octets = job.octets.size();
  const bool refused = state_.wait(
      [](const State& state) { return state.stopping || state.chunk_octets < limits::kOriginalQueue; },
      [&](State& state) {
        if (state.stopping) return true;
        state.chunk_octets += octets;
        state.jobs.push_back(std::move(job));
        return false;
      });
  state_.notify_all();
  if (refused) throw TemporaryFailure("the log of originals is stopping");
}

void JobQueue::put_commit(Job job) {
  const bool refused = state_.with([&](State& state) {
    if (!state.stopping) state.jobs.push_back(std::move(job));
    return state.stopping;
  });
  state_.notify_all();
  if (refused) job.done(failure("the log of originals is stopping"));
}

void JobQueue::put_abandon(Job job) {
  state_.with([&](State& state) {
    if (!state.stopping) state.jobs.push_back(std::move(job));
  });
  state_.notify_all();
}

void JobQueue::look() {
  state_.with([](State& state) { state.look = true; });
  state_.notify_all();
}

void JobQueue::stop() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify_all();
}

bool JobQueue::stopping() {
  return state_.with([](const State& state) { return state.stopping; });
}

JobQueue::Taken JobQueue::State::take() {
  look = false;
  chunk_octets = 0;
  return {std::exchange(jobs, {}), stopping};
}

JobQueue::Taken JobQueue::take() {
  Taken out = state_.wait([](const State& state) { return state.ready(); },
                          [](State& state) { return state.take(); });
  state_.notify_all();  // who waits for room
  return out;
}

JobQueue::Taken JobQueue::take(Steady::time_point until) {
  Taken out = state_.wait_until(
      until, [](const State& state) { return state.ready(); }, [](State& state) { return state.take(); });
  state_.notify_all();
  return out;
}

}  // namespace kiyome::store::original
