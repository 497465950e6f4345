// What a process counts of its own work, for service/sight to show. Every meter there is stands here, so that
// one place tells what the service can be seen by; like the log they are the process's own, begin at 0 with
// it, and are never read to decide anything. Counting is one relaxed addition to an atomic: nothing waits.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "proto/clean/findings.h"

namespace kiyome::meters {

// Thread-safe, as all here.
class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// How many values were seen up to each bound, and beyond the last. Values are not negative; their sum is kept
// in millionths.
class Histogram {
 public:
  static constexpr std::size_t kBoundsMax = 24;
  constexpr explicit Histogram(std::span<const double> bounds) : bounds_(bounds) {}

  void see(double value) {
    if (!(value > 0)) value = 0;  // a clock that was set back
    std::size_t at = 0;
    while (at < bounds_.size() && value > bounds_[at]) ++at;
    counts_[at].fetch_add(1, std::memory_order_relaxed);
    millionths_.fetch_add(static_cast<std::uint64_t>(value * 1e6), std::memory_order_relaxed);
  }
  void see(std::chrono::steady_clock::duration time) { see(std::chrono::duration<double>(time).count()); }

  std::span<const double> bounds() const { return bounds_; }
  std::uint64_t count(std::size_t bucket) const { return counts_[bucket].load(std::memory_order_relaxed); }
  double sum() const { return static_cast<double>(millionths_.load(std::memory_order_relaxed)) / 1e6; }

