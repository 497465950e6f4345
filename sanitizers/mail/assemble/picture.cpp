// See picture.h.
#include "sanitizers/mail/assemble/picture.h"

namespace kiyome::sanitizer::mail {
namespace {

std::uint32_t at(std::string_view s, std::size_t i) {
  return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u;
}
std::uint32_t big16(std::string_view s, std::size_t i) { return at(s, i) << 8 | at(s, i + 1); }
std::uint32_t little16(std::string_view s, std::size_t i) { return at(s, i) | at(s, i + 1) << 8; }
std::uint32_t big32(std::string_view s, std::size_t i) { return big16(s, i) << 16 | big16(s, i + 2); }
std::uint32_t little32(std::string_view s, std::size_t i) {
  return little16(s, i) | little16(s, i + 2) << 16;
}

// Walks the segments up to a frame header (SOF0..15 without DHT, JPG, DAC).
ImageSize jpeg_size(std::string_view s) {
  std::size_t p = 2;
  while (p + 9 < s.size() && at(s, p) == 0xFF) {
    const std::uint32_t marker = at(s, p + 1);
    if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC)
      return {big16(s, p + 7), big16(s, p + 5)};
    const std::uint32_t length = big16(s, p + 2);
    if (length < 2) break;
    p += 2 + length;
  }
  return {};
}

}  // namespace

ImageSize picture_size(std::string_view octets) {
  const std::string_view s = octets.substr(0, 65536);
  if (s.size() < 26) return {};
  if (s.substr(1, 3) == "PNG") return {big32(s, 16), big32(s, 20)};
  if (s.substr(0, 4) == "GIF8") return {little16(s, 6), little16(s, 8)};
  if (at(s, 0) == 0xFF && at(s, 1) == 0xD8) return jpeg_size(s);
  if (s.substr(0, 2) == "BM") return {little32(s, 18), little32(s, 22)};
  if (s.substr(0, 4) == "RIFF" && s.substr(12, 4) == "VP8 " && s.size() > 30)
    return {little16(s, 26) & 0x3FFF, little16(s, 28) & 0x3FFF};
  return {};
}

}  // namespace kiyome::sanitizer::mail
