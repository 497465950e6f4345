// The directory of a ZIP, read strictly: end record, central directory and local headers have to tell the
// same, and every octet of the file has to belong to something. What some reader would see otherwise than we
// do is refused as a whole (archive-inconsistent). APPNOTE.TXT 6.3.10; WinZip's AE-1 and AE-2. Hostile input.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::archive {

// How WinZip encrypted an entry (extra field 0x9901).
struct ZipAes {
  unsigned version = 2;   // 1: the CRC counts; 2: only the MAC does
  unsigned strength = 3;  // 1 to 3: 128, 192, 256 bits
};

struct ZipEntry {
  std::string_view name;          // as stored
  std::string_view unicode_name;  // of the Unicode path field (0x7075) if it fits the name, or empty
  std::uint32_t flags = 0;
  std::uint32_t method = 0;  // below the encryption
  std::uint32_t crc = 0;
  std::uint32_t attributes = 0;  // external
  std::uint32_t host = 0;        // who wrote them
  std::uint32_t time = 0;        // MS-DOS, of the local header: ZipCrypto's second check octet
  std::uint64_t size = 0;        // unpacked
  std::uint64_t packed = 0;
  std::uint64_t header_at = 0;  // of the local header, in the file
  std::string_view data;        // packed octets
  std::optional<ZipAes> aes;

  bool encrypted() const { return (flags & 1) != 0; }
  bool utf8() const { return (flags & 0x800) != 0; }
  bool folder() const;
  bool special() const;  // a link, device or socket by its attributes
};

struct ZipDirectory {
  std::optional<clean::Finding> refusal;
  std::vector<clean::Finding> notes;  // about the archive: polyglot, executable, ambiguous-structure
  std::vector<ZipEntry> entries;      // in the order of the central directory
};
ZipDirectory read_zip_directory(std::string_view octets);

// One field of an extra area, or empty. The second of two equal ones is not looked at.
std::string_view zip_extra(std::string_view area, unsigned id);

// Completes `entry` from its local header and holds both against each other; `end` is where its octets end,
// data descriptor included. Result: what is wrong with the archive, or nothing. In zip_local.cpp.
std::optional<clean::Finding> read_local_header(std::string_view octets, ZipEntry& entry, std::uint64_t& end);

}  // namespace kiyome::sanitizer::archive
