// What the codecs of this room share: ids, and a reader that remembers the first rule that was broken.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/item_id.h"
#include "proto/base/result.h"
#include "proto/transfer/checkpoint.h"
#include "proto/transfer/doors.h"
#include "proto/transfer/drop.h"
#include "proto/transfer/sealed.h"

namespace kiyome::transfer {

struct Fields {
  ByteReader in;
  const char* why = nullptr;

  void require(bool holds, const char* rule) {
    if (holds || in.failed()) return;
    why = rule;
    in.fail();
  }
};

inline void put(ByteWriter& w, const ItemId& id) { w.raw(id.bytes); }

inline ItemId item_id(ByteReader& in) {
  ItemId id;
  const std::string_view octets = in.raw(id.bytes.size());
  std::copy(octets.begin(), octets.end(), reinterpret_cast<char*>(id.bytes.data()));
  return id;
}

// A hash or a key: as many octets as `into` has.
template <std::size_t Size>
void take(Fields& f, std::array<std::uint8_t, Size>& into) {
  const std::string_view octets = f.in.raw(Size);
  std::copy(octets.begin(), octets.end(), reinterpret_cast<char*>(into.data()));
}

// fields.cpp: what several messages have in common. `rule` is told when it is broken.
std::string line(Fields& f, std::size_t max, const char* rule);
// A count whose entries, of at least `octets_min` each, are still to come.
std::uint32_t count(Fields& f, std::size_t max, std::size_t octets_min, const char* rule);
std::vector<std::uint16_t> findings(Fields& f);
void put_findings(ByteWriter& w, const std::vector<std::uint16_t>& findings);

template <class T>
Result<T> whole(const Fields& f, T&& value) {
  if (f.in.failed()) return failure(f.why ? f.why : "the payload ends within a field", f.in.offset());
  if (!f.in.done()) return failure("octets are left over", f.in.offset());
  return std::forward<T>(value);
}

// drop.cpp: payloads of the messages of the file drop box.
void payload(ByteWriter& w, const DropBundle& bundle);
void payload(ByteWriter& w, const DropResult& result);
void payload(ByteWriter& w, const DropResultTaken& taken);
void payload(ByteWriter& w, const DropState& state);
void payload(ByteWriter& w, const AskPicture& ask);
void payload(ByteWriter& w, const Picture& picture);
DropBundle drop_bundle(Fields& f);
DropResult drop_result(Fields& f);
DropResultTaken drop_result_taken(Fields& f);
DropState drop_state(Fields& f);
AskPicture ask_picture(Fields& f);
Picture picture(Fields& f);

// doors.cpp: payloads of the doors' messages.
void payload(ByteWriter& w, const Door& door);
void payload(ByteWriter& w, const DoorState& state);
void payload(ByteWriter& w, const DoorRequest& request);
void payload(ByteWriter& w, const DoorPassword& password);
Door door(Fields& f);
DoorState door_state(Fields& f);
DoorRequest door_request(Fields& f);
DoorPassword door_password(Fields& f);

// checkpoint.cpp
void payload(ByteWriter& w, const Checkpoint& checkpoint);
Checkpoint checkpoint(Fields& f);

// sealed.cpp
void payload(ByteWriter& w, const SealedOriginal& sealed);
SealedOriginal sealed_original(Fields& f);

}  // namespace kiyome::transfer
