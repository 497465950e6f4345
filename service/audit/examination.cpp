#include "service/audit/examination.h"

namespace kiyome::audit {
namespace {

std::string at(std::uint64_t sequence) { return std::to_string(sequence); }

std::string whose(bool elsewhere) {
  return elsewhere ? "the checkpoint kept in the other zone" : "the checkpoint";
}

}  // namespace

Examination::Examination(const Frame& frame, std::span<const Checkpoint> own,
                         std::span<const Checkpoint> elsewhere)
    : frame_(frame), verifier_(frame.base), agreed_(frame.base.sequence) {
  for (const Checkpoint& each : own) add(each, false);
  for (const Checkpoint& each : elsewhere) add(each, true);
  if (frame_.base.sequence > 0) compare(frame_.base.sequence, frame_.base.head);
  if (frame_.base.sequence > 0 && !base_signed_ && !frame_.part && !finding_.fault)
    fail(1, "entries 1 to " + at(frame_.base.sequence) + " are gone, and no signed cut says so");
}

void Examination::fail(std::uint64_t sequence, std::string what) {
  if (!finding_.fault || sequence < finding_.fault->sequence)
    finding_.fault = Fault{sequence, std::move(what)};
}

void Examination::add(const Checkpoint& checkpoint, bool elsewhere) {
  if (checkpoint.trail != frame_.trail) return;
  if (!holds(checkpoint))
    return fail(checkpoint.sequence, whose(elsewhere) + " at entry " + at(checkpoint.sequence) +
                                         " is forged: its signature does not fit");
  if (frame_.key && checkpoint.key != *frame_.key)
    return fail(checkpoint.sequence, whose(elsewhere) + " at entry " + at(checkpoint.sequence) +
                                         " is signed with another key than this trail's");
  if (!frame_.key) frame_.key = checkpoint.key;  // no better is known: they have to be one at least
  if (checkpoint.sequence >= frame_.base.sequence)
    marks_.emplace(checkpoint.sequence, Mark{checkpoint, elsewhere});
}

// All that is said about this entry. A chain that holds and does not agree was written anew, from somewhere
// behind the last entry that agreed.
void Examination::compare(std::uint64_t sequence, const Hash& head) {
  const auto [first, end] = marks_.equal_range(sequence);
  bool agreed = false;
  for (auto it = first; it != end; ++it) {
    const Mark& mark = it->second;
    if (mark.checkpoint.head != head) {
      const std::uint64_t bad = std::min(agreed_ + 1, sequence);
      fail(bad, (bad == sequence ? "entry " + at(bad)
                                 : "entries from " + at(bad) + " on, up to " + at(sequence) + ",") +
                    " were written anew: " + whose(mark.elsewhere) + " at entry " + at(sequence) +
                    " has another hash");
      continue;
    }
    agreed = true;
    finding_.checkpoints += 1;
    finding_.witnessed += mark.elsewhere ? 1 : 0;
    finding_.last_checkpoint_ms = std::max(finding_.last_checkpoint_ms, mark.checkpoint.unix_ms);
    base_signed_ =
        base_signed_ || (sequence == frame_.base.sequence && mark.checkpoint.kind == CheckpointKind::cut);
  }
  if (agreed) agreed_ = sequence;
  marks_.erase(first, end);
}

bool Examination::take(const Linked& linked) {
  if (std::optional<Fault> fault = verifier_.take(linked)) {
    fail(fault->sequence, std::move(fault->what));
    return false;
  }
  finding_.entries += 1;
  if (!marks_.empty() && marks_.begin()->first <= verifier_.last())
    compare(verifier_.last(), verifier_.head());
  // A fault of a checkpoint far behind does not hide an earlier one of an entry.
  return !finding_.fault || finding_.fault->sequence > verifier_.last();
}

Finding Examination::finish() {
  const std::uint64_t last = verifier_.last();
  const bool whole = !finding_.fault || finding_.fault->sequence > last;
  if (whole && !marks_.empty() && marks_.rbegin()->first > last) {
    const auto& [sequence, mark] = *marks_.rbegin();
    fail(last + 1, "entry " + at(last + 1) + " and those behind it are gone: " + whose(mark.elsewhere) +
                       " says that there were " + at(sequence));
  } else if (whole && frame_.last > last) {
    fail(last + 1,
         "entry " + at(last + 1) + " and those behind it are gone: the trail counts " + at(frame_.last));
  }
  return finding_;
}

}  // namespace kiyome::audit
