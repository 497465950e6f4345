#include "service/gate/pick_up/zip_stream.h"

#include <algorithm>

#include "proto/base/bytes.h"
#include "service/base/errors.h"
#include "service/gate/drop_view.h"

namespace kiyome::gate {
namespace {

// A field of all ones says: look into the 64-bit record. So these values are too large for it, too.
constexpr std::uint64_t kNot32 = 0xFFFFFFFF, kNot16 = 0xFFFF;
constexpr std::size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22;
constexpr std::size_t kFieldHead = 4;  // tag and size of an extra field
constexpr std::size_t kEnd64Size = 56, kLocatorSize = 20;
constexpr std::size_t kPieceSize = 64u << 10;  // of central records written at once

std::size_t take(std::string_view& rest, char* into, std::size_t size) {
  const std::size_t count = std::min(size, rest.size());
  std::copy_n(rest.begin(), count, into);
  rest.remove_prefix(count);
  return count;
}

std::uint32_t in32(std::uint64_t value) { return static_cast<std::uint32_t>(std::min(value, kNot32)); }
std::uint16_t in16(std::uint64_t value) { return static_cast<std::uint16_t>(std::min(value, kNot16)); }

// The 64-bit record of an entry (4.5.3): exactly those values that its other fields cannot hold.
std::string field64(const ZipEntry& entry, std::uint64_t place) {
  ByteWriter values;
  if (entry.bytes >= kNot32) {
    values.u64(entry.bytes);
    values.u64(entry.bytes);
  }
  if (place >= kNot32) values.u64(place);
  if (values.bytes().empty()) return {};
  ByteWriter out;
  out.u16(1);
  out.u16(static_cast<std::uint16_t>(values.bytes().size()));
  out.raw(values.bytes());
  return out.take();
}
std::uint64_t field64_size(const ZipEntry& entry, std::uint64_t place) {
  const std::uint64_t values = (entry.bytes >= kNot32 ? 16 : 0) + (place >= kNot32 ? 8 : 0);
  return values == 0 ? 0 : kFieldHead + values;
}

// What local and central records have alike: UTF-8 names, stored, no time, 1 January 1980. Version 4.5 knows
// 64-bit records, 2.0 does not.
void put_record(ByteWriter& w, const ZipEntry& entry, std::size_t field) {
  w.u16(field != 0 ? 45 : 20);
  w.u16(0x0800);
  w.u16(0);
  w.u16(0);
  w.u16(0x0021);
  w.u32(entry.crc);
  w.u32(in32(entry.bytes));
  w.u32(in32(entry.bytes));
  w.u16(static_cast<std::uint16_t>(entry.name.size()));
  w.u16(static_cast<std::uint16_t>(field));
}

std::string local_record(const ZipEntry& entry) {
  const std::string field = field64(entry, 0);
  ByteWriter w;
  w.raw(std::string_view("PK\x03\x04"));
  put_record(w, entry, field.size());
  w.raw(entry.name);
  w.raw(field);
  return w.take();
}
// Of the local record and the content behind it.
std::uint64_t local_size(const ZipEntry& entry) {
  return kLocalSize + entry.name.size() + field64_size(entry, 0) + entry.bytes;
}

void put_central_record(ByteWriter& w, const ZipEntry& entry, std::uint64_t place) {
  const std::string field = field64(entry, place);
  w.raw(std::string_view("PK\x01\x02"));
  w.u16(field.empty() ? 0x0314 : 0x032D);  // made on a system with UNIX attributes
  put_record(w, entry, field.size());
  w.u16(0);           // no comment
  w.u16(0);           // first disk
  w.u16(0);           // no internal attributes
  w.u32(0x81A40000);  // a plain file that its owner may write
  w.u32(in32(place));
  w.raw(entry.name);
  w.raw(field);
}

bool ends_in_64(std::size_t entries, std::uint64_t directory, std::uint64_t directory_size) {
  return entries >= kNot16 || directory >= kNot32 || directory_size >= kNot32;
}

std::string end_records(std::size_t entries, std::uint64_t directory, std::uint64_t directory_size) {
  ByteWriter w;
  if (ends_in_64(entries, directory, directory_size)) {
    w.raw(std::string_view("PK\x06\x06"));
    w.u64(kEnd64Size - 12);  // of what follows this field
    w.u16(0x032D);
    w.u16(45);
    w.u32(0);  // one disk
    w.u32(0);
    w.u64(entries);
    w.u64(entries);
    w.u64(directory_size);
    w.u64(directory);
    w.raw(std::string_view("PK\x06\x07"));
    w.u32(0);
    w.u64(directory + directory_size);
    w.u32(1);
  }
  w.raw(std::string_view("PK\x05\x06"));
  w.u32(0);  // one disk
  w.u16(in16(entries));
  w.u16(in16(entries));
  w.u32(in32(directory_size));
  w.u32(in32(directory));
  w.u16(0);
  return w.take();
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

ZipStream::ZipStream(std::vector<ZipEntry> entries) : entries_(std::move(entries)) {
  for (const ZipEntry& entry : entries_) {
    directory_size_ += kCentralSize + entry.name.size() + field64_size(entry, directory_);
    directory_ += local_size(entry);
  }
  size_ = directory_ + directory_size_ + kEndSize;
  if (ends_in_64(entries_.size(), directory_, directory_size_)) size_ += kEnd64Size + kLocatorSize;
}

// The next piece: an entry's local record, its content; when all are through, central records, many at once,
// made anew so that a delivery of many small files costs no memory; and what ends them.
bool ZipStream::next() {
  content_.reset();
  piece_.clear();
  if (step_ == Step::local && entry_ == entries_.size()) {
    step_ = Step::central;
    entry_ = 0;
  }
  switch (step_) {
    case Step::local:
      piece_ = local_record(entries_[entry_]);
      step_ = Step::content;
      break;
    case Step::content:
      content_ = entries_[entry_].content();
      if (!content_ || content_->view().size() != entries_[entry_].bytes)
        throw TemporaryFailure("a file of the archive is gone");
      ++entry_;
      step_ = Step::local;
      rest_ = content_->view();
      return true;
    case Step::central: {
      ByteWriter records;
      for (; entry_ < entries_.size() && records.bytes().size() < kPieceSize; ++entry_) {
        put_central_record(records, entries_[entry_], place_);
        place_ += local_size(entries_[entry_]);
      }
      if (entry_ == entries_.size()) {
        records.raw(end_records(entries_.size(), directory_, directory_size_));
        step_ = Step::end;
      }
      piece_ = records.take();
      break;
    }
    case Step::end:
      return false;
  }
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
