// A segment's key and the records that are sealed with it: the same octets in a file and in a database.
#pragma once

#include <sodium.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "service/store/original_format.h"

namespace kiyome::store::original {

// Where a record stands.
struct Place {
  std::uint64_t offset = 0;
  std::uint32_t length = 0;  // of the whole record
};

// The nonce of the record at `offset`; unique under a segment's key because a place is written once.
std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> nonce_of(std::uint64_t offset);

// A fresh key of one segment; overwritten at its end.
class SegmentSeal {
 public:
  SegmentSeal();
  ~SegmentSeal();
  SegmentSeal(const SegmentSeal&) = delete;
  SegmentSeal& operator=(const SegmentSeal&) = delete;

  // The segment's header with the key, which only the cleaner can open. Throws TemporaryFailure.
  std::string header(std::uint64_t segment, std::int64_t created_ms, const CleanerPublicKey& key) const;
  // Appends head + tail as a record that will stand at `offset` of the segment.
  Place add(std::string& out, std::uint64_t offset, RecordType type, const ItemId& id,
            std::uint64_t first_segment, std::string_view head, std::string_view tail) const;

 private:
  std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_KEYBYTES> key_{};
};

}  // namespace kiyome::store::original