 private:
  std::span<const double> bounds_;
  std::array<std::atomic<std::uint64_t>, kBoundsMax + 1> counts_{};
  std::atomic<std::uint64_t> millionths_{0};
};

// Seconds: a write to a disk, a job or a mail's way through one part, a mail's way from end to end.
inline constexpr double kDiskSeconds[] = {.0001, .00025, .0005, .001, .0025, .005, .01, .025,
                                          .05,   .1,     .25,   .5,   1,     2.5,  5,   10};
inline constexpr double kJobSeconds[] = {.001, .0025, .005, .01, .025, .05, .1,  .25, .5,
                                         1,    2.5,   5,    10,  30,   60,  120, 300};
inline constexpr double kWaySeconds[] = {.005, .01, .025, .05, .1,  .25,  .5,   1,     2.5,   5,
                                         10,   30,  60,   120, 300, 1800, 3600, 14400, 86400, 432000};
inline constexpr double kGroupSizes[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
static_assert(std::size(kWaySeconds) <= Histogram::kBoundsMax);

// What shares a disk's fsyncs: how long one takes, and for how many it is.
struct Commits {
  Histogram seconds{kDiskSeconds};
  Histogram group{kGroupSizes};
};

// ---- SMTP in (edge) ----
// Sessions that ended before their first command, or by it.
enum class SessionRefusal : std::uint8_t { full, address_full, proxy_header, tls };
inline constexpr std::array kSessionRefusals{"connections", "connections-per-address", "proxy-header", "tls"};
// The codes that we answer with; whatever else is `other`.
inline constexpr std::array<std::uint16_t, 17> kSmtpCodes{421, 450, 451, 452, 454, 500, 501, 502, 503,
                                                          504, 521, 530, 550, 552, 553, 554, 555};
struct Smtp {
  Counter connections;
  std::array<Counter, kSessionRefusals.size()> sessions_refused;
  std::array<Counter, kSmtpCodes.size() + 1> refusals;  // the last: other

  void refused(SessionRefusal why) { sessions_refused[static_cast<std::size_t>(why)].add(); }
  void answered(std::uint16_t code) {
    std::size_t at = 0;
    while (at < kSmtpCodes.size() && kSmtpCodes[at] != code) ++at;
    refusals[at].add();
  }
};
inline Smtp smtp;

// ---- items that were said to be taken, after their commit (edge) ----
enum class By : std::uint8_t { mail, drop, folder };
inline constexpr std::array kBy{"smtp", "drop", "folder"};
struct Taken {
  std::array<Counter, kBy.size()> items, octets;
  void one(By by, std::uint64_t size) {
    items[static_cast<std::size_t>(by)].add();
    octets[static_cast<std::size_t>(by)].add(size);
  }
};
inline Taken taken;
inline Commits original_commits;

// ---- cleaning (cleaner) ----
inline constexpr std::size_t kFindingCodes = 512;  // findings.def counts from 1; tests look that it is enough
struct Cleaning {
  std::array<Counter, 3> verdicts;             // by kiyome::Verdict, one a recipient
  std::array<Counter, kFindingCodes> reasons;  // by clean::Finding, one a recipient
  Counter items, again, put_off;               // items that got their first verdict; …
  Histogram to_verdict{kWaySeconds};           // from when an item was accepted
  Histogram to_gate{kWaySeconds};              // from its verdict to the gate's word that it has it
  Histogram to_delivery{kWaySeconds};          // from when it was accepted to a recipient's delivery
  std::array<Counter, 5> deliveries;           // results heard, by transfer::ResultClass minus 1
  std::array<Counter, 3> gate_refusals;        // by transfer::RefusalReason minus 1
  Counter way_back_refused;                    // what the other zone said and nobody understands
  Counter way_back_slowed;                     // … and said too often
  Counter gate_connections;

  void refused_by_gate(std::size_t reason) {
    gate_refusals[reason >= 1 && reason <= gate_refusals.size() ? reason - 1 : 0].add();
  }
  void reason(clean::Finding finding, std::uint64_t recipients) {
    const auto code = static_cast<std::size_t>(finding);
    reasons[code < kFindingCodes ? code : 0].add(recipients);
  }
};
inline Cleaning cleaning;
inline Commits item_commits;

// ---- sanitizers (cleaner) ----
inline constexpr std::array kSandboxes{"mail", "archive", "office", "pdf", "image", "selftest"};
// How a job ended that gave no whole answer. `forbidden`: it tried what no sanitizer may, and was killed for
// it. `refused`: the sanitizer itself said that it cannot be cleaned.
enum class JobFailure : std::uint8_t { forbidden, crashed, timeout, memory, answer, refused, unavailable };
inline constexpr std::array kJobFailures{"forbidden", "crashed", "timeout",    "memory",
                                         "answer",    "refused", "unavailable"};
struct Sandbox {
  Counter good, deaths;  // deaths: of the process that forks the jobs
  std::array<Counter, kJobFailures.size()> failed;
  Histogram seconds{kJobSeconds};
  void failure(JobFailure how) { failed[static_cast<std::size_t>(how)].add(); }
};
inline std::array<Sandbox, kSandboxes.size()> sandboxes;
inline Sandbox& sandbox(std::string_view kind) {
  std::size_t at = 0;
  while (at + 1 < kSandboxes.size() && kind != kSandboxes[at]) ++at;
  return sandboxes[at];
}

// ---- the gate ----
inline constexpr std::array kBundleKinds{"mail", "drop", "sealed"};
inline constexpr std::array kRefusalReasons{"grammar", "digest", "envelope"};  // transfer::RefusalReason
inline constexpr std::array kAttemptResults{"delivered", "relayed", "put-off", "failed"};
struct Gate {
  std::array<Counter, kBundleKinds.size()> bundles;      // taken
  std::array<Counter, kRefusalReasons.size()> refusals;  // by the verifier
  std::array<Counter, kAttemptResults.size()> attempts;  // to deliver, one a recipient
  Histogram to_delivery{kWaySeconds};                    // from when a bundle was taken
  Counter frames_refused;                                // what the other zone said and nobody understands
  Counter connections;                                   // of the other zone

  void refused(std::size_t reason) {
    refusals[reason >= 1 && reason <= refusals.size() ? reason - 1 : 0].add();
  }
};
inline Gate gate;
inline Commits gate_commits;

// ---- cleaner and gate: the channel between two hosts; all 0 where both sides are on one ----
struct ZoneCounts {
  std::uint64_t unknown_peers = 0;  // whose handshake failed: no peer of ours, or one with the wrong papers
  std::uint64_t unfinished = 0;     // who went away, said nothing in time, or was one too many at once
  std::uint64_t sessions = 0;       // proved
  std::uint64_t slowed = 0;         // seconds in which the other side said more than it may
  std::optional<std::int64_t> certificate_end_ms{};  // of what it stands on
};

// ---- every role with a trail: the collector of its audit entries ----
struct Collector {
  bool connected = false;
  std::uint64_t unsent = 0;  // entries
};

// ---- pages (edge, gate, console) ----
struct Http {
  std::array<Counter, 5> answers;  // 1xx … 5xx
  void answered(int status) {
    if (status >= 100 && status < 600) answers[static_cast<std::size_t>(status / 100 - 1)].add();
  }
};
inline Http http;
enum class SignIn : std::uint8_t { done, refused, second_factor_refused, locked };
inline constexpr std::array kSignIns{"done", "refused", "second-factor-refused", "locked"};
inline std::array<Counter, kSignIns.size()> sign_ins;
inline void signing_in(SignIn how) { sign_ins[static_cast<std::size_t>(how)].add(); }

}  // namespace kiyome::meters
