// Small baseline JPEGs: three that libjpeg-turbo made, and a builder for ones written bit by bit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiyome::jpeg_sample {

inline std::string unhex(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return out;
}

// 17 × 9 pixels each.
inline const std::string kGray = unhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300080606070605080707070909080a0c140d0c0b0b0c1912130f"
    "141d1a1f1e1d1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc0000b08000900110101"
    "1100ffc40017000003010000000000000000000000000002030706ffc4002a100002000502020b0100000000000000000102"
    "00030406110521122207151633375155727594b3d3ffda0008010100003f003916d5b96bcb0fad57d2d1baa2b894cd99aca4"
    "f08225ae5c8ce77008d8f918476d6a674b9b4b6c68269b8b012b2b486750577c4b1ca183118259872eebbe01f5bf48deaedf"
    "4a47f389feade215cdf2753fab452adaef657b23751fffd9");
inline const std::string kHalved = unhex(  // chroma of half the resolution
    "ffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a100e0d0e1211101318281a181616183123251d"
    "283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffdb004301111212181518"
    "2f1a1a2f63423842636363636363636363636363636363636363636363636363636363636363636363636363636363636363"
    "6363636363636363ffc00011080009001103012200021101031101ffc4001600010101000000000000000000000000000500"
    "06ffc4002210000102040701000000000000000000000001020304051112152233415171a1ffc40016010101010000000000"
    "0000000000000000040205ffc4001f11000103030500000000000000000000000100031102041412515291d1ffda000c0301"
    "0002110311003f001a5e877b691381416a5b135105a538116ee37c041e86b591285677cec81281c8e1f5f08d4113915711d1"
    "f56ce73bbaffd9");
inline const std::string kFull = unhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a100e0d0e1211101318281a181616183123251d"
    "283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffdb004301111212181518"
    "2f1a1a2f63423842636363636363636363636363636363636363636363636363636363636363636363636363636363636363"
    "6363636363636363ffc00011080009001103011100021101031101ffc4001500010100000000000000000000000000000405"
    "ffc4002210000102040701000000000000000000000001020304051112152233415171a1ffc4001901010002030000000000"
    "00000000000000040305010206ffc400251100010400020b00000000000000000000000102030411411213143133526171a1"
    "c1d1ffda000c03010002110311003f008d2f43bdb485649a6121bbd4a70282d4b626a213ab636a62f5c0b686f2e4272387d7"
    "c22d655e6f0bf076dae1b29c04ab91c044516ee37c317b8ededed4b7afb851a8d3ffd9");

inline std::string big(unsigned value, unsigned octets) {
  std::string out;
  while (octets-- != 0) out += static_cast<char>(value >> (8 * octets));
  return out;
}

// A gray JPEG in parts that a test can exchange one by one.
struct Mini {
  unsigned width = 8, height = 8;
  std::string before_frame, before_scan;  // further segments
  std::vector<unsigned> dc_counts = {0, 1}, ac_counts = {0, 1};
  std::string dc_symbols = std::string(1, '\0'), ac_symbols = std::string(1, '\0');
  std::string bits = "0000";  // one block: no difference, EOB
  std::string sof = "\xFF\xC0";
  char filling = '1';

  static std::string table(unsigned target, const std::vector<unsigned>& counts, const std::string& symbols) {
    std::string out = "\xFF\xC4" + big(static_cast<unsigned>(19 + symbols.size()), 2) + big(target, 1);
    for (std::size_t i = 0; i < 16; ++i) out += big(i < counts.size() ? counts[i] : 0, 1);
    return out + symbols;
  }
  static std::string stuffed(std::string bits, char filling) {
    std::string out;
    while (bits.size() % 8 != 0) bits += filling;
    for (std::size_t i = 0; i < bits.size(); i += 8) {
      out += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
      if (out.back() == '\xFF') out += '\0';
    }
    return out;
  }
  std::string head() const {
    using namespace std::string_literals;
    return "\xFF\xD8\xFF\xE0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"s + "\xFF\xDB\x00\x43\x00"s +
           std::string(64, '\x01') + before_frame + sof + "\x00\x0B\x08"s + big(height, 2) + big(width, 2) +
           "\x01\x01\x11\x00"s + table(0, dc_counts, dc_symbols) + table(0x10, ac_counts, ac_symbols) +
           before_scan + "\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00"s;
  }
  std::string jpeg() const { return head() + stuffed(bits, filling) + "\xFF\xD9"; }
};

}  // namespace kiyome::jpeg_sample
