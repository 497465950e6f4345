#include "service/backup/originals_copy.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "proto/base/limits.h"
#include "service/backup/cut.h"
#include "service/base/errors.h"
#include "service/store/original_format.h"
#include "service/store/original_segment.h"

namespace kiyome::backup {

namespace original = store::original;

OriginalsCopy::OriginalsCopy(const std::string& folder) {
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw_errno("open " + folder);
  for (const std::uint64_t segment : original::segments_in(directory.get())) {
    if (segments_.size() >= limits::kBackupFiles) throw TemporaryFailure(folder + ": too many segments");
    Descriptor file(::openat(directory.get(), original::segment_name(segment).c_str(),
                             O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file && errno == ENOENT) continue;  // freed in this moment: nothing needed it
    if (!file) throw_errno("open a segment of the originals");
    segments_.emplace(segment, std::move(file));
  }
}

// Edge writes one segment only, the newest, and in one direction: once a record is seen whole, everything in
// front of it is written. So the end of the last whole record is found first, then the octets up to there are
// read.
void OriginalsCopy::write(FrameWriter& out) const {
  for (const auto& [segment, file] : segments_) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) throw_errno("look at a segment");
    auto size = static_cast<std::uint64_t>(status.st_size);
    if (segment == segments_.rbegin()->first) {
      if (!original::decode_segment_header(original::read_at(file.get(), 0, original::kSegmentHeader)))
        continue;
      size = original::scan_segment(file.get(), segment, original::kSegmentHeader,
                                    [](const original::RecordHeader&, const original::Place&) {})
                 .good_end;
    }
    out.file(0640, original::segment_name(segment));
    write_file(out, file.get(), size);
    out.file_end();
  }
}

}  // namespace kiyome::backup
