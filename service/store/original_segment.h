// One segment being written, and the walk over a segment that an earlier life left. Owned by the log's writer
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/descriptor.h"
#include "service/store/original_format.h"
#include "service/store/original_seal.h"

namespace kiyome::store::original {

// The numbers of the segments that stand in the folder, in order. Throws TemporaryFailure.
std::vector<std::uint64_t> segments_in(int directory);

class SegmentWriter {
 public:
  // Creates the file in `directory`, preallocates it, writes its header and makes its name durable.
  // Throws TemporaryFailure (then the file is gone again).
  SegmentWriter(int directory, std::uint64_t segment, const CleanerPublicKey& key);

  std::uint64_t segment() const { return segment_; }
  bool fits(std::size_t plaintext) const;
  std::size_t gathered() const { return batch_.size(); }

  // Seals head + tail as the next record, in memory.
  Place add(RecordType type, const ItemId& id, std::uint64_t first_segment, std::string_view head,
            std::string_view tail);
  // Writes what was gathered. Throws TemporaryFailure; then this segment must not be used again (a second
  // record at the same place would use its nonce twice) and give_up() is due.
  void write();
  // Makes everything written durable. A failure ends the process: the kernel may have dropped the pages.
  void sync();
  // Cuts the file behind the last whole write.
  void give_up();
  // Gives back what was preallocated and not used. After sync().
  void close();
  bool empty() const { return written_ == kSegmentHeader; }

 private:
  void start(int directory, const CleanerPublicKey& key);
  void trim();

  std::uint64_t segment_;
  Descriptor file_;
  SegmentSeal seal_;
  std::uint64_t written_ = 0;
  std::string batch_;
};

struct ScanEnd {
  std::uint64_t good_end = 0;  // behind the last whole record
  std::uint64_t size = 0;      // of the file
  bool torn = false;           // something stands behind it that is no record
};
// Calls `found` for each whole record from `offset` on, without a key. Damaged octets are skipped up to the
// next whole record and told in the log. Throws TemporaryFailure when the disk fails.
ScanEnd scan_segment(int file, std::uint64_t segment, std::uint64_t offset,
                     const std::function<void(const RecordHeader&, const Place&)>& found);

// Everything of `size` octets at `offset`, or what there is of it. Throws TemporaryFailure.
std::string read_at(int file, std::uint64_t offset, std::size_t size);

}  // namespace kiyome::store::original
