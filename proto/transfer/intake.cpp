#include "proto/transfer/intake.h"

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/transfer/frame.h"

namespace kiyome::transfer {
namespace {

void payload(ByteWriter& w, const Announce& m) {
  w.raw(m.id.bytes);
  w.u64(m.segment);
  w.u64(m.offset);
  w.u32(m.length);
}
void payload(ByteWriter& w, const Taken& m) { w.raw(m.id.bytes); }
void payload(ByteWriter& w, const FreeSegment& m) { w.u64(m.segment); }

ItemId item_id(ByteReader& in) {
  ItemId id;
  const std::string_view octets = in.raw(id.bytes.size());
  std::copy(octets.begin(), octets.end(), reinterpret_cast<char*>(id.bytes.data()));
  return id;
}

Announce announce(ByteReader& in) {
  Announce out;
  out.id = item_id(in);
  out.segment = in.u64();
  out.offset = in.u64();
  out.length = in.u32();
  if (out.length == 0) in.fail();  // a record is never empty
  return out;
}

}  // namespace

std::string encode(const Intake& message) {
  return std::visit(
      [&](const auto& value) {
        return framed(message.index() + 1, [&](ByteWriter& w) { payload(w, value); });
      },
      message);
}

Result<Intake> decode_intake(std::string_view frame) {
  ByteReader in(frame);
  Intake out;
  switch (in.u8()) {
    case 1:
      out = announce(in);
      break;
    case 2:
      out = Taken{item_id(in)};
      break;
    case 3:
      out = FreeSegment{in.u64()};
      break;
    default:
      return failure("an unknown kind of frame");
  }
  if (!in.done()) return failure("an intake frame of a wrong form", in.offset());
  return out;
}

}  // namespace kiyome::transfer
