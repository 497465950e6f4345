// The rarer methods of ZIP: an archive of one entry is made around the packed octets and given to libarchive,
// so that nothing but this entry is seen by it.
#include <array>
#include <cerrno>
#include <cstring>

#include "proto/base/bytes.h"
#include "sanitizers/archive/blocks.h"
#include "sanitizers/archive/library.h"
#include "sanitizers/archive/unpack.h"

namespace kiyome::sanitizer::archive {
namespace {

using clean::Finding;

std::string local_header(const Packed& packed) {
  ByteWriter out;
  out.u32(0x04034b50);
  out.u16(63);
  out.u16(static_cast<std::uint16_t>(packed.flags & 6));
  out.u16(static_cast<std::uint16_t>(packed.method));
  out.u32(0);  // time and day
  out.u32(packed.crc);
  out.u32(static_cast<std::uint32_t>(packed.octets.size()));
  out.u32(static_cast<std::uint32_t>(packed.size));
  out.u16(1);
  out.u16(0);
  out.raw(std::string_view("a"));
  return out.take();
}

struct Source {
  std::array<std::string_view, 2> pieces;
  std::size_t next = 0;
};

la_ssize_t next_piece(::archive*, void* data, const void** octets) {
  auto& source = *static_cast<Source*>(data);
  if (source.next == source.pieces.size()) return 0;
  const std::string_view piece = source.pieces[source.next++];
  *octets = piece.data();
  return static_cast<la_ssize_t>(piece.size());
}

}  // namespace

Finding trouble_of(::archive* handle) {
  const char* const said = archive_error_string(handle);
  const auto says = [&](const char* words) { return said != nullptr && std::strstr(said, words) != nullptr; };
  if (archive_errno(handle) == ENOMEM) return Finding::kLimitMemory;
  if (says("ncrypt") || says("assphrase")) return Finding::kEncrypted;
  if (says("nsupported") || says("not supported")) return Finding::kUnsupportedType;
  return Finding::kDamagedPart;
}

Unpacked unpack_by_library(const Packed& packed, const Take& take) {
  if (packed.octets.size() >= 0xffffffff || packed.size >= 0xffffffff) return {Finding::kLimitExpanded};
  if (packed.octets.empty()) return {Finding::kDamagedPart};
  const Library library(archive_read_new());
  const std::string header = local_header(packed);
  Source source{{header, packed.octets}};
  archive_entry* entry = nullptr;
  if (!library) return {Finding::kLimitMemory};
  if (archive_read_support_format_zip_streamable(library.get()) != ARCHIVE_OK ||
      archive_read_set_option(library.get(), "zip", "ignorecrc32", "1") != ARCHIVE_OK ||
      archive_read_open(library.get(), &source, nullptr, next_piece, nullptr) != ARCHIVE_OK ||
      archive_read_next_header(library.get(), &entry) < ARCHIVE_WARN)
    return {trouble_of(library.get())};
  for (;;) {
    const la_ssize_t count = archive_read_data(library.get(), block().data(), block().size());
    if (count == 0) return {};
    if (count < 0) return {trouble_of(library.get())};
    if (!take({reinterpret_cast<const char*>(block().data()), static_cast<std::size_t>(count)}))
      return {std::nullopt, true};
  }
}

}  // namespace kiyome::sanitizer::archive
