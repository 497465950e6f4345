// How large a picture says it is (PNG, GIF, JPEG, BMP, WebP headers), to tell logos and spacers from
// pictures. A claim, used for nothing else. Hostile input; looks at the first 64 KB.
#pragma once

#include <string_view>

#include "sanitizers/mail/assemble/assembly.h"

namespace kiyome::sanitizer::mail {

ImageSize picture_size(std::string_view octets);  // zeros when it does not say

}  // namespace kiyome::sanitizer::mail
