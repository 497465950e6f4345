// A query as SQLite's full text index takes it. Whatever is searched for is cut into words of letters and
// digits first, so nothing of it is ever taken for an operator.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "service/review/index/index.h"

namespace kiyome::review {

// What the index knows.
struct Known {
  std::function<std::int64_t(const std::string& name)> number_of;  // in table `names`; 0: no item has it
  std::function<bool(const std::string& match)> is_found;          // whether any item has it
};

// Empty: nothing is asked that needs the full text index. Nothing at all: no item can be found.
std::optional<std::string> expression_of(const Query& query, const Known& known);

}  // namespace kiyome::review
