// A sealed ZIP by the format's own words, written without the code that writes or verifies them. What would
// be encrypted is noise.
#pragma once

#include <string>

#include "proto/base/limits.h"

namespace kiyome::sealed_sample {

inline std::string number(std::uint64_t value, int octets) {
  std::string out;
  while (octets-- > 0) {
    out += static_cast<char>(value % 256);
    value /= 256;
  }
  return out;
}

// `data` octets of an entry that is `size` octets long when it is opened; 0: as many.
inline std::string sealed(const std::string& name, std::size_t data, int method = 0, std::size_t size = 0) {
  const auto header = [&](bool central) {
    return number(51, 2) + number(0x0801, 2) + number(99, 2) + number(0, 2) + number(0x21, 2) + number(0, 4) +
           number(data + 28, 4) + number(size == 0 ? data : size, 4) + number(name.size(), 2) +
           number(11, 2) +
           (central ? number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) + number(0, 4) : "") + name +
           number(0x9901, 2) + number(7, 2) + number(2, 2) + "AE" + number(3, 1) +
           number(static_cast<std::uint64_t>(method), 2);
  };
  std::string noise;
  for (std::size_t i = 0; i < data + 28; ++i) noise += static_cast<char>(i * 37 + 11);
  const std::string local = "PK\x03\x04" + header(false) + noise;
  const std::string central = std::string("PK\x01\x02") + number(51, 2) + header(true);
  return local + central + "PK\x05\x06" + number(0, 4) + number(1, 2) + number(1, 2) +
         number(central.size(), 4) + number(local.size(), 4) + number(0, 2);
}

}  // namespace kiyome::sealed_sample
