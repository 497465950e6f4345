// The octets of the first ```hex block of a FORMAT.md: pairs of digits up to `;` on each line.
#pragma once

#include <fstream>
#include <string>

namespace kiyome::test {

inline std::string hex_example(const std::string& path) {
  std::ifstream file(path);
  std::string out, digits;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```hex") {
      inside = true;
    } else if (inside && line == "```") {
      break;
    } else if (inside) {
      for (const char c : line.substr(0, line.find(';')))
        if (c != ' ') digits += c;
    }
  }
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return out;
}

}  // namespace kiyome::test
