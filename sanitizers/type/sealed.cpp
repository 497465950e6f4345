// Each looks at fixed places or walks a bounded number of blocks.
#include "sanitizers/type/sealed.h"

#include <algorithm>
#include <cstdint>

#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::type {
namespace {

constexpr std::size_t kBlocks = 4096;  // of a RAR archive that are walked

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\0'; }

// RAR 5's variable-length integer; `at` moves behind it.
std::uint64_t vint(std::string_view s, std::size_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63 && at < s.size(); shift += 7) {
    const auto c = static_cast<unsigned char>(s[at++]);
    value |= static_cast<std::uint64_t>(c & 0x7f) << shift;
    if ((c & 0x80) == 0) break;
  }
  return value;
}

bool rar5_is_encrypted(std::string_view s) {
  std::size_t at = 8;
  for (std::size_t n = 0; n < kBlocks && at + 7 < s.size(); ++n) {
    std::size_t p = at + 4;
    const std::uint64_t size = vint(s, p);
    const std::size_t header = p;
    const std::uint64_t type = vint(s, p), flags = vint(s, p);
    const std::uint64_t extra = (flags & 1) != 0 ? vint(s, p) : 0;
    const std::uint64_t data = (flags & 2) != 0 ? vint(s, p) : 0;
    if (type == 4) return true;  // encryption header: everything after is sealed
    if (type == 5 || size == 0 || size > s.size() - header || data > s.size()) return false;
    if (type == 2 && extra != 0 && extra <= size) {
      // Records of the extra area: size, type; type 1 is a file's encryption.
      std::size_t record = header + static_cast<std::size_t>(size - extra);
      const std::size_t end = header + static_cast<std::size_t>(size);
      for (std::size_t k = 0; k < 16 && record < end; ++k) {
        const std::uint64_t record_size = vint(s, record);
        std::size_t inner = record;
        if (vint(s, inner) == 1) return true;
        if (record_size == 0 || record_size > end - record) break;
        record += static_cast<std::size_t>(record_size);
      }
    }
    at = header + static_cast<std::size_t>(size + data);
  }
  return false;
}

bool rar4_is_encrypted(std::string_view s) {
  std::size_t at = 7;
  for (std::size_t n = 0; n < kBlocks && at + 7 <= s.size(); ++n) {
    const unsigned type = static_cast<unsigned char>(s[at + 2]);
    const std::uint32_t flags = le16(s, at + 3), size = le16(s, at + 5);
    if (type == 0x73 && (flags & 0x80) != 0) return true;
    if (type == 0x74 && (flags & 0x04) != 0) return true;
    if (type == 0x7b || size < 7) return false;
    const std::uint64_t data = (flags & 0x8000) != 0 || type == 0x74 ? le32(s, at + 7) : 0;
    if (size + data > s.size() - at) return false;
    at += static_cast<std::size_t>(size + data);
  }
  return false;
}

}  // namespace

bool pdf_is_encrypted(std::string_view s) {
  // "/Encrypt" of a trailer or cross-reference stream: followed by a reference or a dictionary, unlike
  // /EncryptMetadata.
  constexpr std::string_view kKey = "/Encrypt";
  for (std::size_t at = s.find(kKey); at != std::string_view::npos; at = s.find(kKey, at + 1)) {
    std::size_t after = at + kKey.size();
    while (after < s.size() && is_blank(s[after])) ++after;
    const std::string_view value = slice(s, after, 32);
    if (value.starts_with("<<")) return true;
    std::size_t digits = 0;
    while (digits < value.size() && value[digits] >= '0' && value[digits] <= '9') ++digits;
    if (digits == 0 || digits >= value.size() || !is_blank(value[digits])) continue;
    if (value.find('R') != std::string_view::npos) return true;
  }
  return false;
}

bool seven_zip_is_encrypted(std::string_view s) {
  // The next header lists the coders; AES is 06 F1 07 01. Where the header itself is packed, its own coder is
  // listed in the clear.
  const std::uint64_t offset = le64(s, 12), size = le64(s, 20);
  if (offset > s.size() || 32 + offset > s.size()) return false;
  const std::string_view header = slice(s, 32 + static_cast<std::size_t>(offset),
                                        static_cast<std::size_t>(std::min<std::uint64_t>(size, 1u << 20)));
  return header.find("\x06\xf1\x07\x01") != std::string_view::npos;
}

bool rar_is_encrypted(std::string_view s) {
  return s.starts_with(std::string_view("Rar!\x1a\x07\x01\0", 8)) ? rar5_is_encrypted(s)
                                                                  : rar4_is_encrypted(s);
}

DerLook look_at_der(std::string_view s) {
  // SEQUENCE with a definite length of two or more octets, or an indefinite one.
  if (s.size() < 16 || s[0] != '\x30') return {};
  const auto length = static_cast<unsigned char>(s[1]);
  std::size_t at = 2;
  std::uint64_t claimed = length;
  if (length == 0x80) {
    claimed = s.size() - 2;
  } else if (length > 0x80) {
    if (length > 0x84) return {};
    claimed = integer_at(s, 2, length & 0x7f, true);
    at += length & 0x7f;
  }
  if (claimed > s.size() - at + 65536 || claimed < 8) return {};
  const std::string_view inner = slice(s, at, 64);
  // ContentInfo: OID 1.2.840.113549.1.7.n or 1.2.840.113549.1.9.16.1.n
  if (inner.starts_with("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07") && inner.size() > 10) {
    const char n = inner[10];
    return {"application/pkcs7-mime", n == 3 || n == 4 || n == 6};
  }
  if (inner.starts_with("\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01"))
    return {"application/pkcs7-mime", false};
  if (inner.starts_with("\x02\x01\x03\x30") &&
      inner.find("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07") != std::string_view::npos)
    return {"application/pkcs12", true};
  // Certificate: SEQUENCE { SEQUENCE { [0] { INTEGER version } INTEGER serial …
  if (inner.starts_with('\x30') && inner.find(std::string_view("\xa0\x03\x02\x01", 4)) < 8)
    return {"application/pkix-cert", false};
  return {};
}

}  // namespace kiyome::sanitizer::type
