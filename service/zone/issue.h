// A small CA of our own, for the two sides of a bundle channel and nothing else: `kiyome certificate`. Its
// key is used on neither host. kiyome-gate does not link this.
#pragma once

#include <cstdint>
#include <string>

#include "service/zone/certificate.h"

namespace kiyome::zone {

struct Issued {
  std::string certificate_pem, key_pem;
};

// ECDSA P-256. `name` is what people read ("○○市"); one line of UTF-8, at most 64 characters. Of a CA: it may
// certify names under kNameSpace alone, and no further CA. All throw PermanentFailure when a text is not what
// it should be.
Issued make_authority(const std::string& name, std::int64_t now_ms, std::uint32_t days);
Issued issue(const Issued& authority, Side side, std::int64_t now_ms, std::uint32_t days);
// Of the same side and public key, so the pin stays and the private key need not come here: none is given.
Issued renew(const Issued& authority, const std::string& certificate_pem, std::int64_t now_ms,
             std::uint32_t days);

}  // namespace kiyome::zone
