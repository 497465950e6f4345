// Several gates on one database: who of them lives, and so whose bundles are whose. Each has a row with a
// heartbeat; what it has taken, it alone delivers. A heart that was seen still for long enough is that of a
// dead gate, and the others go on with its bundles. Nobody's clock is compared with another's, and time in
// which the database itself was away counts for no one's death. On one host none of this happens.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "service/base/clock.h"
#include "service/base/guarded.h"
#include "service/gate/gate_store.h"
#include "service/gate/writer.h"

namespace kiyome::gate {

// What one gate does for all of them.
enum class Duty : std::uint8_t { house, folder, doors };  // retention; the output folder; requests of doors

// Thread-safe. Writer and store outlive it.
class Lease {
 public:
  struct Calls {
    // On the writer's thread: bundles of a dead gate, ours now; and, all that we have is not ours any more.
    std::function<void(std::vector<PendingBundle>)> adopted;
    std::function<void()> abandon;
    std::function<void(const std::vector<std::int64_t>& rows)> made_due;  // of ours, by an operator elsewhere
    std::function<void()> tick;  // every other second, while the database is there; throws TemporaryFailure
  };
  struct Times {
    std::chrono::milliseconds beat{2000};
    std::chrono::milliseconds good{8000};   // after a beat: so long nobody doubts us
    std::chrono::milliseconds dead{16000};  // without one: what began while it was good is over by now
  };
  // Joins the others. Throws TemporaryFailure.
  Lease(GateStore& store, Writer& writer, Calls calls, Times times);
  Lease(GateStore& store, Writer& writer, Calls calls) : Lease(store, writer, std::move(calls), Times()) {}
  ~Lease();
  void start();
  void stop();  // hands over what we have; nothing of ours is sent any more

  // Whether what we took is surely still ours: others wait for longer than this is true.
  bool valid() const;
  // Whether the duty is wanted here, from the next beat on; and whether it is ours now.
  void wish(Duty duty, bool wanted);
  bool has(Duty duty) const;

 private:
  struct Seen {
    std::int64_t beat = 0;
    Steady::time_point since{};
  };
  void join();
  void run();
  void turn();
  bool beat();
  void look_at_others(Steady::time_point now);
  void adopt();
  void take_duties();
  void submit(std::function<void(GateStore&)> apply, std::function<void()> done);

  GateStore& store_;
  Writer& writer_;
  Calls calls_;
  const Times times_;
  std::atomic<Steady::rep> good_until_{0};
  std::array<std::atomic<bool>, 3> wished_{}, held_{};
  std::atomic<unsigned> in_hand_{0};  // of our works at the writer
  struct State {
    std::string owner;
    bool stopping = false;
  };
  Guarded<State> state_;
  // the thread's own
  std::unique_ptr<store::Database> database_;
  std::string host_;
  std::map<std::string, Seen> seen_;
  Steady::time_point looked_{};
  bool lost_ = false;  // the database, and it was said
  std::thread thread_;
};

}  // namespace kiyome::gate
