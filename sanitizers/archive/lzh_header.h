// Headers of LZH (LHA) files, levels 0 to 3, with the names as stored: in CP932 mostly, whose second octets
// may be backslashes. Hostile input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiyome::sanitizer::archive {

struct LzhEntry {
  std::string method;       // "-lh5-"
  std::string name;         // with its folders; '/' where the header has 0xFF
  bool utf8 = false;        // it was UTF-16 in the header
  std::string other_name;   // then: the one beside it in another charset
  std::uint64_t size = 0;   // unpacked
  std::uint16_t crc = 0;    // of the unpacked octets
  std::string_view packed;  // fewer than the header says when the archive is cut
  bool cut = false;
  bool special = false;  // a link or a device
  std::size_t next = 0;  // where the next header begins

  bool folder() const { return method == "-lhd-" && !special; }
};

// The header at `at`, which is within `octets`. Nothing when there is none, or it is damaged.
std::optional<LzhEntry> read_lzh_header(std::string_view octets, std::size_t at);

// CRC-16 as LHA counts it (polynomial 0xA001), continued from `crc`.
std::uint16_t lzh_crc(std::uint16_t crc, std::string_view octets);

}  // namespace kiyome::sanitizer::archive
