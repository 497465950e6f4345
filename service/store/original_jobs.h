// What callers of OriginalLog want written, in the order they came; one thread takes it, whether it writes
// files or rows.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/base/guarded.h"
#include "service/base/meters.h"
#include "service/store/original_format.h"

namespace kiyome::store::original {

// An item in hand. Only `failed` is looked at by other threads than the writer.
struct Item {
  ItemId id;
  std::vector<Extent> extents;
  std::vector<std::uint64_t> segments;  // that hold its chunks, each once
  std::atomic<bool> failed{false};
};

struct Job {
  enum class Kind : std::uint8_t { chunk, commit, abandon } kind = Kind::chunk;
  std::shared_ptr<Item> item;  // shared: its owner may be gone while its chunks still wait
  std::string octets;          // of the chunk, or the tail of the content
  // of a commit
  meters::By by = meters::By::mail;
  std::string envelope;
  std::uint64_t size = 0;
  std::array<std::uint8_t, 32> sha256{};
  std::function<void(Result<transfer::Announce>)> done;
  transfer::Announce where;
};

// Thread-safe.
class JobQueue {
 public:
  // Waits while too much is queued; throws TemporaryFailure when the log is stopping.
  void put_chunk(Job job);
  void put_commit(Job job);
  void put_abandon(Job job);
  void look();  // the writer shall look around, though there is no job
  void stop();
  bool stopping();

  // The writer's: waits until there is something (or until `until`).
  struct Taken {
    std::deque<Job> jobs;
    bool stopping = false;
  };
  Taken take();
  Taken take(Steady::time_point until);

 private:
  struct State {
    std::deque<Job> jobs;
    std::size_t chunk_octets = 0;
    bool stopping = false;
    bool look = false;
    bool ready() const { return !jobs.empty() || stopping || look; }
    Taken take();
  };
  Guarded<State> state_;
};

// Whoever writes for an OriginalLog. Any thread.
class JobWriter {
 public:
  virtual ~JobWriter() = default;
  virtual void put_chunk(Job job) = 0;  // may wait; throws TemporaryFailure when the log is stopping
  virtual void put_commit(Job job) = 0;
  virtual void put_abandon(Job job) = 0;
  virtual void taken(const ItemId& id) = 0;
  virtual void free_segment(std::uint64_t segment) = 0;
  // Finishes what is queued and joins. Safe to call again.
  virtual void stop() = 0;
};

}  // namespace kiyome::store::original
