#include "service/gate/pick_up/zip_stream.h"

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/gate/drop_view.h"

namespace kiyome::gate {
namespace {

constexpr std::uint64_t kLargest = 0xFFFFFFFE;
constexpr std::size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22;

std::size_t take(std::string_view& rest, char* into, std::size_t size) {
  const std::size_t count = std::min(size, rest.size());
  std::copy_n(rest.begin(), count, into);
  rest.remove_prefix(count);
  return count;
}

// What local and central records have alike: version 2.0, UTF-8 names, stored, no time, 1 January 1980.
void put_record(ByteWriter& w, const ZipEntry& entry) {
  w.u16(20);
  w.u16(0x0800);
  w.u16(0);
  w.u16(0);
  w.u16(0x0021);
  w.u32(entry.crc);
  w.u32(static_cast<std::uint32_t>(entry.bytes));
  w.u32(static_cast<std::uint32_t>(entry.bytes));
  w.u16(static_cast<std::uint16_t>(entry.name.size()));
  w.u16(0);  // no extra field
}

std::uint64_t size_of(const std::vector<ZipEntry>& entries) {
  std::uint64_t out = kEndSize;
  for (const ZipEntry& entry : entries)
    out += kLocalSize + kCentralSize + 2 * entry.name.size() + entry.bytes;
  return out;
}

}  // namespace

std::string unlike(const std::string& name, std::set<std::string>& taken) {
  if (taken.insert(lower(name)).second) return name;
  const std::size_t dot = std::min(name.rfind('.'), name.size());
  for (unsigned number = 2;; ++number) {  // ends: `taken` is finite
    std::string other = name.substr(0, dot) + " (" + std::to_string(number) + ")" + name.substr(dot);
    if (taken.insert(lower(other)).second) return other;
  }
}

bool ZipStream::fits(const std::vector<ZipEntry>& entries) {
  return entries.size() <= limits::kCleanZipEntries && size_of(entries) <= kLargest;
}

ZipStream::ZipStream(std::vector<ZipEntry> entries)
    : entries_(std::move(entries)), size_(size_of(entries_)) {}

// The next piece: an entry's local record, its content, or at the end all central records.
bool ZipStream::next() {
  if (content_) {
    content_.reset();
    ++entry_;
  } else if (!piece_.empty() && entry_ < entries_.size()) {
    piece_.clear();
    content_ = entries_[entry_].content();
    if (!content_ || content_->view().size() != entries_[entry_].bytes)
      throw TemporaryFailure("a file of the archive is gone");
    rest_ = content_->view();
    return true;
  }
  if (entry_ < entries_.size()) {
    const ZipEntry& entry = entries_[entry_];
    ByteWriter local;
    local.raw(std::string_view("PK\x03\x04"));
    put_record(local, entry);
    local.raw(entry.name);
    ByteWriter central(std::move(records_));
    central.raw(std::string_view("PK\x01\x02"));
    central.u16(0x0314);  // made on a system with UNIX attributes
    put_record(central, entry);
    central.u16(0);           // no comment
    central.u16(0);           // first disk
    central.u16(0);           // no internal attributes
    central.u32(0x81A40000);  // a plain file that its owner may write
    central.u32(static_cast<std::uint32_t>(offset_));
    central.raw(entry.name);
    records_ = central.take();
    offset_ += kLocalSize + entry.name.size() + entry.bytes;
    piece_ = local.take();
    rest_ = piece_;
    return true;
  }
  if (ended_) return false;
  ended_ = true;
  const auto records = static_cast<std::uint32_t>(records_.size());
  ByteWriter end(std::move(records_));
  end.raw(std::string_view("PK\x05\x06"));
  end.u32(0);  // one disk
  end.u16(static_cast<std::uint16_t>(entries_.size()));
  end.u16(static_cast<std::uint16_t>(entries_.size()));
  end.u32(records);
  end.u32(static_cast<std::uint32_t>(offset_));
  end.u16(0);
  piece_ = end.take();
  rest_ = piece_;
  return true;
}

std::size_t ZipStream::read(char* into, std::size_t size) {
  std::size_t count = 0;
  while (count < size) {
    if (rest_.empty() && !next()) break;
    count += take(rest_, into + count, size - count);
  }
  return count;
}

std::size_t FileStream::read(char* into, std::size_t size) { return take(rest_, into, size); }

}  // namespace kiyome::gate
