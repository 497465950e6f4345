// The thread that writes segments of originals into a database that many edges share. Each group commit is a
// segment of its own: its octets, the arrivals of its items, one transaction. An item that is larger than a
// batch has octets in segments before it; they are nobody's until its commit.
#pragma once

#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "service/store/original_jobs.h"
#include "service/store/original_log.h"

namespace kiyome::store::original {

class SharedWriter final : public JobWriter {
 public:
  // Throws ConfigError, TemporaryFailure: the database must be there at the start; later it may go and come.
  SharedWriter(SharedOriginals where, const CleanerPublicKey& key);
  ~SharedWriter() override { stop(); }

  void put_chunk(Job job) override { queue_.put_chunk(std::move(job)); }
  void put_commit(Job job) override { queue_.put_commit(std::move(job)); }
  void put_abandon(Job job) override { queue_.put_abandon(std::move(job)); }
  void taken(const ItemId&) override {}  // cleaners take arrivals, and remove segments
  void free_segment(std::uint64_t) override {}
  void stop() override;

 private:
  void run();
  void gather(Job job);
  void write();
  void transact();
  void put(std::uint64_t segment, std::string_view octets);
  void tell();

  Database database_;
  Descriptor folder_;
  CleanerPublicKey key_;
  JobQueue queue_;

  // Of the writer thread alone:
  std::vector<Job> gathered_;  // for the next segment
  std::size_t octets_ = 0;     // of them, about
  bool commits_ = false;       // one of them waits for an answer

  std::thread thread_;
};

}  // namespace kiyome::store::original
