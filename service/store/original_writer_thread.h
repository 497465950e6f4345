// The one thread that writes segments into a folder, and the state it shares with the callers of OriginalLog.
#pragma once

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
#include "service/store/original_index.h"
#include "service/store/original_jobs.h"
#include "service/store/original_segment.h"

namespace kiyome::store::original {

class WriterThread final : public JobWriter {
 public:
  // Reads what earlier lives left, tells it through `pending`, and begins a new segment. Throws
  // TemporaryFailure.
  WriterThread(const std::string& directory, const CleanerPublicKey& key,
               const std::function<void(const transfer::Announce&)>& pending);
  ~WriterThread() override { stop(); }

  void put_chunk(Job job) override { queue_.put_chunk(std::move(job)); }
  void put_commit(Job job) override { queue_.put_commit(std::move(job)); }
  void put_abandon(Job job) override { queue_.put_abandon(std::move(job)); }
  void taken(const ItemId& id) override;
  void free_segment(std::uint64_t segment) override;
  void stop() override;

 private:
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
  JobQueue queue_;
  Guarded<Index> index_;

  // Of the writer thread alone:
  std::unique_ptr<SegmentWriter> segment_;
  std::vector<Job> gathered_;  // records in memory: lost when the next write fails
  std::vector<Job> written_;   // commits that wait for the next sync
  Steady::time_point taken_written_{};

  std::thread thread_;
};

}  // namespace kiyome::store::original
