#include "service/audit/chain.h"

#include "proto/base/bytes.h"
#include "service/base/digest.h"

namespace kiyome::audit {

Hash link(const Hash& previous, const Entry& entry) {
  ByteWriter out;
  out.raw(previous);
  out.u64(entry.sequence);
  out.i64(entry.unix_ms);
  out.counted(entry.event);
  out.u8(entry.item ? 1 : 0);
  if (entry.item) out.raw(entry.item->bytes);
  out.counted(entry.actor);
  out.counted(entry.detail);
  return sha256(out.bytes());
}

std::optional<Fault> Verifier::take(const Entry& entry, const Hash& stored) {
  const std::uint64_t next = last_ + 1;
  const std::string at = "entry " + std::to_string(next);
  if (entry.sequence != next)
    return Fault{next, at + " is missing: the next one is " + std::to_string(entry.sequence)};
  const Hash expected = link(head_, entry);
  if (expected != stored)
    return Fault{next, at + " does not match the chain: it was changed, moved or put in"};
  last_ = entry.sequence;
  head_ = expected;
  return std::nullopt;
}

std::optional<Fault> Verifier::take(const Linked& linked) {
  if (linked.sound) return take(linked.entry, linked.hash);
  const std::uint64_t next = last_ + 1;
  return Fault{next, "entry " + std::to_string(next) + " is not written as we write: it was changed"};
}

}  // namespace kiyome::audit
