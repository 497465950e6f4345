// The self-check: clauses of a typical information-security policy of a municipality (after the Ministry's
// guideline), each beside what is true of this installation now. Judges facts that were collected elsewhere:
// no clause is a yes by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "service/base/config.h"

namespace kiyome::cleaner {

// What was found out about this installation. Times are Unix ms; 0: not known (yet).
struct Evidence {
  std::int64_t now_ms = 0;
  // The way to the closed side.
  bool gate_connected = false;
  std::optional<bool> same_host;  // both zones on one machine
  std::int64_t last_delivery_ms = 0;
  std::int64_t refused_by_gate = 0;  // bundles that its verifier refused, in the days counted
  // Sandboxes.
  std::size_t sanitizers_up = 0, sanitizers = 0;
  std::size_t acts_tried = 0, acts_stopped = 0;  // of the last self test
  std::int64_t selftest_ms = 0;
  std::string selftest_trouble;  // why there is none
  // The audit trail.
  std::uint64_t audit_entries = 0;
  std::optional<bool> audit_intact;
  std::uint64_t audit_fault = 0;  // the first bad entry
  std::int64_t audit_verified_ms = 0, last_checkpoint_ms = 0, last_witnessed_ms = 0;
  std::int64_t looked_at = 0;  // times that a person had the trail verified or exported, in the days counted
  // Items of the last days.
  std::int64_t days = 30, items = 0, held = 0, encrypted = 0, malware = 0, sanitizer_failures = 0;
  std::int64_t originals_released = 0, alone = 0;  // by two people; by break-glass
  std::int64_t oldest_original_ms = 0;             // that is still kept
  bool key_is_private = false;                     // the originals' key is readable by its owner alone
  std::string clamd_trouble;                       // empty: it answers, when configured
};

enum class Answer : std::uint8_t { yes, no, attention };
const char* name_of(Answer answer);

struct Clause {
  std::string code;
  std::string ja, en;
  Answer ok = Answer::no;
  std::string evidence_ja, evidence_en;
};

// Pure.
std::vector<Clause> self_check(const Config& config, const Evidence& evidence);

}  // namespace kiyome::cleaner
