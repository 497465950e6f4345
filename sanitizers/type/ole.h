// OLE2 compound files ([MS-CFB]): which program's, told by stream names; whether encrypted.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::sanitizer::type {

struct OleLook {
  std::string type = "application/x-ole-storage";
  bool encrypted = false;
};
OleLook look_into_ole(std::string_view octets);

}  // namespace kiyome::sanitizer::type
