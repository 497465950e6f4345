// Whatever a JPEG says, the walker ends, within its octets, and refuses or accepts the same again; what it
// accepts has its first and last marker and no segment that could hold something else.
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "service/gate/verify_document.h"
#include "tests/fuzz/service_gate/mutator.h"
#include "tests/unit/service_gate/jpeg_sample.h"

using namespace kiyome;

namespace {

// Width and height stand in the first octets, so that they can be right.
void judge(std::string_view jpeg, std::uint32_t width, std::uint32_t height, unsigned components) {
  const gate::Checked bad = gate::check_jpeg(jpeg, width, height, components);
  if (bad && bad->offset > jpeg.size()) std::abort();
  if (bad) return;
  using namespace std::string_view_literals;
  if (!jpeg.starts_with("\xFF\xD8\xFF\xE0"sv) || !jpeg.ends_with("\xFF\xD9"sv)) std::abort();
  std::size_t at = 2;
  for (char marker = 0; marker != '\xDA';) {
    marker = jpeg[at + 1];
    if (jpeg[at] != '\xFF' || "\xE0\xDB\xC0\xC4\xDA"sv.find(marker) == std::string_view::npos) std::abort();
    at += 2u + static_cast<unsigned char>(jpeg[at + 2]) * 256u + static_cast<unsigned char>(jpeg[at + 3]);
  }
  for (at = jpeg.find('\xFF', at); at + 2 < jpeg.size(); at = jpeg.find('\xFF', at + 1))
    if (jpeg[at + 1] != '\0') std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view jpeg(reinterpret_cast<const char*>(data + 3), size - 3);
  judge(jpeg, data[0] + 1u, data[1] + 1u, data[2] % 2 == 0 ? 1 : 3);
  return 0;
}

// Most tries begin with a JPEG that is right.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  if (seed % 64 != 0 && size > 64) return LLVMFuzzerMutate(data, size, max_size);
  using namespace std::string_literals;
  const std::string samples[] = {"\x10\x08\0"s + jpeg_sample::kGray, "\x10\x08\x01"s + jpeg_sample::kHalved,
                                 "\x10\x08\x01"s + jpeg_sample::kFull,
                                 "\x07\x07\0"s + jpeg_sample::Mini().jpeg()};
  return fuzz::copied(fuzz::mutated(samples[seed / 64 % 4]), data, max_size);
}
