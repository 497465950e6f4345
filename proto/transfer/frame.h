// A frame of this room's streams: u32 length of what follows, u8 kind, payload.
#pragma once

#include <cstdint>
#include <string>

#include "proto/base/bytes.h"

namespace kiyome::transfer {

// `payload(w)` writes what follows the kind. The length is put in last, so that a large content is copied
// once.
template <class Payload>
std::string framed(std::size_t kind, Payload&& payload) {
  ByteWriter w;
  w.u32(0);
  w.u8(static_cast<std::uint8_t>(kind));
  payload(w);
  std::string out = w.take();
  const auto length = static_cast<std::uint32_t>(out.size() - sizeof(std::uint32_t));
  for (std::size_t i = 0; i < sizeof length; ++i) out[i] = static_cast<char>(length >> (8 * i));
  return out;
}

}  // namespace kiyome::transfer
