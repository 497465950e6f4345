// Whatever a Group 4 image says, the walker ends, within its octets. What the writer writes is accepted, and
// no other end of it.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "service/compose/document/fax.h"
#include "service/gate/verify_fax.h"
#include "tests/fuzz/service_gate/mutator.h"

using namespace kiyome;

namespace {

constexpr std::uint32_t kWidth = 300, kHeight = 12;  // of drawn images, at most

std::string drawn(fuzz::Choices& choices, std::uint32_t width, std::uint32_t height) {
  const std::size_t row = (width + 7) / 8;
  std::string bits(row * height, '\0');
  const std::uint32_t kind = choices.below(4);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const std::uint8_t octet = choices.octet();
    bits[i] = static_cast<char>(kind == 0   ? octet
                                : i < row   ? (octet & 1 ? 0xFF : 0)
                                : kind == 1 ? bits[i - row] ^ (octet & octet >> 3 & 0x49)
                                            : (octet < 40 ? octet : bits[i - row]));
  }
  return bits;
}

std::string group_4(const std::string& bits, std::uint32_t width, std::uint32_t height) {
  return compose::group_4(reinterpret_cast<const std::uint8_t*>(bits.data()), width, height);
}

}  // namespace

// The first octets say the size and whether the rest is an image or draws one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  const std::uint32_t width = 1 + (data[0] << 8 | data[1]) % 6000, height = 1 + data[2] % 40;
  if (data[3] % 2 == 0) {
    const std::string_view fax(reinterpret_cast<const char*>(data + 4), size - 4);
    const gate::Checked bad = gate::check_group_4(fax, width, height);
    if (bad && bad->offset > fax.size()) std::abort();
    return 0;
  }
  fuzz::Choices choices(data + 4, size - 4);
  const std::uint32_t w = 1 + width % kWidth, h = 1 + height % kHeight;
  std::string fax = group_4(drawn(choices, w, h), w, h);
  if (const gate::Checked bad = gate::check_group_4(fax, w, h)) {
    std::fprintf(stderr, "offset %zu: %s\n", bad->offset, bad->reason);
    std::abort();
  }
  // A changed bit of the fill or of the end-of-block is never taken, nor is one octet more.
  fax.back() = static_cast<char>(fax.back() ^ 1 << choices.below(8));
  if (!gate::check_group_4(fax, w, h)) std::abort();
  fax.back() = '\0';
  if (!gate::check_group_4(fax + '\0', w, h)) std::abort();
  return 0;
}

// Images of the first kind begin as ones that are right.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  if (seed % 8 != 0 || size < 5 || data[3] % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::uint32_t width = 1 + (data[0] << 8 | data[1]) % 6000, height = 1 + data[2] % 40;
  fuzz::Choices choices(data + 4, size - 4);
  const std::string fax = group_4(drawn(choices, width, height), width, height);
  const std::string head{static_cast<char>(data[0]), static_cast<char>(data[1]), static_cast<char>(data[2]),
                         '\0'};
  return fuzz::copied(head + fuzz::mutated(fax), data, max_size);
}
