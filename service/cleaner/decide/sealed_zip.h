// A ZIP of one entry that only a password opens: AES-256 by WinZip's AE-2 (7-Zip, WinZip and the like open
// it), which authenticates every octet and leaves no checksum of the content in clear. Writes, reads nothing.
// The form is fixed, octet for octet but for what is random: local header, entry, directory, end, and nothing
// before, between or behind them.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::cleaner {

// `name` is a clean file name in UTF-8, `password` 1 to 127 octets of ASCII, `content` at most
// limits::kSealedOriginal. Deflated when that makes it smaller. Thread-safe; throws TemporaryFailure without
// randomness or memory.
std::string sealed_zip(std::string_view name, std::string_view content, std::string_view password);

// "k7mq2-…": 125 random bits in letters and digits that nobody takes for another one.
std::string new_seal_password();

}  // namespace kiyome::cleaner
