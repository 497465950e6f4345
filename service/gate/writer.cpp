#include "service/gate/writer.h"

#include <chrono>
#include <optional>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/meters.h"

namespace kiyome::gate {
namespace {

using namespace std::chrono_literals;

constexpr auto kLazy = 20ms;        // how long a finished delivery waits for company
constexpr auto kGather = 5ms;       // and a bundle that came: as in store/item_store.cpp
constexpr auto kAfterFailure = 1s;  // a full disk does not change faster
constexpr auto kAtTheEnd = 5s;      // a database may come back; what ends us waits for nine (supervisor)

}  // namespace

Writer::Writer(GateStore& store, std::function<void()> after_batch)
    : store_(store), after_batch_(std::move(after_batch)), thread_([this] { run(); }) {}

Writer::~Writer() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify_all();
  thread_.join();
}

void Writer::submit(Work work) {
  const bool wake = state_.with([&](State& state) {
    if (!work.lazy) ++state.urgent;
    state.queue.push_back(std::move(work));
    return state.urgent == 1 || state.queue.size() == 1 || state.queue.size() == limits::kGateBatch;
  });
  if (wake) state_.notify_one();
}

// Waits for work; what is lazy waits a little longer. Empty: the end.
std::vector<Writer::Work> Writer::gather() {
  state_.wait([](State& state) { return state.stopping || !state.queue.empty(); }, [](State&) {});
  const auto worth_it = [](State& state) {
    return state.stopping || state.urgent != 0 || state.queue.size() >= limits::kGateBatch;
  };
  state_.wait_until(Steady::now() + kLazy, worth_it, [](State&) {});
  std::this_thread::sleep_for(kGather);
  return state_.with([](State& state) {
    std::vector<Work> batch;
    std::size_t octets = 0;
    while (!state.queue.empty() && batch.size() < limits::kGateBatch && octets < limits::kGateBatchBytes) {
      octets += state.queue.front().octets;
      if (!state.queue.front().lazy) --state.urgent;
      batch.push_back(std::move(state.queue.front()));
      state.queue.pop_front();
    }
    return batch;
  });
}

bool Writer::write(std::vector<Work>& batch) {
  try {
    store_.begin();
    for (Work& work : batch) work.apply(store_);
    const auto began = Steady::now();
    store_.commit();
    meters::gate_commits.seconds.see(Steady::now() - began);
    meters::gate_commits.group.see(static_cast<double>(batch.size()));
    return true;
  } catch (const TemporaryFailure& trouble) {
    log::error("gate store", {{"why", trouble.what()}, {"batch", static_cast<std::int64_t>(batch.size())}});
    store_.rollback();
    return false;
  }
}

// In front and in order: a bundle's second outcome must not overtake its first.
void Writer::put_back(std::vector<Work>& batch) {
  state_.with([&](State& state) {
    for (auto it = batch.rbegin(); it != batch.rend(); ++it) {
      if (!it->kept) continue;
      if (!it->lazy) ++state.urgent;
      state.queue.push_front(std::move(*it));
    }
  });
}

void Writer::run() {
  std::optional<Steady::time_point> end;
  for (;;) {
    std::vector<Work> batch = gather();
    if (batch.empty()) return;
    const bool written = write(batch);
    for (Work& work : batch)
      if (work.done && (written || !work.kept)) work.done(written);
    if (!written) put_back(batch);
    after_batch_();
    if (written) continue;
    // What cannot be written at the end is sent again by the next life, with the same Message-ID.
    const bool stopping = state_.wait_until(
        Steady::now() + kAfterFailure, [](State& state) { return state.stopping; },
        [](State& state) { return state.stopping; });
    if (!stopping) continue;
    if (!end) end = Steady::now() + kAtTheEnd;
    if (!store_.shared() || Steady::now() > *end) return;
    std::this_thread::sleep_for(kAfterFailure / 4);
  }
}

}  // namespace kiyome::gate
