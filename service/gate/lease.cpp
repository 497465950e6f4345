#include "service/gate/lease.h"

#include <algorithm>
#include <future>

#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/log.h"

namespace kiyome::gate {
namespace {

using store::Row;

constexpr auto kHandOver = std::chrono::milliseconds(5000);  // for what is in the writer's hands
constexpr std::size_t kAtOnce = 5000;                        // bundles adopted in one transaction
constexpr const char* kDuties[] = {"house", "folder", "doors"};

// Its own folder tells a host from others; a life is a process.
std::string host_of(const std::string& folder) {
  const std::string path = folder + "/gate.id";
  if (std::optional<std::string> known = read_file(path); known && ItemId::parse(*known)) return *known + ":";
  const std::string fresh = new_item_id().text();
  write_file(path, fresh);
  return fresh + ":";
}

}  // namespace

Lease::Lease(GateStore& store, Writer& writer, Calls calls, Times times)
    : store_(store), writer_(writer), calls_(std::move(calls)), times_(times) {
  wished_[static_cast<std::size_t>(Duty::house)] = true;
  if (!store_.shared()) return;
  database_ = store_.open();
  const auto joined = std::make_shared<std::promise<bool>>();  // shared with the writer's thread
  std::future<bool> outcome = joined->get_future();
  host_ = host_of(store_.folder());
  const std::string owner = host_ + new_item_id().text();
  Writer::Work work;
  work.apply = [owner, host = host_](GateStore& disk) {
    disk.leave_as(host);  // this process has its folder now, so the one before is dead
    disk.join(owner);
  };
  work.done = [joined](bool written) { joined->set_value(written); };
  const auto began = Steady::now();
  writer_.submit(std::move(work));
  if (!outcome.get()) throw TemporaryFailure("the shared database could not be written");
  state_.with([&](State& state) { state.owner = owner; });
  good_until_ = (began + times_.good).time_since_epoch().count();
}

Lease::~Lease() { stop(); }

void Lease::start() {
  if (database_) thread_ = std::thread([this] { run(); });
}

void Lease::stop() {
  if (!thread_.joinable()) return;
  state_.with([](State& state) { state.stopping = true; });
  state_.notify_all();
  thread_.join();
  good_until_ = 0;
  const auto patience = Steady::now() + kHandOver;
  while (in_hand_ != 0 && Steady::now() < patience) std::this_thread::sleep_for(kHandOver / 1000);
  const std::string owner = state_.with([](State& state) { return state.owner; });
  Writer::Work work;  // after all that was sent is written down, in the order of the queue
  work.kept = true;
  work.apply = [owner](GateStore& disk) { disk.leave(owner); };
  writer_.submit(std::move(work));
}

bool Lease::valid() const {
  return !database_ || Steady::now().time_since_epoch().count() < good_until_.load();
}

void Lease::wish(Duty duty, bool wanted) { wished_[static_cast<std::size_t>(duty)] = wanted; }

bool Lease::has(Duty duty) const { return !database_ || (held_[static_cast<std::size_t>(duty)] && valid()); }

void Lease::run() {
  for (;;) {
    try {
      turn();
      if (std::exchange(lost_, false)) log::info("the shared database is back");
    } catch (const TemporaryFailure& trouble) {
      seen_.clear();  // who was silent meanwhile is not dead for that
      if (!std::exchange(lost_, true)) log::error("the shared database is away", {{"why", trouble.what()}});
    }
    const bool stop = state_.wait_until(
        Steady::now() + (lost_ ? times_.beat / 4 : times_.beat), [](State& state) { return state.stopping; },
        [](State& state) { return state.stopping; });
    if (stop) return;
  }
}

void Lease::turn() {
  if (!beat()) return;
  look_at_others(Steady::now());
  adopt();
  take_duties();
  const std::string owner = state_.with([](State& state) { return state.owner; });
  if (const std::vector<std::int64_t> rows = store_.made_due(owner); !rows.empty()) calls_.made_due(rows);
  calls_.tick();
}

// false: the others took us for dead. Then what we have is theirs, and we begin anew.
bool Lease::beat() {
  const auto began = Steady::now();
  const std::string owner = state_.with([](State& state) { return state.owner; });
  database_->kept("UPDATE gates SET beat = beat + 1 WHERE owner = ?").run(owner);
  if (database_->changes() != 0) {
    good_until_ = (began + times_.good).time_since_epoch().count();
    return true;
  }
  good_until_ = 0;
  if (in_hand_ != 0) return false;  // it is on its way already, or follows
  log::error("the other gates took this one for dead: its mails are theirs now");
  const std::string next = host_ + new_item_id().text();
  submit([next](GateStore& disk) { disk.join(next); },
         [this, next] {
           calls_.abandon();
           state_.with([&](State& state) { state.owner = next; });
         });
  return false;
}

void Lease::look_at_others(Steady::time_point now) {
  if (now - looked_ > times_.good) seen_.clear();  // we slept: what did not change may have had no chance to
  looked_ = now;
  const std::string owner = state_.with([](State& state) { return state.owner; });
  std::map<std::string, Seen> next;
  database_->kept("SELECT owner, beat FROM gates").each([&](const Row& row) {
    if (row.text(0) == owner) return;
    const std::string other(row.text(0));
    const auto before = seen_.find(other);
    const bool still = before != seen_.end() && before->second.beat == row.integer(1);
    next[other] = still ? before->second : Seen{row.integer(1), Steady::now()};
  });
  seen_ = std::move(next);
  for (const auto& [other, seen] : seen_) {
    if (now - seen.since < times_.dead || in_hand_ != 0) continue;
    submit(
        [other = other, beat = seen.beat](GateStore& disk) {
          if (!disk.bury(other, beat)) return;
          disk.doors().passwords_lost();
          log::warning("a gate is dead: the others go on with its mails");
        },
        {});
  }
}

void Lease::adopt() {
  const bool orphans =
      in_hand_ == 0 && database_
                           ->kept(
                               "SELECT 1 FROM pending p WHERE NOT EXISTS (SELECT 1 FROM gates g WHERE "
                               "g.owner = p.owner) LIMIT 1")
                           .one([](const Row&) {});
  if (!orphans) return;
  const auto found = std::make_shared<std::vector<PendingBundle>>();  // shared by the two halves of one work
  submit([found](GateStore& disk) { *found = disk.adopt(kAtOnce); },
         [this, found] {
           if (!found->empty())
             log::info("bundles of another gate", {{"count", static_cast<std::int64_t>(found->size())}});
           calls_.adopted(std::move(*found));
         });
}

void Lease::take_duties() {
  const std::string owner = state_.with([](State& state) { return state.owner; });
  for (std::size_t i = 0; i < wished_.size(); ++i) {
    const auto ours = [&] {
      return database_->kept("SELECT 1 FROM duties WHERE duty = ? AND owner = ?")
          .one([](const Row&) {}, kDuties[i], owner);
    };
    bool held = ours();
    if (held && !wished_[i]) {
      held_[i] = held = false;
      database_->kept("DELETE FROM duties WHERE duty = ? AND owner = ?").run(kDuties[i], owner);
    } else if (!held && wished_[i]) {
      database_
          ->kept(
              "INSERT INTO duties VALUES (?, ?) ON CONFLICT (duty) DO UPDATE SET owner = excluded.owner "
              "WHERE NOT EXISTS (SELECT 1 FROM gates g WHERE g.owner = duties.owner)")
          .run(kDuties[i], owner);
      held = ours();
    }
    held_[i] = held;
  }
}

// One work at a time: what the next turn sees is what this one left.
void Lease::submit(std::function<void(GateStore&)> apply, std::function<void()> done) {
  Writer::Work work;
  work.kept = true;
  work.apply = std::move(apply);
  work.done = [this, done = std::move(done)](bool) {
    if (done) done();
    --in_hand_;
  };
  ++in_hand_;
  writer_.submit(std::move(work));
}

}  // namespace kiyome::gate
