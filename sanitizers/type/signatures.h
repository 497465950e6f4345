// What the first octets (and a few fixed places) say.
#pragma once

#include <string_view>

namespace kiyome::sanitizer::type {

// A media type, or empty. Containers (ZIP, OLE2) are told as application/zip and application/x-ole-storage;
// the caller looks inside.
std::string_view signature_type(std::string_view octets);

}  // namespace kiyome::sanitizer::type
