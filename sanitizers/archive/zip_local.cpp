// A local header held against its record in the central directory. See zip_directory.h.
#include "sanitizers/archive/zip_directory.h"
#include "sanitizers/text/clean_writer.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::archive {
namespace {

using clean::Finding;
using type::le16, type::le32, type::le64, type::slice;

constexpr std::uint64_t kNot32 = 0xffffffff;
constexpr std::uint32_t kSizesFollow = 8;  // flag bit 3: CRC and sizes stand behind the data

// Sizes of the local header, from its Zip64 field where they do not fit.
struct Sizes {
  std::uint64_t packed = 0, size = 0;
};
Sizes local_sizes(std::string_view octets, std::uint64_t at, std::string_view extra) {
  Sizes out{le32(octets, at + 18), le32(octets, at + 22)};
  std::string_view wide = zip_extra(extra, 1);
  for (std::uint64_t* const value : {&out.size, &out.packed}) {
    if (*value != kNot32 || wide.size() < 8) continue;
    *value = le64(wide, 0);
    wide.remove_prefix(8);
  }
  return out;
}

bool flags_agree(std::uint32_t central, std::uint32_t local, std::string_view name) {
  // What decides how the entry is read. Bits about compression levels, and bit 3, are not always repeated.
  std::uint32_t mask = 0x0001 | 0x0040 | 0x2000;
  if (text::plain_prefix(name) != name.size()) mask |= 0x0800;
  return ((central ^ local) & mask) == 0;
}

bool values_agree(const ZipEntry& entry, std::uint32_t flags, std::uint32_t crc, const Sizes& local) {
  const bool follow = (flags & kSizesFollow) != 0;
  const auto agrees = [&](std::uint64_t said, std::uint64_t real) {
    return said == real || (follow && said == 0);
  };
  return agrees(crc, entry.crc) && agrees(local.size, entry.size) && agrees(local.packed, entry.packed);
}

// Length of the data descriptor, whose mark is optional and whose sizes have 4 or 8 octets; 0 if there is
// none, npos if it says otherwise than the directory.
std::size_t descriptor_size(std::string_view rest, const ZipEntry& entry) {
  const bool marked = rest.starts_with("PK\x07\x08");
  const std::string_view body = marked ? rest.substr(4) : rest;
  const std::size_t mark = marked ? 4 : 0;
  const bool crc = body.size() >= 12 && le32(body, 0) == entry.crc;
  if (crc && body.size() >= 20 && le64(body, 4) == entry.packed && le64(body, 12) == entry.size)
    return mark + 20;
  if (crc && le32(body, 4) == (entry.packed & kNot32) && le32(body, 8) == (entry.size & kNot32))
    return mark + 12;
  return marked ? std::string_view::npos : 0;
}

}  // namespace

std::optional<Finding> read_local_header(std::string_view octets, ZipEntry& entry, std::uint64_t& end) {
  constexpr std::uint64_t kHeader = 30;
  const std::uint64_t at = entry.header_at;
  if (at > octets.size() || octets.size() - at < kHeader || le32(octets, at) != 0x04034b50)
    return Finding::kArchiveInconsistent;
  const std::uint32_t flags = le16(octets, at + 6);
  const std::uint64_t name_size = le16(octets, at + 26), extra_size = le16(octets, at + 28);
  if (name_size + extra_size > octets.size() - at - kHeader) return Finding::kArchiveInconsistent;
  if ((entry.flags & 0x2000) != 0) return Finding::kEncrypted;  // the directory itself is
  if (slice(octets, at + kHeader, name_size) != entry.name) return Finding::kArchiveInconsistent;
  const std::string_view extra = slice(octets, at + kHeader + name_size, extra_size);
  const std::uint32_t method = le16(octets, at + 8);
  if (method != (entry.aes ? 99 : entry.method) || !flags_agree(entry.flags, flags, entry.name) ||
      !values_agree(entry, flags, le32(octets, at + 14), local_sizes(octets, at, extra)))
    return Finding::kArchiveInconsistent;
  if (entry.aes) {
    const std::string_view aes = zip_extra(extra, 0x9901);
    if (aes.size() < 7 || le16(aes, 5) != entry.method) return Finding::kArchiveInconsistent;
  }
  if (!entry.encrypted() && entry.method == 0 && entry.packed != entry.size)
    return Finding::kArchiveInconsistent;
  if (entry.folder() && entry.packed > 64) return Finding::kArchiveInconsistent;  // what would that be?
  entry.time = le16(octets, at + 10);
  const std::uint64_t data_at = at + kHeader + name_size + extra_size;
  if (entry.packed > octets.size() - data_at) return Finding::kArchiveInconsistent;
  entry.data = slice(octets, data_at, entry.packed);
  end = data_at + entry.packed;
  if (((flags | entry.flags) & kSizesFollow) == 0) return std::nullopt;
  const std::size_t descriptor = descriptor_size(slice(octets, end), entry);
  if (descriptor == std::string_view::npos) return Finding::kArchiveInconsistent;
  end += descriptor;
  return std::nullopt;
}

}  // namespace kiyome::sanitizer::archive
