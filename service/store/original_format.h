// The octets of the log of originals; ORIGINALS.md tells them. Pure functions: no files, no keys.
// Headers are read before anything is authenticated, so nothing in them is trusted beyond its place.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/item_id.h"
#include "proto/base/result.h"
#include "service/store/original_log.h"

namespace kiyome::store::original {

inline constexpr std::size_t kSealedKey = 80;  // crypto_box_SEALBYTES + 32
inline constexpr std::size_t kSegmentHeader = 112;
inline constexpr std::size_t kRecordHeader = 44;
inline constexpr std::size_t kAssociated = 36;  // octets of the record header that the cipher authenticates
inline constexpr std::size_t kTag = 16;

struct SegmentHeader {
  std::uint64_t segment = 0;
  std::int64_t created_ms = 0;
  std::array<std::uint8_t, kSealedKey> sealed{};
};
std::string encode(const SegmentHeader& header);
Result<SegmentHeader> decode_segment_header(std::string_view octets);

enum class RecordType : std::uint8_t { chunk = 1, commit = 2 };

struct RecordHeader {
  RecordType type = RecordType::chunk;
  ItemId id;
  std::uint64_t first_segment = 0;  // the lowest segment that holds octets of the item
  std::uint32_t length = 0;         // of the ciphertext with its tag
  std::uint32_t body_crc = 0;       // of the ciphertext with its tag
};
// kRecordHeader octets; the first kAssociated of them do not depend on body_crc.
std::string encode(const RecordHeader& header);
Result<RecordHeader> decode_record_header(std::string_view octets);

// A chunk record of an item.
struct Extent {
  std::uint64_t segment = 0, offset = 0;
  std::uint32_t length = 0;  // of the whole record
};

// What a commit record seals.
struct Commit {
  Envelope envelope;
  std::uint64_t size = 0;
  std::array<std::uint8_t, 32> sha256{};
  std::vector<Extent> extents;  // in order of the content
  std::string_view tail;        // the content behind them; points into the decoded octets
};
// The envelope's part is made by the thread that commits, the rest by the writer, which knows the extents.
std::string encode_envelope(const Envelope& envelope);
std::string encode_content(std::uint64_t size, const std::array<std::uint8_t, 32>& sha256,
                           const std::vector<Extent>& extents, std::size_t tail);
Result<Commit> decode_commit(std::string_view octets, const ItemId& id);

std::uint32_t crc32_of(std::string_view octets);
std::string segment_name(std::uint64_t segment);  // 16 hexadecimal digits and ".seg"
// 0 when the name is not one of ours.
std::uint64_t segment_of_name(std::string_view name);

}  // namespace kiyome::store::original
