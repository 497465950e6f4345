// See lzh_header.h.
#include "sanitizers/archive/lzh_header.h"

#include <algorithm>
#include <array>

#include "proto/base/limits.h"
#include "sanitizers/text/unicode_forms.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::archive {
namespace {

using type::le16, type::le32, type::le64, type::slice;

constexpr std::array<std::uint16_t, 256> crc_table() {
  std::array<std::uint16_t, 256> out{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ 0xa001 : value >> 1;
    out[i] = static_cast<std::uint16_t>(value);
  }
  return out;
}

// Names are gathered from the base header and the extended ones.
struct Names {
  std::string file, folder;            // as stored
  std::string wide_file, wide_folder;  // UTF-16LE
  std::size_t crc_at = 0;              // where the header's own CRC stands, 0 if it has none
};

unsigned octet(std::string_view s, std::size_t at) {
  return at < s.size() ? static_cast<unsigned char>(s[at]) : 0u;
}

// UTF-16LE with U+FFFF between folders → UTF-8.
std::string from_wide(std::string wide) {
  for (std::size_t i = 0; i + 1 < wide.size(); i += 2)
    if (wide[i] == '\xff' && wide[i + 1] == '\xff') {
      wide[i] = '/';
      wide[i + 1] = '\0';
    }
  text::CleanWriter out(wide.size());
  text::decode_utf16(wide, false, out);
  return out.take();
}

class HeaderReader {
 public:
  HeaderReader(std::string_view octets, std::size_t at) : s_(octets), at_(at) {}

  std::optional<LzhEntry> read() {
    const std::string_view head = slice(s_, at_);
    if (head.size() < 22 || head[2] != '-' || head[6] != '-') return std::nullopt;
    entry_.method = std::string(head.substr(2, 5));
    packed_ = le32(head, 7);
    entry_.size = le32(head, 11);
    bool read = false;
    switch (octet(head, 20)) {
      case 0:
      case 1:
        read = read_old(head, octet(head, 20));
        break;
      case 2:
        read = read_level_2(head);
        break;
      case 3:
        read = read_level_3(head);
        break;
    }
    return read ? std::optional(finish()) : std::nullopt;
  }

 private:
  bool read_old(std::string_view head, unsigned level);
  bool read_level_2(std::string_view head);
  bool read_level_3(std::string_view head);
  bool read_extended(std::size_t& at, std::uint64_t size, unsigned width);
  void take_extended(unsigned type, std::string_view data, std::size_t data_at);
  void take_mode(std::uint32_t mode) {
    const std::uint32_t kind = mode & 0xf000;
    for (const std::uint32_t special : {0x1000u, 0x2000u, 0x6000u, 0xa000u, 0xc000u})
      entry_.special = entry_.special || kind == special;
  }
  bool header_crc_fits(std::size_t end) const;
  LzhEntry finish();

