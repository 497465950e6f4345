// See zip_writer.h. ZIP: PKWARE APPNOTE 6.3.
#include "service/compose/document/zip_writer.h"

#include <algorithm>
#include <vector>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/compose/document/deflate.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

constexpr std::uint64_t kOctetsMax = 0xFFFFFFFF;  // without ZIP64 and its marker
constexpr std::uint32_t kEntriesMax = 0xFFFE;

void append_16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value & 0xFF);
  out += static_cast<char>(value >> 8 & 0xFF);
}

void append_32(std::string& out, std::uint32_t value) {
  append_16(out, value & 0xFFFF);
  append_16(out, value >> 16);
}

// What the local and the central header have in common, from "version needed" to "extra field length".
std::string common(std::string_view name, std::string_view octets) {
  std::string out;
  append_16(out, 20);      // version needed: folders
  append_16(out, 0x0800);  // names are UTF-8
  append_16(out, 0);       // stored
  append_16(out, 0);       // midnight
  append_16(out, 0x0021);  // 1980-01-01
  append_32(out, crc32(octets));
  append_32(out, static_cast<std::uint32_t>(octets.size()));
  append_32(out, static_cast<std::uint32_t>(octets.size()));
  append_16(out, static_cast<std::uint32_t>(name.size()));
  append_16(out, 0);
  return out;
}

}  // namespace

void ZipWriter::write(std::string_view octets) {
  sink_.write(octets);
  bytes_ += octets.size();
}

// Remembers name and folders when they clash with nothing.
bool ZipWriter::takes_name(std::string_view name) {
  const std::string small = lower(name);
  std::vector<std::string> folders;
  for (std::size_t at = small.find('/'); at != std::string::npos; at = small.find('/', at + 1))
    folders.push_back(small.substr(0, at));
  if (folders.size() > limits::kCleanZipDepth || files_.count(small) > 0 || folders_.count(small) > 0)
    return false;
  if (std::any_of(folders.begin(), folders.end(), [&](const std::string& f) { return files_.count(f) > 0; }))
    return false;
  files_.insert(small);
  folders_.insert(folders.begin(), folders.end());
  return true;
}

bool ZipWriter::add(std::string_view name, std::string_view octets) {
  constexpr std::uint64_t kLocal = 30, kCentral = 46, kEnd = 22;
  const std::uint64_t after =
      bytes_ + kLocal + octets.size() + central_.size() + kCentral + 2 * name.size() + kEnd;
  if (name.empty() || name.size() > 0xFFFF || entries_ == kEntriesMax || after >= kOctetsMax) return false;
  if (!takes_name(name)) return false;
  const std::string header = common(name, octets);
  append_32(central_, 0x02014B50);
  append_16(central_, 0x0314);  // made by: Unix, so that the attributes below count
  central_ += header;
  append_16(central_, 0);  // no comment
  append_16(central_, 0);  // disk
  append_16(central_, 0);
  append_32(central_, 0x81A40000);  // a file with rights 0644
  append_32(central_, static_cast<std::uint32_t>(bytes_));
  central_.append(name);
  ++entries_;
  std::string local;
  append_32(local, 0x04034B50);
  write(local.append(header).append(name));
  write(octets);
  return true;
}

void ZipWriter::finish() {
  KIYOME_CHECK(entries_ > 0);
  const auto start = static_cast<std::uint32_t>(bytes_);
  std::string end;
  append_32(end, 0x06054B50);
  append_32(end, 0);
  append_16(end, entries_);
  append_16(end, entries_);
  append_32(end, static_cast<std::uint32_t>(central_.size()));
  append_32(end, start);
  append_16(end, 0);
  write(central_);
  write(end);
}

}  // namespace kiyome::compose
