// End record, Zip64 record and central directory, and whether the file's octets all belong to something. See
// zip_directory.h.
#include "sanitizers/archive/zip_directory.h"

#include <zlib.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/type/bytes_at.h"
#include "sanitizers/type/type.h"

namespace kiyome::sanitizer::archive {
namespace {

using clean::Finding;
using type::le16, type::le32, type::le64, type::slice;

constexpr std::uint32_t kCentral = 0x02014b50, kSignature = 0x05054b50;
constexpr std::string_view kEndMark("PK\5\6", 4);
constexpr std::uint64_t kNot16 = 0xffff, kNot32 = 0xffffffff;  // "see the Zip64 record"

// Where the central directory lies.
struct Place {
  std::uint64_t begin = 0, end = 0;
  std::uint64_t count = 0;
  std::uint64_t shift = 0;  // octets before the archive that its offsets do not count
  std::uint64_t tail = 0;   // behind the end record and its comment
};

class DirectoryReader {
 public:
  explicit DirectoryReader(std::string_view octets) : octets_(octets) {}

  ZipDirectory read() {
    Place place;
    std::optional<Finding> refusal = find_directory(place);
    if (!refusal) refusal = read_central(place);
    if (!refusal) refusal = read_local(place);
    out_.refusal = refusal;
    return std::move(out_);
  }

 private:
  std::optional<Finding> find_directory(Place& place);
  std::optional<Finding> zip64(std::uint64_t end_at, Place& place, std::uint64_t& limit) const;
  std::optional<Finding> settle_shift(Place& place, std::uint64_t limit);
  std::optional<Finding> read_central(const Place& place);
  std::optional<Finding> read_local(const Place& place);
  bool take_entry(std::string_view record, std::uint64_t shift);
  std::optional<Finding> look_between(std::uint64_t begin, std::uint64_t end);
  std::optional<Finding> look_before(std::uint64_t end);
  void note(Finding finding) {
    if (std::find(out_.notes.begin(), out_.notes.end(), finding) == out_.notes.end())
      out_.notes.push_back(finding);
  }

