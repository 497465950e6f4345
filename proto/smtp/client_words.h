// Verdicts of the client dialog, shared by its two files.
#pragma once

#include <string>
#include <string_view>

#include "proto/smtp/client_dialog.h"

namespace kiyome::smtp {

// What a reply means for whom it is about.
ClientResult result_of(const Reply& reply);

// Our own: code 0. Class 5 is permanent, everything else temporary.
inline ClientResult our_verdict(EnhancedStatus status, std::string_view text) {
  const bool permanent = status.status_class == 5;
  return {permanent ? ClientResult::Kind::permanent : ClientResult::Kind::temporary, 0, status,
          std::string(text)};
}

}  // namespace kiyome::smtp
