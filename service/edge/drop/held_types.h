// Files that this build can only hold, told before somebody uploads them. By the endings of their names, as a
// hint only: what counts is what the content is found to be.
#pragma once

#include <span>
#include <string_view>

namespace kiyome::edge::drop {

struct HeldType {
  std::string_view ending;  // "exe"
  std::string_view type;    // that such content is found to be; no sanitizer reads it
};

std::span<const HeldType> held_types();

}  // namespace kiyome::edge::drop
