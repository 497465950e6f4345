#include "service/cleaner/shift.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/store/arrivals.h"
#include "service/store/nodes.h"
#include "service/store/postgres.h"

namespace kiyome::cleaner {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kInHand =
    96;  // items taken and not decided: enough that no worker waits, few that die with us
constexpr auto kLease = 40s;
constexpr auto kBeat = 5s;
constexpr auto kHouse = 15s;  // after a beat: others wait for twenty before they take it for the last one
constexpr auto kLook = 2s;    // for bundles that others left, and for a notice that was missed
constexpr auto kSilentGate = 20s;          // without a gate so long, our bundles are anybody's
constexpr std::size_t kBundles = 256;      // taken over at once
constexpr std::size_t kBundlesMax = 1024;  // waiting to be sent: more are left to others
constexpr auto kTroublePause = 500ms;
constexpr unsigned kDelays = 6;  // of an item here, about 15 s in all: then it is another host's turn
constexpr auto kTrouble = 10s;

}  // namespace

struct Shift::Impl {
  Parts parts;
  const store::ItemsAt at;
  store::Bell bell;
  std::unique_ptr<store::Arrivals> arrivals;
  std::unique_ptr<store::Nodes> nodes;
  std::atomic<bool> stopping{false}, full{false};
  Steady::time_point next_beat{}, next_look{}, next_take{}, gate_seen = Steady::now();
  bool trouble = false;
  Guarded<Look> seen;
  std::thread thread;

  explicit Impl(Parts with)
      : parts(with), at(parts.items.at()), bell(at.originals(), store::kArrivalsChannel) {}

  void run();
  void turn();
  void reclaim();
  void take_items();
  std::size_t take(std::size_t wanted);  // gives how many came
  void ring_for_room();
  void let_go_others();
  void take_bundles();
};

// The first word of a life: what an earlier one held is free again, and what it died over is told to all.
void Shift::Impl::reclaim() {
  auto made = std::make_unique<store::Arrivals>(at.originals());
  nodes = std::make_unique<store::Nodes>(at);
  const std::vector<ItemId> died_over = parts.attempts.take_deaths();
  made->count_death(died_over);
  made->let_go(at.node);
  for (const auto& [id, part] : parts.items.unaccepted_bundles()) parts.gate.offer(BundleKey{id, part});
  arrivals = std::move(made);
}

// Where there may be more than we took nobody rings for that: who makes room does.
void Shift::Impl::take_items() {
  if (Steady::now() < next_take) return;
  const std::size_t wanted = kInHand - std::min(kInHand, parts.queue.size());
  full = wanted == 0 || take(wanted) == wanted;
  ring_for_room();
}

std::size_t Shift::Impl::take(std::size_t wanted) {
  const std::vector<store::Arrival> taken = arrivals->take(at.node, wanted, kLease);
  for (const store::Arrival& each : taken) {
    if (each.lapsed) log::info("taken over", each.item.id, {});
    Work work;
    work.where = each.item;
    work.deaths = static_cast<unsigned>(each.deaths);
    parts.queue.put(std::move(work));
  }
  return taken.size();
}

void Shift::Impl::ring_for_room() {
  if (full && parts.queue.size() < kInHand / 2) bell.ring();
}

// What we hold and do not know of (the answer to a take was lost), and what we cannot do for trouble of ours:
// others may be better off. We take nothing for a while then.
void Shift::Impl::let_go_others() {
  std::vector<ItemId> others = parts.queue.give_up(kDelays);
  if (!others.empty()) {
    log::warning("items are left to other hosts", {{"count", std::int64_t(others.size())}});
    next_take = Steady::now() + kTrouble;
  }
  for (const ItemId& each : arrivals->held(at.node))
    if (!parts.queue.has(each)) others.push_back(each);
  arrivals->let_go(at.node, others);
}

void Shift::Impl::take_bundles() {
  if (parts.gate.connected()) {
    gate_seen = Steady::now();
    if (parts.gate.numbers().waiting > kBundlesMax) return;
    const std::vector<store::Nodes::Key> taken = nodes->take_bundles(kBundles);
    for (const auto& [id, part] : taken) parts.gate.offer(BundleKey{id, part});
    if (taken.empty()) return;
    log::info("bundles taken over", {{"count", std::int64_t(taken.size())}});
    parts.gate.flush();
  } else if (Steady::now() - gate_seen > kSilentGate) {
    nodes->release_bundles();
  }
}

void Shift::Impl::turn() {
  if (!arrivals) reclaim();
  const auto now = Steady::now();
  if (now >= next_beat) {
    parts.items.keep_house(nodes->beat() ? now + kHouse : Steady::time_point());
    let_go_others();
    arrivals->renew(at.node, kLease);
    const std::int64_t oldest_ms = arrivals->oldest_ms();
    const Look now_seen{true, arrivals->count(), oldest_ms == 0 ? 0 : arrivals->now_ms() - oldest_ms};
    seen.with([&](Look& look) { look = now_seen; });
    next_beat = now + kBeat;
  }
  take_items();
  if (now >= next_look) {
    take_bundles();
    next_look = now + kLook;
  }
}

void Shift::Impl::run() {
  while (!stopping) {
    try {
      turn();
      if (std::exchange(trouble, false)) log::info("the shared store is back");
      bell.wait(std::chrono::duration_cast<std::chrono::milliseconds>(kLook));
    } catch (const TemporaryFailure& why) {
      if (!std::exchange(trouble, true)) log::warning("the shared store is away", {{"why", why.what()}});
      parts.items.keep_house({});
      seen.with([](Look& look) { look.store_up = false; });
      std::this_thread::sleep_for(kTroublePause);
    }
  }
}

Shift::Shift(Parts parts) : impl_(std::make_unique<Impl>(parts)) {}
Shift::~Shift() { stop(); }

void Shift::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void Shift::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->stopping = true;
  impl_->bell.ring();
  impl_->thread.join();
  try {
    if (impl_->arrivals) impl_->arrivals->let_go(impl_->at.node);
  } catch (const TemporaryFailure& why) {  // the leases run out by themselves
    log::warning("the shared store is away", {{"why", why.what()}});
  }
}

Shift::Look Shift::look() const {
  return impl_->seen.with([](Look& look) { return look; });
}

void Shift::has_room() { impl_->ring_for_room(); }

}  // namespace kiyome::cleaner
