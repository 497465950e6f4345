// Signs of encryption in formats that we do not open here: PDF, 7z, RAR; and what DER octets are.
#pragma once

#include <string_view>

namespace kiyome::sanitizer::type {

bool pdf_is_encrypted(std::string_view octets);
bool seven_zip_is_encrypted(std::string_view octets);
bool rar_is_encrypted(std::string_view octets);

// CMS, PKCS #12, certificates in DER or BER: a media type, or empty.
struct DerLook {
  std::string_view type;
  bool encrypted = false;  // enveloped data
};
DerLook look_at_der(std::string_view octets);

}  // namespace kiyome::sanitizer::type
