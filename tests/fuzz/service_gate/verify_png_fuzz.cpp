// The input chooses a PNG's parts, which then get their lengths, checksums and compression right, or is one
// as it is. What the verifier accepts has only the chunks that it may have.
#include <cstdlib>
#include <string>

#include "service/gate/verify.h"
#include "tests/fuzz/service_gate/mutator.h"
#include "tests/unit/service_gate/png_sample.h"

using namespace kiyome;
using namespace kiyome::png_sample;

namespace {

void judge(const std::string& png) {
  const auto violation = gate::verify_png(png);
  if (violation && violation->offset > png.size()) std::abort();
  if (violation) return;
  for (std::size_t at = 8; at < png.size();) {
    const std::string type = png.substr(at + 4, 4);
    if (type != "IHDR" && type != "pHYs" && type != "PLTE" && type != "IDAT" && type != "IEND") std::abort();
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(png[at + i]);
    at += size + 12;
    if (type == "IEND" && at != png.size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  judge(std::string(reinterpret_cast<const char*>(data), size));
  fuzz::Choices choices(data, size);
  const Png kinds[] = {Png(), Png::colour(), Png::palette()};
  Png png = kinds[choices.below(3)];
  const std::uint32_t kept = choices.octet();
  if ((kept & 1) == 0) png.header = choices.text(13);
  if ((kept & 2) == 0) png.density = chunk("pHYs", choices.text(9));
  if ((kept & 4) == 0) png.colours = chunk("PLTE", choices.text(choices.octet()));
  if ((kept & 8) == 0) png.before_data = chunk(choices.text(4), choices.text(choices.octet()));
  if ((kept & 16) == 0) png.chunk_octets = 1 + choices.below(65536);
  png.rows = choices.text(4096);
  judge(png.png());
  return 0;
}
