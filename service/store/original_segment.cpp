#include "service/store/original_segment.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome::store::original {
namespace {

void write_at(int file, std::string_view octets, std::uint64_t offset) {
  while (!octets.empty()) {
    const ssize_t written = ::pwrite(file, octets.data(), octets.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("write an original");
    if (written == 0) throw TemporaryFailure("write an original: nothing was written");
    octets.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

// "A failed fsync ends the process; it is never tried again": a second call may say yes to pages that are
// lost.
[[noreturn]] void end_for_sync(const char* what) {
  log::error("fsync-failed",
             {{"what", std::string_view(what)}, {"error", std::string_view(std::strerror(errno))}});
  ::_exit(EXIT_FAILURE);
}

bool all_zero(std::string_view octets) { return octets.find_first_not_of('\0') == std::string_view::npos; }

}  // namespace

std::vector<std::uint64_t> segments_in(int directory) {
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const listing = copy < 0 ? nullptr : ::fdopendir(copy);
  if (!listing) throw_errno("list the originals");
  std::vector<std::uint64_t> out;
  while (const dirent* const entry = ::readdir(listing))
    if (const std::uint64_t segment = segment_of_name(entry->d_name)) out.push_back(segment);
  ::closedir(listing);
  std::sort(out.begin(), out.end());
  return out;
}

SegmentWriter::SegmentWriter(int directory, std::uint64_t segment, const CleanerPublicKey& key)
    : segment_(segment) {
  const std::string name = segment_name(segment);
  file_.reset(::openat(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file_) throw_errno("create a segment of originals");
  try {
    start(directory, key);
  } catch (const TemporaryFailure&) {
    ::unlinkat(directory, name.c_str(), 0);
    throw;
  }
}

void SegmentWriter::start(int directory, const CleanerPublicKey& key) {
  if (::fchmod(file_.get(), 0640) != 0) throw_errno("set the mode of a segment");
  // Without room for all of it the segment is used as far as it goes.
  if (::fallocate(file_.get(), 0, 0, static_cast<off_t>(limits::kOriginalSegment)) != 0 && errno != ENOSPC &&
      errno != EFBIG && errno != EOPNOTSUPP)
    throw_errno("preallocate a segment");
  write_at(file_.get(), seal_.header(segment_, unix_ms_now(), key), 0);
  written_ = kSegmentHeader;
  sync();
  if (::fsync(directory) != 0) end_for_sync("the directory of originals");
}

bool SegmentWriter::fits(std::size_t plaintext) const {
  const std::uint64_t used = written_ + batch_.size();
  const std::uint64_t needed = kRecordHeader + plaintext + kTag;
  return used <= limits::kOriginalSegment && needed <= limits::kOriginalSegment - used;
}

Place SegmentWriter::add(RecordType type, const ItemId& id, std::uint64_t first_segment,
                         std::string_view head, std::string_view tail) {
  return seal_.add(batch_, written_ + batch_.size(), type, id, first_segment, head, tail);
}

void SegmentWriter::write() {
  if (batch_.empty()) return;
  write_at(file_.get(), batch_, written_);
  written_ += batch_.size();
  batch_.clear();
  if (batch_.capacity() > 2 * limits::kOriginalBatch) batch_.shrink_to_fit();
}

void SegmentWriter::sync() {
  if (::fdatasync(file_.get()) != 0) end_for_sync("a segment of originals");
}

void SegmentWriter::trim() {
  if (::ftruncate(file_.get(), static_cast<off_t>(written_)) != 0)
    log::warning("original-trim", {{"segment", static_cast<std::int64_t>(segment_)},
                                   {"error", std::string_view(std::strerror(errno))}});
}

void SegmentWriter::give_up() {
  batch_.clear();
  trim();
}

void SegmentWriter::close() {
  KIYOME_CHECK(batch_.empty());
  trim();
}

std::string read_at(int file, std::uint64_t offset, std::size_t size) {
  std::string out(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::pread(file, out.data() + have, size - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read an original");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return out;
}

namespace {

// The walk over one segment. Linear: each octet is read once by the walk and at most once more by the search
// behind damage.
class Scan {
 public:
  Scan(int file, std::uint64_t segment) : file_(file), segment_(segment) {
    struct stat about {};
    if (::fstat(file, &about) != 0) throw_errno("look at a segment");
    size_ = static_cast<std::uint64_t>(about.st_size);
  }

  // A whole record at `offset`?
  bool record(std::uint64_t offset, RecordHeader& header) const {
    if (offset > size_ || size_ - offset < kRecordHeader) return false;
    const Result<RecordHeader> read = decode_record_header(read_at(file_, offset, kRecordHeader));
    if (!read || size_ - offset - kRecordHeader < read->length) return false;
    header = *read;
    const std::string body = read_at(file_, offset + kRecordHeader, header.length);
    return body.size() == header.length && crc32_of(body) == header.body_crc;
  }

  // Only zeros behind the last record: the part that was preallocated.
  bool untouched(std::uint64_t offset) const { return all_zero(read_at(file_, offset, kRecordHeader)); }

  // The next whole record behind damaged octets, or size_.
  std::uint64_t next(std::uint64_t offset, RecordHeader& header) const {
    constexpr std::string_view kMagic = "KCR1";
    constexpr std::size_t kWindow = 1u << 20;
    for (std::uint64_t at = offset; at < size_; at += kWindow) {
      const std::string window = read_at(file_, at, kWindow + kMagic.size() - 1);
      for (std::size_t hit = window.find(kMagic); hit != std::string::npos;
           hit = window.find(kMagic, hit + 1))
        if (record(at + hit, header)) return at + hit;
    }
    return size_;
  }

  std::uint64_t size() const { return size_; }
  void warn(std::uint64_t from, std::uint64_t to) const {
    log::warning("original-damaged", {{"segment", static_cast<std::int64_t>(segment_)},
                                      {"offset", static_cast<std::int64_t>(from)},
                                      {"octets", static_cast<std::int64_t>(to - from)}});
  }

 private:
  int file_;
  std::uint64_t segment_;
  std::uint64_t size_ = 0;
};

}  // namespace

ScanEnd scan_segment(int file, std::uint64_t segment, std::uint64_t offset,
                     const std::function<void(const RecordHeader&, const Place&)>& found) {
  const Scan scan(file, segment);
  ScanEnd end{offset, scan.size(), false};
  RecordHeader header;
  for (std::uint64_t at = offset; at < scan.size();) {
    if (!scan.record(at, header)) {
      const std::uint64_t next = scan.next(at + 1, header);
      if (next == scan.size() && scan.untouched(at)) break;
      scan.warn(at, next);
      end.torn = true;
      if (next == scan.size()) break;
      at = next;
    }
    const Place place{at, static_cast<std::uint32_t>(kRecordHeader + header.length)};
    found(header, place);
    at += place.length;
    end.good_end = at;
    end.torn = false;
  }
  return end;
}

}  // namespace kiyome::store::original
