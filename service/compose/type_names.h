// What a media type is called in Japanese, for people. The type is a claim of a sanitizer.
#pragma once

#include <string_view>

namespace kiyome::compose {

// "Excel ブック"; empty when we have no word for it.
std::string_view type_name(std::string_view media_type);

}  // namespace kiyome::compose
