// Values of the drop box as they stand in rows. Trusts the database to be ours.
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/check.h"
#include "proto/base/item_id.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/store/row_values.h"

namespace kiyome::edge::drop {

using store::blob;

inline ItemId item_id(std::string_view octets) {
  KIYOME_CHECK(octets.size() == ItemId{}.bytes.size());
  return store::item_id(octets);
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

// A name per folder: made when it is not there. Throws TemporaryFailure.
inline const std::string& made_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("create " + folder);
  return folder;
}

}  // namespace kiyome::edge::drop
