// The messages of the doors as octets. What comes from another zone is refused at its first wrong field.
#include "proto/transfer/doors.h"

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "proto/transfer/fields.h"

namespace kiyome::transfer {
namespace {

constexpr std::uint8_t kSteps = 7;

std::uint32_t recipient(Fields& f) {
  const std::uint32_t out = f.in.u32();
  f.require(out < limits::kBundleRecipients, "a recipient beyond any bundle");
  return out;
}

std::uint64_t attempt(Fields& f) {
  const std::uint64_t out = f.in.u64();
  f.require(out >= 1 && out >> 63 == 0, "the number of a try");  // it fits our signed columns
  return out;
}

DoorPart door_part(Fields& f) {
  DoorPart out;
  out.part = f.in.u32();
  f.require(out.part != kLockedParts, "the number of a part");
  out.name = line(f, limits::kCrossingFileName, "the name of a part");
  out.type = line(f, limits::kCleanType, "the type of a part");
  out.bytes = f.in.u64();
  f.require(out.bytes <= limits::kMessageBytes, "the size of a part");
  out.findings = findings(f);
  out.can = f.in.u8();
  f.require(out.can <= (kDoorAsk | kDoorPassword), "what can be done about a part");
  return out;
}

std::vector<DoorPart> door_parts(Fields& f) {
  constexpr std::size_t kOctetsMin = 4 + 4 + 4 + 8 + 4 + 1;
  const std::uint32_t number = count(f, limits::kDoorParts, kOctetsMin, "the number of parts");
  f.require(number >= 1, "the number of parts");
  std::vector<DoorPart> out;
  for (std::uint32_t i = 0; i < number && !f.in.failed(); ++i) {
    out.push_back(door_part(f));
    f.require(i == 0 || out[i - 1].part < out[i].part, "parts ascend, each once");
  }
  return out;
}

}  // namespace

void payload(ByteWriter& w, const Door& door) {
  put(w, door.id);
  w.u32(door.recipient);
  w.counted(door.address);
  w.raw(door.token_hash);
  w.u64(door.until_ms);
  w.counted(door.sender);
  w.counted(door.subject);
  w.u32(static_cast<std::uint32_t>(door.parts.size()));
  for (const DoorPart& part : door.parts) {
    w.u32(part.part);
    w.counted(part.name);
    w.counted(part.type);
    w.u64(part.bytes);
    put_findings(w, part.findings);
    w.u8(part.can);
  }
}
Door door(Fields& f) {
  Door out;
  out.id = item_id(f.in);
  out.recipient = recipient(f);
  out.address = f.in.counted(limits::kSmtpPath);
  f.require(is_envelope_address(out.address), "the recipient's address");
  take(f, out.token_hash);
  out.until_ms = f.in.u64();
  f.require(out.until_ms >> 48 == 0, "the time of the end");  // as a UUIDv7's; it fits our signed times
  out.sender = line(f, limits::kCrossingTitle, "the sender's line");
  out.subject = line(f, limits::kCrossingTitle, "the subject's line");
  out.parts = door_parts(f);
  return out;
}

void payload(ByteWriter& w, const DoorState& state) {
  put(w, state.id);
  w.u32(state.recipient);
  w.u32(state.part);
  w.u64(state.attempt);
  w.u8(static_cast<std::uint8_t>(state.step));
}
DoorState door_state(Fields& f) {
  DoorState out;
  out.id = item_id(f.in);
  out.recipient = recipient(f);
  out.part = f.in.u32();
  out.attempt = out.part == kLockedParts ? attempt(f) : f.in.u64();
  f.require(out.part == kLockedParts || out.attempt == 0, "a try of what takes no password");
  const std::uint8_t step = f.in.u8();
  f.require(step >= 1 && step <= kSteps, "an unknown step");
  if (!f.in.failed()) out.step = static_cast<DoorStep>(step);
  return out;
}

void payload(ByteWriter& w, const DoorRequest& request) {
  put(w, request.id);
  w.u32(request.recipient);
  w.u32(request.part);
}
DoorRequest door_request(Fields& f) {
  DoorRequest out;
  out.id = item_id(f.in);
  out.recipient = recipient(f);
  out.part = f.in.u32();
  f.require(out.part != kLockedParts, "the number of a part");
  return out;
}

void payload(ByteWriter& w, const DoorPassword& password) {
  put(w, password.id);
  w.u32(password.recipient);
  w.u64(password.attempt);
  w.counted(password.password);
}
DoorPassword door_password(Fields& f) {
  DoorPassword out;
  out.id = item_id(f.in);
  out.recipient = recipient(f);
  out.attempt = attempt(f);
  out.password = line(f, limits::kJobPassword, "the password");
  f.require(!out.password.empty(), "the password");
  return out;
}

}  // namespace kiyome::transfer
