// The one thread that writes segments, and the state it shares with the callers of OriginalLog.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/base/guarded.h"
#include "service/base/meters.h"
#include "service/store/original_index.h"
#include "service/store/original_log.h"
#include "service/store/original_segment.h"

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

class WriterThread {
 public:
  // Reads what earlier lives left, tells it through `pending`, and begins a new segment. Throws
  // TemporaryFailure.
  WriterThread(const std::string& directory, const CleanerPublicKey& key,
               const std::function<void(const transfer::Announce&)>& pending);
  ~WriterThread() { stop(); }

  // Any thread. put_chunk waits while too much is queued and throws TemporaryFailure when the log is
  // stopping.
  void put_chunk(Job job);
  void put_commit(Job job);
  void put_abandon(Job job);
  void taken(const ItemId& id);
  void free_segment(std::uint64_t segment);
  // Finishes what is queued and joins. Safe to call again.
  void stop();

 private:
  struct Queue {
    std::deque<Job> jobs;
    std::size_t chunk_octets = 0;
    bool stopping = false;
    bool look = false;  // the index changed
  };

  // ---- start ----
  void recover(const std::function<void(const transfer::Announce&)>& pending);
  void recover_segment(std::uint64_t segment, const TakenUpTo& known,
                       const std::function<void(const transfer::Announce&)>& pending);

  // ---- the writer thread ----
  void run();
  void process(std::deque<Job>& jobs);
  void place(Job& job);
  void make_room(std::size_t plaintext);
  void note_segment(Item& item);
  void write();
  void finish();
  void close_segment();
  void lose(const std::string& why);
  void refuse(Job& job, const std::string& why);
  void release(Item& item);
  void remove(std::uint64_t segment);
  void write_taken();

  Descriptor directory_;
  CleanerPublicKey key_;
  std::uint64_t next_segment_ = 1;
  Guarded<Queue> queue_;
  Guarded<Index> index_;

  // Of the writer thread alone:
  std::unique_ptr<SegmentWriter> segment_;
  std::vector<Job> gathered_;  // records in memory: lost when the next write fails
  std::vector<Job> written_;   // commits that wait for the next sync
  Steady::time_point taken_written_{};

  std::thread thread_;
};

}  // namespace kiyome::store::original
