// Huffman tables and entropy-coded data of a baseline JPEG (ITU-T T.81, annexes C and F), walked code by code
// without making pixels. Trusts nothing. Linear, no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "service/gate/verify_fault.h"

namespace kiyome::gate {

enum class HuffmanClass : std::uint8_t { dc, ac };

class HuffmanTable {
 public:
  struct Code {
    unsigned length = 0;  // 0 = no code begins so
    unsigned symbol = 0;
  };

  // `counts` has 16 octets (T.81 B.2.4.2), `symbols` as many as they say. False when it is not a table that
  // an encoder makes: too many codes, one of ones alone, a symbol twice or none that baseline has.
  bool assign(HuffmanClass kind, std::string_view counts, std::string_view symbols);

  // The code that the 16 bits begin with.
  Code at(unsigned bits) const {
    const Code quick = quick_[bits >> (16 - kQuick)];
    return quick.length != 0 ? quick : slow(bits);
  }

 private:
  static constexpr unsigned kQuick = 9;  // bits; nearly all codes of a real image
  Code slow(unsigned bits) const;

  std::array<Code, 1u << kQuick> quick_{};
  std::array<std::uint32_t, 17> end_{};    // of each length: behind its last code, moved up to 16 bits
  std::array<std::uint32_t, 17> first_{};  // its first code, not moved
  std::array<std::uint32_t, 17> index_{};  // of its first symbol
  std::array<std::uint8_t, 256> symbols_{};
};

struct ScanComponent {
  unsigned blocks = 1;  // in an MCU
  const HuffmanTable* dc = nullptr;
  const HuffmanTable* ac = nullptr;
  std::string_view quantisers;  // 64, in the order of the coefficients
};
struct Scan {
  std::uint64_t mcus = 0;
  unsigned count = 1;  // of components, 1 to 3
  std::array<ScanComponent, 3> components{};
};

// `data` is all that stands between the scan's header and EOI.
Checked check_scan(std::string_view data, const Scan& scan);

}  // namespace kiyome::gate
