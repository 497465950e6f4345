// Our own decoders: GIF's codes, and bitmaps with any header, alone and as an icon's only picture. The first
// octet chooses.
#include <string>
#include <vector>

#include "sanitizers/image/gif_lzw.h"
#include "tests/fuzz/sanitizers_image/shown_check.h"

namespace {

constexpr std::size_t kFramePixels = 4096;

std::string octets_of(std::uint64_t value, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::string_literals;
  if (size < 1) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) {
    std::vector<std::uint8_t> indices(kFramePixels);
    KIYOME_CHECK(kiyome::sanitizer::image::unpack_gif(rest, indices) <= indices.size());
  } else if (data[0] % 3 == 1) {
    kiyome::fuzz::check_picture("BM" + std::string(12, '\0') + rest, 150);
  } else {
    kiyome::fuzz::check_picture(
        "\0\0\1\0\1\0"s + std::string(8, '\0') + octets_of(rest.size(), 4) + octets_of(22, 4) + rest, 72);
  }
  return 0;
}
