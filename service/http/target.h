// The target of a request: its path decoded once, its query. Trusts nothing in it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kiyome::http {

struct Target {
  std::string path;
  std::map<std::string, std::string> query;
};

// "/path?query" (RFC 9112 section 3.2.1). Nothing when it has characters that stand for nothing, escapes that
// are none, and what leads out of a path or hides in it: NUL, controls, "..", ".", an empty segment, '\', an
// encoded '/'. Path and query are UTF-8 once decoded.
std::optional<Target> read_target(std::string_view target);

}  // namespace kiyome::http
