// Baseline JPEG as PDF.md has it, through libjpeg-turbo. Only ever encodes; nothing foreign is parsed.
#pragma once

#include <string>

#include "service/compose/document/pixels.h"

namespace kiyome::compose {

// Quality 75; colour with half the resolution of its chroma, as cameras do it.
std::string jpeg(const Pixels& pixels);

}  // namespace kiyome::compose
