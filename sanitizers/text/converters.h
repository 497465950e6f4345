// Tables and converters behind decode(), made once before confinement from the C library's iconv:
// single-octet charsets and the Japanese sets become plain tables (the gconv modules are then closed again,
// which keeps forks cheap); the other multi-octet charsets stay open as iconv descriptors, which a forked
// child uses without opening any file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sanitizers/text/clean_writer.h"

namespace kiyome::sanitizer::text {

// A plane of 94 × 94 cells; 0 = no character.
using Plane = std::array<char16_t, 94 * 94>;

struct JapaneseTables {
  // CP932 by rows 0…119: JIS X 0208 with NEC row 13 and NEC's choice of IBM's extensions, user-defined rows
  // 94–113 (U+E000…), IBM's extensions in rows 114–119.
  std::array<char16_t, 120 * 94> cp932{};
  Plane jis_x_0212{};  // with IBM's and the user-defined rows of eucJP-ms
};

class Converters {
 public:
  Converters(const Converters&) = delete;
  Converters& operator=(const Converters&) = delete;

  // Made at the first call, which must come before confinement. Never destroyed: the children exit without
  // cleaning up.
  static const Converters& get();

  const JapaneseTables& japanese() const { return japanese_; }
  void single_octet(std::uint8_t index, std::string_view octets, CleanWriter& out) const;
  // If this system lacks the converter, all but ASCII is bad.
  void multi_octet(std::uint8_t index, std::string_view octets, CleanWriter& out) const;
  // How many of the converters this system has; for tests.
  std::size_t available() const { return available_; }

 private:
  Converters();
  void fill_single_octet();
  void fill_japanese();
  // A character that the converter does not know but a cousin of its charset does, or 0.
  char16_t second_opinion(std::uint8_t index, std::string_view octets) const;

  static constexpr std::array<std::uint16_t, 7> kBig5Extra = {0xa15a, 0xa1c3, 0xa1c5, 0xa1fe,
                                                              0xa240, 0xa2cc, 0xa2ce};
  std::array<char16_t, 7> big5_extra_{};
  std::vector<std::array<char16_t, 128>> single_;  // of 0x80…0xFF
  std::vector<void*> multi_;                       // iconv_t, or null
  JapaneseTables japanese_;
  std::size_t available_ = 0;
};

}  // namespace kiyome::sanitizer::text