  std::string_view s_;
  std::size_t at_;
  LzhEntry entry_;
  Names names_;
  std::uint64_t packed_ = 0;
  std::size_t data_at_ = 0;
};

// Levels 0 and 1: a counted base header with a sum; in level 1 extended headers follow it, counted among the
// packed octets.
bool HeaderReader::read_old(std::string_view head, unsigned level) {
  const std::size_t size = octet(head, 0) + 2u, name = octet(head, 21);
  if (size > head.size() || 22 + name + 2 > size) return false;
  unsigned sum = 0;
  for (const char c : head.substr(2, size - 2)) sum += static_cast<unsigned char>(c);
  if ((sum & 0xff) != octet(head, 1)) return false;
  names_.file = std::string(head.substr(22, name));
  entry_.crc = static_cast<std::uint16_t>(le16(head, 22 + name));
  data_at_ = at_ + size;
  if (level == 0) {
    // Unix writes its mode behind the CRC: 'U', a version, a time, the mode.
    if (size >= 22 + name + 10 && head[24 + name] == 'U') take_mode(le16(head, 22 + name + 8));
    return true;
  }
  if (22 + name + 5 > size) return false;
  const std::size_t before = data_at_;
  if (!read_extended(data_at_, le16(head, size - 2), 2)) return false;
  if (data_at_ - before > packed_) return false;
  packed_ -= data_at_ - before;
  return true;
}

bool HeaderReader::read_level_2(std::string_view head) {
  std::size_t size = le16(head, 0);
  if (head.size() < 26) return false;
  entry_.crc = static_cast<std::uint16_t>(le16(head, 21));
  if (head[23] == 'K') size += 2;  // OS-9/68k does not count the size itself
  if (size < 26 || size > head.size()) return false;
  std::size_t at = at_ + 26;
  if (!read_extended(at, le16(head, 24), 2) || at > at_ + size) return false;
  data_at_ = at_ + size;
  return header_crc_fits(data_at_);
}

bool HeaderReader::read_level_3(std::string_view head) {
  if (head.size() < 32 || le16(head, 0) != 4) return false;
  entry_.crc = static_cast<std::uint16_t>(le16(head, 21));
  const std::size_t size = le32(head, 24);
  if (size < 32 || size > head.size()) return false;
  std::size_t at = at_ + 32;
  if (!read_extended(at, le32(head, 28), 4) || at > at_ + size) return false;
  data_at_ = at_ + size;
  return header_crc_fits(data_at_);
}

// Extended headers: a type, data, and the size of the next one. `at` ends behind the last.
bool HeaderReader::read_extended(std::size_t& at, std::uint64_t size, unsigned width) {
  for (std::size_t n = 0; size != 0; ++n) {
    if (n == limits::kArchiveLzhHeaders || size < 1 + width || size > s_.size() - at) return false;
    take_extended(octet(s_, at), slice(s_, at + 1, size - 1 - width), at + 1);
    at += size;
    size = width == 2 ? le16(s_, at - 2) : le32(s_, at - 4);
  }
  return true;
}

void HeaderReader::take_extended(unsigned type, std::string_view data, std::size_t data_at) {
  switch (type) {
    case 0x00:
      if (data.size() >= 2) names_.crc_at = data_at;
      break;
    case 0x01:
      names_.file = std::string(data);
      break;
    case 0x02:
      names_.folder = std::string(data);
      break;
    case 0x42:
      packed_ = le64(data, 0);
      entry_.size = le64(data, 8);
      break;
    case 0x44:
      names_.wide_file = std::string(data);
      break;
    case 0x45:
      names_.wide_folder = std::string(data);
      break;
    case 0x50:
      take_mode(le16(data, 0));
      break;
  }
}

bool HeaderReader::header_crc_fits(std::size_t end) const {
  if (names_.crc_at == 0) return true;
  std::string header(slice(s_, at_, end - at_));
  const std::size_t place = names_.crc_at - at_;
  header[place] = header[place + 1] = '\0';
  return lzh_crc(0, header) == le16(s_, names_.crc_at);
}

LzhEntry HeaderReader::finish() {
  const auto joined = [](std::string folder, const std::string& file) {
    std::replace(folder.begin(), folder.end(), '\xff', '/');
    if (!folder.empty() && folder.back() != '/' && !file.empty()) folder += '/';
    folder += file;
    std::replace(folder.begin(), folder.end(), '\xff', '/');
    return folder;
  };
  std::string name = joined(names_.folder, names_.file);
  if (!names_.wide_file.empty()) {
    entry_.utf8 = true;
    entry_.other_name = std::move(name);
    name = joined(from_wide(names_.wide_folder), from_wide(names_.wide_file));
  }
  // "name|target" is how a symbolic link is stored.
  if (entry_.method == "-lhd-" && name.find('|') != std::string::npos) entry_.special = true;
  entry_.name = std::move(name);
  const std::size_t left = s_.size() - data_at_;
  entry_.cut = packed_ > left;
  entry_.packed = slice(s_, data_at_, entry_.cut ? left : static_cast<std::size_t>(packed_));
  entry_.next = data_at_ + entry_.packed.size();
  return std::move(entry_);
}

}  // namespace

std::uint16_t lzh_crc(std::uint16_t crc, std::string_view octets) {
  static constexpr auto kTable = crc_table();
  for (const char c : octets)
    crc = static_cast<std::uint16_t>(kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ crc >> 8);
  return crc;
}

std::optional<LzhEntry> read_lzh_header(std::string_view octets, std::size_t at) {
  return HeaderReader(octets, at).read();
}

}  // namespace kiyome::sanitizer::archive
