#include "sanitizers/office/content/zip_entries.h"

#include <zlib.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::office {
namespace {

using type::le16;
using type::le32;
using type::slice;

constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50;

std::string_view data_of(std::string_view s, std::size_t local, std::size_t size) {
  if (le32(s, local) != kLocal) return {};
  return slice(s, local + 30 + le16(s, local + 26) + le16(s, local + 28), size);
}

}  // namespace

std::vector<ZipEntry> zip_entries(std::string_view s) {
  std::vector<ZipEntry> out;
  const std::size_t end = s.rfind("PK\x05\x06");
  if (end == std::string_view::npos) return out;
  std::size_t at = le32(s, end + 16);
  const std::size_t size = le32(s, end + 12);
  if (le32(s, at) != kCentral && size <= end) at = end - size;
  while (out.size() < limits::kOfficeEntries && at < end && le32(s, at) == kCentral) {
    const std::size_t name_size = le16(s, at + 28);
    out.push_back(
        {slice(s, at + 46, name_size), le16(s, at + 10), data_of(s, le32(s, at + 42), le32(s, at + 20))});
    at += 46 + name_size + le16(s, at + 30) + le16(s, at + 32);
  }
  return out;
}

std::string inflated(const ZipEntry& entry, std::size_t most) {
  if (entry.method == 0) return std::string(entry.data.substr(0, most));
  if (entry.method != 8) return {};
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK) return {};
  std::string out(most, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(entry.data.data()));
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(entry.data.size(), most));
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(most);
  inflate(&stream, Z_SYNC_FLUSH);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace kiyome::sanitizer::office
