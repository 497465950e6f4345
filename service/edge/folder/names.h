// Names that stand in a watched folder. Whoever may write there chose them. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kiyome::edge::folder {

// What programs keep for themselves while they work: hidden files, copies in the making, a desktop's own.
bool left_alone(std::string_view name);

// The name as it is told on: UTF-8 without control characters as it stands; else CP932 of old shares, if it
// is exact, that is, gives the same octets back. Nothing: it is neither.
std::optional<std::string> told_name(std::string_view octets);
// The same for each part of a path; '/' is no second octet of CP932.
std::optional<std::string> told_path(std::string_view octets);

}  // namespace kiyome::edge::folder
