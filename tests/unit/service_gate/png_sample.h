// Clean PNGs written by hand for the verifier's tests, in parts that a test can exchange one by one.
#pragma once

#include <zlib.h>

#include <string>

#include "tests/unit/service_gate/pdf_sample.h"

namespace kiyome::png_sample {

using jpeg_sample::big;
using pdf_sample::deflated;

inline std::string chunk(const std::string& type, const std::string& data) {
  const std::string covered = type + data;
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(covered.data()), static_cast<uInt>(covered.size()));
  return big(static_cast<unsigned>(data.size()), 4) + covered + big(static_cast<unsigned>(crc), 4);
}

// 3 × 2 pixels.
struct Png {
  std::string header = big(3, 4) + big(2, 4) + std::string("\x08\x00\x00\x00\x00", 5);
  std::string density = chunk("pHYs", big(11811, 4) + big(11811, 4) + "\x01");
  std::string colours, before_density, before_data, before_end;
  std::string rows = std::string("\0abc\x01xyz", 8);
  std::size_t chunk_octets = 65536;
  bool empty_chunk = false;

  static Png colour() {
    Png out;
    out.header[9] = '\x02';
    out.rows = std::string("\0aaabbbccc\x04xxxyyyzzz", 20);
    return out;
  }
  static Png palette() {
    Png out;
    out.header[9] = '\x03';
    out.colours = chunk("PLTE", "aaabbb");
    out.rows = std::string("\0\0\1\0\2\0\0\0", 8);
    return out;
  }
  std::string png() const {
    std::string out =
        "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + before_density + density + colours + before_data;
    const std::string data = deflated(rows);
    for (std::size_t at = 0; at < data.size(); at += chunk_octets)
      out += chunk("IDAT", data.substr(at, chunk_octets));
    if (empty_chunk) out += chunk("IDAT", "");
    return out + before_end + chunk("IEND", "");
  }
};

}  // namespace kiyome::png_sample
