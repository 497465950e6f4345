// The entries of a ZIP, by our own reading of its directory. Hostile input.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sanitizers/archive/walk.h"

namespace kiyome::sanitizer::archive {

// `octets` outlive the walk.
std::unique_ptr<Walk> zip_walk(std::string_view octets, const std::vector<std::string>& passwords);

}  // namespace kiyome::sanitizer::archive
