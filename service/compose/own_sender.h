// The address our own notices come from.
#pragma once

#include <string>

#include "service/base/config.h"
#include "service/compose/header.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {

// notice.sender when it is an address, else postmaster at our host name.
inline std::string own_sender(const Config& config) {
  const std::string configured = ascii_address(config.notice.sender);
  return configured.empty() ? joined({"postmaster@", host_text(config.smtp.hostname)}) : configured;
}

}  // namespace kiyome::compose