  std::string_view octets_;
  ZipDirectory out_;
  std::uint64_t ownerless_ = 0;
};

// The last end record is the one that readers take. There must be no other that reaches to the file's end.
std::optional<Finding> DirectoryReader::find_directory(Place& place) {
  constexpr std::uint64_t kRecord = 22;
  if (octets_.size() < kRecord) return Finding::kDamagedPart;
  const std::size_t at = octets_.rfind(kEndMark, octets_.size() - kRecord);
  if (at == octets_.npos) return Finding::kDamagedPart;
  const std::uint64_t behind = octets_.size() - at - kRecord, comment = le16(octets_, at + 20);
  if (comment > behind) return Finding::kDamagedPart;
  place.tail = behind - comment;
  const std::size_t lowest = at > kNot16 + kRecord ? at - kNot16 - kRecord : 0;
  for (std::size_t other = octets_.find(kEndMark, lowest); other < at;
       other = octets_.find(kEndMark, other + 1))
    if (other + kRecord + le16(octets_, other + 20) == octets_.size()) return Finding::kArchiveInconsistent;

  const std::uint64_t disk = le16(octets_, at + 4), disk_of_directory = le16(octets_, at + 6);
  place.count = le16(octets_, at + 10);
  if (le16(octets_, at + 8) != place.count) return Finding::kUnsupportedType;
  const std::uint64_t size = le32(octets_, at + 12);
  place.begin = le32(octets_, at + 16);
  place.end = place.begin + size;
  std::uint64_t limit = at;
  if (const auto refusal = zip64(at, place, limit)) return refusal;
  if (limit == at && (disk != 0 || disk_of_directory != 0)) return Finding::kUnsupportedType;  // one of many
  if (place.end < place.begin || place.end > limit) return Finding::kArchiveInconsistent;
  return settle_shift(place, limit);
}

// The Zip64 record, if its locator stands before the end record. `limit` is then where it begins. A value of
// the end record is either the same or the mark that sends readers here.
std::optional<Finding> DirectoryReader::zip64(std::uint64_t end_at, Place& place,
                                              std::uint64_t& limit) const {
  constexpr std::uint32_t kLocator = 0x07064b50, kRecord = 0x06064b50;
  const std::uint64_t size = place.end - place.begin;
  if (end_at < 20 + 56 || le32(octets_, end_at - 20) != kLocator)
    return size == kNot32 || place.begin == kNot32 ? std::optional(Finding::kArchiveInconsistent)
                                                   : std::nullopt;
  const std::uint64_t locator = end_at - 20;
  std::uint64_t at = le64(octets_, locator + 8);
  if (at > locator - 56 || le32(octets_, at) != kRecord) at = locator - 56;  // moved by what stands before
  if (le32(octets_, at) != kRecord) return Finding::kArchiveInconsistent;
  if (le64(octets_, at + 4) != locator - at - 12) return Finding::kArchiveInconsistent;
  const std::uint64_t count = le64(octets_, at + 32), count_here = le64(octets_, at + 24);
  const std::uint64_t real_size = le64(octets_, at + 40), begin = le64(octets_, at + 48);
  if (le32(octets_, at + 16) != 0 || le32(octets_, at + 20) != 0 || count_here != count)
    return Finding::kUnsupportedType;
  const auto agrees = [](std::uint64_t narrow, std::uint64_t mark, std::uint64_t wide) {
    return narrow == mark || narrow == wide;
  };
  if (!agrees(place.count, kNot16, count) || !agrees(size, kNot32, real_size) ||
      !agrees(place.begin, kNot32, begin) || begin > at || real_size > at - begin)
    return Finding::kArchiveInconsistent;
  place.count = count;
  place.begin = begin;
  place.end = begin + real_size;
  limit = at;
  return std::nullopt;
}

// The directory ends where the next record begins; if not, either the whole archive was moved by what stands
// before it, or something stands between.
std::optional<Finding> DirectoryReader::settle_shift(Place& place, std::uint64_t limit) {
  const std::uint64_t distance = limit - place.end;
  if (distance == 0) return std::nullopt;
  const bool here = le32(octets_, place.begin) == kCentral;
  const bool moved = le32(octets_, place.begin + distance) == kCentral || place.begin == place.end;
  if (here == moved) return Finding::kArchiveInconsistent;
  if (here) return look_between(place.end, limit);
  place.shift = distance;
  place.begin += distance;
  place.end += distance;
  return std::nullopt;
}

std::optional<Finding> DirectoryReader::read_central(const Place& place) {
  if (place.count > limits::kArchiveMembers) return Finding::kLimitEntries;
  std::uint64_t at = place.begin;
  for (std::uint64_t n = 0; n < place.count; ++n) {
    if (place.end - at < 46 || le32(octets_, at) != kCentral) return Finding::kArchiveInconsistent;
    const std::uint64_t size =
        46 + std::uint64_t{le16(octets_, at + 28)} + le16(octets_, at + 30) + le16(octets_, at + 32);
    if (size > place.end - at) return Finding::kArchiveInconsistent;
    if (!take_entry(slice(octets_, at, size), place.shift)) return Finding::kArchiveInconsistent;
    at += size;
  }
  if (place.end - at >= 6 && le32(octets_, at) == kSignature) at += 6 + std::uint64_t{le16(octets_, at + 4)};
  return at == place.end ? std::nullopt : std::optional(Finding::kArchiveInconsistent);
}

// A Unicode path counts as long as the name it was made for still stands there.
std::string_view unicode_path(std::string_view extra, std::string_view name) {
  const std::string_view field = zip_extra(extra, 0x7075);
  if (field.size() < 6 || field[0] != 1) return {};
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(name.data()), static_cast<uInt>(name.size()));
  return crc == le32(field, 1) ? field.substr(5) : std::string_view();
}

bool DirectoryReader::take_entry(std::string_view record, std::uint64_t shift) {
  ZipEntry entry;
  entry.host = le16(record, 4) >> 8;
  entry.flags = le16(record, 8);
  entry.method = le16(record, 10);
  entry.crc = le32(record, 16);
  entry.packed = le32(record, 20);
  entry.size = le32(record, 24);
  entry.attributes = le32(record, 38);
  entry.header_at = le32(record, 42);
  entry.name = slice(record, 46, le16(record, 28));
  const std::string_view extra = slice(record, 46 + std::size_t{le16(record, 28)}, le16(record, 30));
  entry.unicode_name = unicode_path(extra, entry.name);
  // Only what does not fit above stands in the Zip64 field, in this order.
  std::string_view wide = zip_extra(extra, 1);
  for (std::uint64_t* const value : {&entry.size, &entry.packed, &entry.header_at}) {
    if (*value != kNot32) continue;
    if (wide.size() < 8) return false;
    *value = le64(wide, 0);
    wide.remove_prefix(8);
  }
  const std::uint32_t disk = le16(record, 34);
  if (disk != 0 && !(disk == kNot16 && le32(wide, 0) == 0)) return false;
  if (entry.header_at > octets_.size() || shift > octets_.size() - entry.header_at) return false;
  entry.header_at += shift;
  if (entry.method == 99) {
    const std::string_view aes = zip_extra(extra, 0x9901);
    if (aes.size() < 7 || !entry.encrypted()) return false;
    entry.aes = ZipAes{le16(aes, 0), static_cast<unsigned char>(aes[4])};
    entry.method = le16(aes, 5);
  }
  out_.entries.push_back(entry);
  return true;
}

std::optional<Finding> DirectoryReader::read_local(const Place& place) {
  struct Range {
    std::uint64_t begin, end;
  };
  std::vector<Range> ranges;
  for (ZipEntry& entry : out_.entries) {
    std::uint64_t end = 0;
    if (const auto refusal = read_local_header(octets_.substr(0, place.begin), entry, end)) return refusal;
    ranges.push_back({entry.header_at, end});
  }
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  if (const auto refusal = look_before(ranges.empty() ? place.begin : ranges.front().begin)) return refusal;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const std::uint64_t next = i + 1 < ranges.size() ? ranges[i + 1].begin : place.begin;
    if (ranges[i].end > next) return Finding::kArchiveInconsistent;  // entries share octets
    if (const auto refusal = look_between(ranges[i].end, next)) return refusal;
  }
  return look_between(octets_.size() - place.tail, octets_.size());
}

