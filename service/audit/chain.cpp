#include "service/audit/chain.h"

#include <sodium.h>

#include "proto/base/bytes.h"

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
  Hash hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(out.bytes().data()),
                     out.bytes().size());
  return hash;
}

std::optional<std::string> Verifier::take(const Entry& entry, const Hash& stored) {
  const std::string at = "entry " + std::to_string(last_ + 1);
  if (entry.sequence != last_ + 1)
    return at + " is missing: the next one is " + std::to_string(entry.sequence);
  const Hash expected = link(head_, entry);
  if (expected != stored) return at + " does not match the chain: it or an entry before it was changed";
  last_ = entry.sequence;
  head_ = expected;
  return std::nullopt;
}

}  // namespace kiyome::audit
