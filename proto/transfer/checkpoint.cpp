#include "proto/transfer/checkpoint.h"

#include "proto/transfer/fields.h"

namespace kiyome::transfer {
namespace {

constexpr std::uint64_t kSequenceMax = 1ULL << 62;  // a database's numbers end not far above

void said(ByteWriter& w, const Checkpoint& m) {
  w.u8(static_cast<std::uint8_t>(m.trail));
  w.u8(static_cast<std::uint8_t>(m.kind));
  w.u64(m.sequence);
  w.i64(m.unix_ms);
  w.raw(m.head);
}

}  // namespace

void payload(ByteWriter& w, const Checkpoint& m) {
  said(w, m);
  w.raw(m.key);
  w.raw(m.signature);
}

Checkpoint checkpoint(Fields& f) {
  Checkpoint out;
  const std::uint8_t trail = f.in.u8(), kind = f.in.u8();
  f.require(trail >= 1 && trail <= 4, "an unknown trail");
  f.require(kind >= 1 && kind <= 2, "an unknown kind of checkpoint");
  if (!f.in.failed()) {
    out.trail = static_cast<Trail>(trail);
    out.kind = static_cast<CheckpointKind>(kind);
  }
  out.sequence = f.in.u64();
  f.require(out.sequence >= 1 && out.sequence <= kSequenceMax, "entries are counted from 1");
  out.unix_ms = f.in.i64();
  f.require(out.unix_ms >= 0 && out.unix_ms <= kCheckpointLatest, "a time that no clock shows");
  take(f, out.head);
  take(f, out.key);
  take(f, out.signature);
  return out;
}

std::string signed_octets(const Checkpoint& checkpoint) {
  ByteWriter w;
  w.raw(std::string_view("kiyome audit checkpoint\n"));
  said(w, checkpoint);
  return w.take();
}

}  // namespace kiyome::transfer
