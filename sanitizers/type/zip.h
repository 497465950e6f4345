// A ZIP from outside: which kind of document its entry names tell, and whether something in it is encrypted.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::sanitizer::type {

struct ZipLook {
  std::string type = "application/zip";  // always a type
  bool encrypted = false;
};
ZipLook look_into_zip(std::string_view octets);

}  // namespace kiyome::sanitizer::type
