// Where a reader finds segments: in a folder, or in a shared database (with or without a folder beside it).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "service/store/original_log.h"

namespace kiyome::store::original {

// One segment; used by one thread.
class SegmentOctets {
 public:
  virtual ~SegmentOctets() = default;
  // Everything of `size` octets at `offset`, or what there is of it. Throws TemporaryFailure.
  virtual std::string read(std::uint64_t offset, std::size_t size) = 0;
};

// Thread-safe. Everything throws TemporaryFailure.
class SegmentSource {
 public:
  virtual ~SegmentSource() = default;
  // None: it is not there. What is in a database says so by having no octets.
  virtual std::unique_ptr<SegmentOctets> open(std::uint64_t segment) = 0;
  virtual std::vector<std::uint64_t> segments() = 0;
  virtual void remove(std::span<const std::uint64_t> segments) = 0;
  virtual OriginalReader::Sweep sweep(const std::string& items, std::uint64_t after) = 0;
};

std::unique_ptr<SegmentSource> folder_source(const std::string& directory);
// Also makes sure of the key; throws ConfigError.
std::unique_ptr<SegmentSource> shared_source(SharedOriginals where, const CleanerPublicKey& key);

}  // namespace kiyome::store::original
