// One whole look at a trail: its chain, its count, the checkpoints it bears and those that stand elsewhere.
// Fed from a database or from an export; memory does not grow with the trail. Names the first bad entry.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "service/audit/checkpoint.h"

namespace kiyome::audit {

// What is known of a trail besides its entries.
struct Frame {
  Trail trail = Trail::cleaner;
  Base base;
  std::uint64_t last = 0;        // as the trail's own count says; 0: it has none (an export)
  std::optional<PublicKey> key;  // its owner's, where that is known for sure
  bool part = false;             // what was before the base is elsewhere, and no cut is asked for
};

struct Finding {
  std::uint64_t entries = 0;      // that hold, from the first on
  std::uint64_t checkpoints = 0;  // that agree with them
  std::uint64_t witnessed = 0;    // of these: that stand elsewhere
  std::int64_t last_checkpoint_ms = 0;
  std::optional<Fault> fault;
};

// Thread: one owner.
class Examination {
 public:
  // `own` stand beside the trail, `elsewhere` were kept by others. Those of other trails are left out.
  Examination(const Frame& frame, std::span<const Checkpoint> own, std::span<const Checkpoint> elsewhere);
  // In order. false: something is wrong, and nothing further needs to be read.
  bool take(const Linked& linked);
  void expect(std::uint64_t last) { frame_.last = last; }  // an export says it at its end
  Finding finish();

 private:
  struct Mark {
    Checkpoint checkpoint;
    bool elsewhere = false;
  };
  void add(const Checkpoint& checkpoint, bool elsewhere);
  void compare(std::uint64_t sequence, const Hash& head);
  void fail(std::uint64_t sequence, std::string what);

  Frame frame_;
  Verifier verifier_;
  std::multimap<std::uint64_t, Mark> marks_;
  std::uint64_t agreed_ = 0;  // the last entry whose checkpoint agreed
  bool base_signed_ = false;
  Finding finding_;
};

}  // namespace kiyome::audit
