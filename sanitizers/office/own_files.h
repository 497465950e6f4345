// The files of registry/ and warm/, part of the program since its build.
#pragma once

#include <vector>

#include "sanitizers/host/stage.h"

namespace kiyome::sanitizer::office {

inline constexpr char kRegistry[] = "/office/registry";  // where they stand on the stage
inline constexpr char kWarm[] = "/office/warm";

extern const std::vector<Stage::File> kOwnFiles;

}  // namespace kiyome::sanitizer::office