// Octets that nobody owns: zeros are padding, a little else is told, and more could hide something.
std::optional<Finding> DirectoryReader::look_between(std::uint64_t begin, std::uint64_t end) {
  const std::string_view gap = slice(octets_, begin, end - begin);
  if (std::all_of(gap.begin(), gap.end(), [](char c) { return c == '\0'; })) return std::nullopt;
  ownerless_ += gap.size();
  if (ownerless_ > limits::kArchiveSlack || gap.find("PK\x03\x04") != gap.npos)
    return Finding::kArchiveInconsistent;
  note(Finding::kAmbiguousStructure);
  return std::nullopt;
}

// What stands before the first entry: nothing, the mark of an archive that was meant to be split, or a file
// of another type.
std::optional<Finding> DirectoryReader::look_before(std::uint64_t end) {
  const std::string_view before = octets_.substr(0, end);
  if (before.empty() || before == "PK00" || before == "PK\x07\x08") return std::nullopt;
  if (before.find("PK\x03\x04") != before.npos) return Finding::kArchiveInconsistent;
  note(Finding::kPolyglot);
  for (const Finding finding : type::detect(before, "", "").findings)
    if (finding == Finding::kExecutable) note(finding);
  return std::nullopt;
}

}  // namespace

std::string_view zip_extra(std::string_view area, unsigned id) {
  for (std::size_t at = 0; at + 4 <= area.size();) {
    const std::size_t size = le16(area, at + 2);
    if (le16(area, at) == id) return slice(area, at + 4, size);
    at += 4 + size;
  }
  return {};
}

bool ZipEntry::folder() const {
  if (size != 0) return false;
  return name.ends_with('/') || (attributes & 0x10) != 0 || (attributes >> 16 & 0xf000) == 0x4000;
}

bool ZipEntry::special() const {
  constexpr std::uint32_t kUnix = 3, kMac = 19;
  const std::uint32_t kind = attributes >> 16 & 0xf000;
  if (kind == 0xa000) return true;  // a link, whoever says so
  // What Info-ZIP reads from a pipe is stored as one, and is a file.
  return (host == kUnix || host == kMac) && (kind == 0x2000 || kind == 0x6000 || kind == 0xc000);
}

ZipDirectory read_zip_directory(std::string_view octets) { return DirectoryReader(octets).read(); }

}  // namespace kiyome::sanitizer::archive
