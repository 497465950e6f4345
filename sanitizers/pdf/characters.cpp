#include "sanitizers/pdf/characters.h"

#include "proto/base/limits.h"

namespace kiyome::sanitizer::pdf {

bool is_blank(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

bool is_letter(char32_t c) {
  if (c < 0x7f) return c > 0x20;
  if (c < 0xa1 || c == 0xad || c > 0x10ffff || is_blank(c)) return false;
  if ((c >= 0xd800 && c < 0xf900) || c >= 0xe0000)
    return false;  // surrogates, private use, tags, planes 14-16
  if ((c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f))
    return false;
  if (c == 0x061c || c == 0x180e || c == 0xfeff || (c >= 0xfff0 && c < 0xfffd)) return false;
  return !(c >= 0xfdd0 && c <= 0xfdef) && (c & 0xfffe) != 0xfffe;
}

bool is_wide(char32_t c) {
  return (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) ||
         (c >= 0xf900 && c < 0xfb00) || (c >= 0xfe30 && c < 0xfe50) || (c >= 0xff01 && c <= 0xff60) ||
         (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f000 && c < 0x1fb00) || (c >= 0x20000 && c < 0x40000);
}

void append_utf8(std::string& out, char32_t c) {
  const auto octet = [&out](char32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) return octet(c);
  if (c < 0x800) {
    octet(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      octet(0xe0 | c >> 12);
    } else {
      octet(0xf0 | c >> 18);
      octet(0x80 | (c >> 12 & 0x3f));
    }
    octet(0x80 | (c >> 6 & 0x3f));
  }
  octet(0x80 | (c & 0x3f));
}

std::string line_of_utf16(const std::string& octets) {
  std::string out;
  Utf16 units;
  bool blank = false;
  for (std::size_t i = 0; i + 1 < octets.size(); i += 2) {
    const char32_t c = units.take(static_cast<unsigned char>(octets[i]) |
                                  static_cast<std::uint32_t>(static_cast<unsigned char>(octets[i + 1])) << 8);
    if (is_blank(c)) blank = !out.empty();
    if (!is_letter(c)) continue;
    constexpr std::size_t kMost = 1 + 4;  // a blank and a letter
    if (out.size() + kMost > limits::kCleanName) break;
    if (blank) out += ' ';
    blank = false;
    append_utf8(out, c);
  }
  return out;
}

}  // namespace kiyome::sanitizer::pdf
