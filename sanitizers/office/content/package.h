// What a foreign office file carries that the PDF will not: told by the names and relations in its package,
// not by the engine that reads it. Best effort: it makes notes, decides nothing.
#pragma once

#include <string_view>
#include <vector>

#include "proto/clean/findings.h"
#include "sanitizers/office/content/types.h"

namespace kiyome::sanitizer::office {

// macro-removed, embedded-removed, remote-content, hidden-content (comments); each at most once.
std::vector<clean::Finding> look_into_package(std::string_view octets, Package package);

}  // namespace kiyome::sanitizer::office
