// Values of ours as they stand in rows, whoever's. Trusts the database to be ours.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/item_id.h"
#include "service/store/database.h"

namespace kiyome::store {

using Sha256 = std::array<std::uint8_t, 32>;

// What the view points to is the caller's.
inline Blob blob(const ItemId& id) {
  return {{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}};
}
inline Blob blob(const Sha256& digest) {
  return {{reinterpret_cast<const char*>(digest.data()), digest.size()}};
}

inline ItemId item_id(std::string_view octets) {
  ItemId out;
  std::copy_n(octets.begin(), std::min(octets.size(), out.bytes.size()), out.bytes.begin());
  return out;
}
inline Sha256 sha256_of(std::string_view octets) {
  Sha256 out{};
  std::copy_n(octets.begin(), std::min(octets.size(), out.size()), out.begin());
  return out;
}

// Texts without LF in one column.
inline std::string joined_lines(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out.append(out.empty() ? "" : "\n").append(text);
  return out;
}
// The same for texts that may be empty.
inline std::string ended_lines(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out.append(text).append("\n");
  return out;
}
inline std::vector<std::string> parted_lines(std::string_view lines) {
  std::vector<std::string> out;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    out.emplace_back(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return out;
}

}  // namespace kiyome::store
