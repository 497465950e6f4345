// Drives warm sanitizer processes: one zygote per kind, one child per job, deadlines, kills, and a verdict
// for every end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proto/clean/codec.h"
#include "proto/clean/job.h"
#include "service/base/descriptor.h"

namespace kiyome::workers {

// How one job ended.
struct JobEnd {
  // Set when there is no whole, well-formed answer: kSanitizerCrashed, kSanitizerTimeout, kSanitizerMemory,
  // kSanitizerAnswer, or what the sanitizer itself said (Refusal).
  std::optional<clean::Finding> failure;
  // Set when no sanitizer could be had (it dies at start): the item waits, it is not held.
  bool unavailable = false;
  // How the process ended, where that was waited for: for logs and the self test.
  int signal = 0;
  int exit_code = 0;
  double milliseconds = 0;
  bool good() const { return !failure && !unavailable; }
};

// … of a job about a mail. `answer` is set when it is good.
struct JobResult : JobEnd {
  std::optional<clean::MailAnswer> answer;
};

// Whether the process failed and not the item: a Refusal of the sanitizer's own would only be said again.
inline bool worth_another_try(const JobEnd& result) {
  using clean::Finding;
  return result.failure &&
         (*result.failure == Finding::kSanitizerCrashed || *result.failure == Finding::kSanitizerTimeout ||
          *result.failure == Finding::kSanitizerMemory || *result.failure == Finding::kSanitizerAnswer);
}

struct Bounds {
  std::uint32_t wall_ms = 0;
  std::uint32_t cpu_seconds = 0;
  std::uint64_t memory_bytes = 0;
  std::uint32_t progress_ms = 0;  // the longest silence of the child; 0 = none
};

// A sealed memfd with `octets`: the form every input has. Throws TemporaryFailure.
Descriptor sealed_input(std::string_view octets);

// How a sanitizer fares, for people. Times are Unix ms; 0: never in this life.
struct PoolHealth {
  bool up = false;  // its zygote is ready for jobs, or was renewed a moment ago
  std::int64_t last_good_ms = 0, last_death_ms = 0;
  std::uint64_t good = 0, failed = 0;  // jobs
};

// Ownership: owns the zygote process and ends it in the destructor. Thread-safe: run() may be called by many
// threads at once.
class Pool {
 public:
  // `program` is an open O_PATH|O_CLOEXEC descriptor of the sanitizer's executable; it is executed with no
  // environment, no descriptors but its own socket, and standard error to `kiyome`'s. The zygote starts at
  // once and again, with growing pauses, whenever it dies.
  Pool(std::string kind, Descriptor program);
  ~Pool();

  // Blocks until the job has ended or its deadline has passed (then the child is killed). The answer goes
  // through `reader`, which is fresh. Never throws for what a sanitizer does; throws on what the reader's
  // handler throws, after the child is told to end.
  JobEnd run(int input, const clean::JobOptions& options, const Bounds& bounds, clean::Reader& reader);
  // … of a job about a mail, whose original has `input_size` octets.
  JobResult run(int input, std::uint64_t input_size, const clean::JobOptions& options, const Bounds& bounds);

  // Ends every job at once; they and later ones are `unavailable`.
  void stop();

  // Waits until the zygote is ready. false after `wall_ms`.
  bool wait_ready(std::uint32_t wall_ms);

  PoolHealth health() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::workers
