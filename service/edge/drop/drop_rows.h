// Values of the drop box as they stand in rows. Trusts the database to be ours.
#pragma once

#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/check.h"
#include "proto/base/item_id.h"
#include "service/store/sqlite.h"

namespace kiyome::edge::drop {

inline constexpr std::int64_t kDayMs = 86'400'000;

inline store::Blob blob(const ItemId& id) {
  return {{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}};
}

inline ItemId item_id(std::string_view octets) {
  ItemId out;
  KIYOME_CHECK(octets.size() == out.bytes.size());
  std::memcpy(out.bytes.data(), octets.data(), octets.size());
  return out;
}

inline std::string codes_text(const std::vector<std::uint16_t>& codes) {
  std::string out;
  for (const std::uint16_t code : codes) out.append(out.empty() ? "" : " ").append(std::to_string(code));
  return out;
}

inline std::vector<std::uint16_t> codes_of(std::string_view text) {
  std::vector<std::uint16_t> out;
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    std::uint16_t code = 0;
    const auto read = std::from_chars(at, end, code);
    if (read.ec != std::errc()) break;
    out.push_back(code);
    at = read.ptr == end ? end : read.ptr + 1;
  }
  return out;
}

}  // namespace kiyome::edge::drop
