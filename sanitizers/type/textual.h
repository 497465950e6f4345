// Text of all kinds: scripts and shortcuts by their words, markup by its root, mail and cards by their first
// lines.
#pragma once

#include <string_view>

namespace kiyome::sanitizer::type {

// Whether octets are text in some charset (UTF-16 with a mark counts).
bool looks_like_text(std::string_view octets);
// A media type, "text/plain" when it is text of no special kind, or empty when it is no text. `extension`
// decides between kinds that look alike (csv, json, log).
std::string_view textual_type(std::string_view octets, std::string_view extension);

}  // namespace kiyome::sanitizer::type
