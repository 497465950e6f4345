// Collects what the self-check judges: figures, the state of parts, the audit trail's soundness, the sandbox
// self test. The last two take seconds: they run on a thread of their own, when somebody asks and what is
// known is older than a day; until then the clause says that it is not known yet.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "service/cleaner/review/health.h"
#include "service/cleaner/review/self_check.h"

namespace kiyome::cleaner {

// The self-test sanitizers of this installation: kind and program, as workers::run_selftest takes them.
using SelftestPrograms = std::vector<std::pair<std::string, Descriptor>>;

// Thread-safe.
class SelfChecks {
 public:
  struct Parts {
    CurrentConfig& config;
    GateLink& gate;
    document::Sanitizers& sanitizers;
    Health& health;
    Overview& overview;
  };
  // FOLDER is the cleaner's.
  SelfChecks(store::ItemsAt at, Parts parts, SelftestPrograms programs);
  ~SelfChecks() { stop(); }
  void stop();
  void add_to(review::Desk& desk);

  // Throws TemporaryFailure.
  std::vector<Clause> clauses(const review::CountScope& scope);
  // Waits until what takes longer is known, or stop().
  void look_now();

 private:
  void look();
  void begin_look();
  Evidence collect(const review::CountScope& scope);

  const store::ItemsAt at_;
  const Parts parts_;
  const SelftestPrograms programs_;
  struct State {
    Evidence slow;  // of the last look
    bool looking = false, stopping = false;
    std::thread thread;
  };
  Guarded<State> state_;
};

}  // namespace kiyome::cleaner
