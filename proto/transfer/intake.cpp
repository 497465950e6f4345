#include "proto/transfer/intake.h"

#include "proto/transfer/fields.h"
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
void payload(ByteWriter& w, const AskDrop& m) { w.raw(m.id.bytes); }

Announce announce(Fields& f) {
  Announce out;
  out.id = item_id(f.in);
  out.segment = f.in.u64();
  out.offset = f.in.u64();
  out.length = f.in.u32();
  f.require(out.length > 0, "a record is never empty");
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
  Fields f{ByteReader(frame)};
  Intake out;
  switch (f.in.u8()) {
    case 1:
      out = announce(f);
      break;
    case 2:
      out = Taken{item_id(f.in)};
      break;
    case 3:
      out = FreeSegment{f.in.u64()};
      break;
    case 4:
      out = drop_state(f);
      break;
    case 5:
      out = AskDrop{item_id(f.in)};
      break;
    case 6:
      out = ask_picture(f);
      break;
    case 7:
      out = picture(f);
      break;
    case 8:
      out = checkpoint(f);
      break;
    default:
      return failure("an unknown kind of frame");
  }
  return whole(f, std::move(out));
}

}  // namespace kiyome::transfer
