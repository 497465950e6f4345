// The log of originals, copied while edge writes it. Runs under edge's user.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "service/backup/frames.h"
#include "service/base/descriptor.h"

namespace kiyome::backup {

class OriginalsCopy {
 public:
  // Opens every segment that stands there: what is freed later is still copied. Throws TemporaryFailure.
  explicit OriginalsCopy(const std::string& folder);
  // Copies them, the one that is being written up to its last whole record.
  void write(FrameWriter& out) const;

 private:
  std::map<std::uint64_t, Descriptor> segments_;
};

}  // namespace kiyome::backup
