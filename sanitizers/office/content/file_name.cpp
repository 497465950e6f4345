#include "sanitizers/office/content/file_name.h"

#include "proto/base/limits.h"

namespace kiyome::sanitizer::office {

std::string file_name(std::string_view name, std::string_view extension) {
  name = name.substr(0, name.rfind('.'));
  if (name.size() > limits::kCleanFileName) {
    name = name.substr(0, limits::kCleanFileName);
    while (!name.empty() && (static_cast<unsigned char>(name.back()) & 0xc0) == 0x80) name.remove_suffix(1);
    if (!name.empty() && static_cast<unsigned char>(name.back()) >= 0x80) name.remove_suffix(1);
  }
  std::string out;
  for (const char c : name) out += c == '/' || static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '_' : c;
  if (out.empty() || out[0] == '.' || out[0] == '~') out = "document";
  return extension.empty() ? out : out + "." + std::string(extension);
}

std::string file_url(std::string_view path) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = "file://";
  for (const char c : path) {
    const auto octet = static_cast<unsigned char>(c);
    const bool plain = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
                       (octet >= '0' && octet <= '9') || c == '/' || c == '.' || c == '-' || c == '_';
    if (plain) {
      out += c;
    } else {
      out += {'%', kDigits[octet >> 4], kDigits[octet & 15]};
    }
  }
  return out;
}

}  // namespace kiyome::sanitizer::office
