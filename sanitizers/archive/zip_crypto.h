// Encrypted entries of a ZIP: PKWARE's old cipher (ZipCrypto, APPNOTE 6.1) and WinZip's AES (AE-1, AE-2).
// Hostile input; the passwords come from the trusted side.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sanitizers/archive/zip_directory.h"

namespace kiyome::sanitizer::archive {

// Computes everything once, so that a child looks nothing up.
void warm_up_zip_crypto();

// The octets that a person's password may stand for: UTF-8, and CP932 where that differs.
std::vector<std::string> password_octets(const std::vector<std::string>& passwords);

// The packed octets of `entry` as `password` opens them. Nothing when it plainly does not fit. AES is
// authenticated; of ZipCrypto only one octet is checked here, the rest is known by the CRC.
std::optional<std::string> decrypted(const ZipEntry& entry, std::string_view password);

}  // namespace kiyome::sanitizer::archive
