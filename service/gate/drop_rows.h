// How values of the pick-up stand in its tables.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/item_id.h"
#include "service/gate/drop_view.h"
#include "service/store/row_values.h"

namespace kiyome::gate {

using store::blob;
using store::item_id;
inline Digest digest(std::string_view octets) { return store::sha256_of(octets); }

// Names of rules: clean lines, so LF parts them.
inline std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + '\n';
  return out;
}
inline std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
    out.emplace_back(text.substr(0, end));
  return out;
}

inline std::string joined(const std::vector<std::uint16_t>& numbers) {
  std::string out;
  for (const std::uint16_t number : numbers) out += std::to_string(number) + '\n';
  return out;
}
inline std::vector<std::uint16_t> numbers(std::string_view text) {
  std::vector<std::uint16_t> out;
  for (const std::string& line : lines(text)) {
    std::uint16_t number = 0;
    std::from_chars(line.data(), line.data() + line.size(), number);
    out.push_back(number);
  }
  return out;
}

}  // namespace kiyome::gate
