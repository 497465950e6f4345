// A second opinion on the structure: mimetic parses the same octets after the answer was sent, and may die in
// doing so. Only load() is called; never a typed getter. What it says can add the note ambiguous-structure
// and nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiyome::sanitizer::mail {

// `leaf_types`: the media types of our leaves in order. Result: whether mimetic sees the same leaves.
bool mimetic_agrees(std::string_view octets, const std::vector<std::string>& leaf_types);

}  // namespace kiyome::sanitizer::mail
