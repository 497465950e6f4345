// The one thread that writes to the store. What waits is gathered into one transaction and one fsync (group
// commit).
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "service/base/guarded.h"
#include "service/gate/gate_store.h"

namespace kiyome::gate {

// Thread-safe.
class Writer {
 public:
  struct Work {
    // Within the transaction, on the writer's thread. Called again when that transaction failed, if it is
    // `kept`.
    std::function<void(GateStore&)> apply;
    // After the commit (true) or its failure (false; for kept work only true, later).
    std::function<void(bool)> done;
    std::size_t octets = 0;  // of content, for the bound of a batch
    // Known here and nowhere else, e.g. that a mail was sent: tried until it is written. Else the asker asks
    // again.
    bool kept = false;
    // Nobody waits for it: it rides with others, or goes after a short while.
    bool lazy = false;
  };

  // `after_batch` is called on the writer's thread when a batch's callbacks were made.
  Writer(GateStore& store, std::function<void()> after_batch);
  ~Writer();  // writes what waits, then ends

  void submit(Work work);

 private:
  struct State {
    std::deque<Work> queue;
    std::size_t urgent = 0;  // of the queue
    bool stopping = false;
  };
  void run();
  std::vector<Work> gather();
  bool write(std::vector<Work>& batch);
  void put_back(std::vector<Work>& batch);

  GateStore& store_;
  std::function<void()> after_batch_;
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace kiyome::gate
